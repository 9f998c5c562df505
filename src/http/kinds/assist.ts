import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { isNewUser, registrationOf } from '../../campaign/actions/new-users.ts'
import { findShare } from '../../campaign/actions/share-lookup.ts'
import type { Assist } from '../../campaign/kinds/assist/rules.ts'
import { userField } from '../../record/fields.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { type CountedShare, sharesById } from '../../store/shares/shares.ts'
import { ProblemError } from '../problems/problems.ts'
import { fixedHash } from '../wire/idempotency.ts'
import { EmptyBody } from '../wire/schemas.ts'
import { given } from './assist/given.ts'
import type { HttpKind, Page, Participation } from './kind.ts'
import { participateCommand, type Wish } from './parts/command.ts'
import { commonView, liveHead, rulesViewOf, sessionsView } from './parts/page.ts'
import { common, limit, nullable, optional, Reward, sessions, sessionsOfRules } from './parts/page-schemas.ts'
import { rewardView } from './parts/reward.ts'
import { Allowance, allowance, numberIn } from './parts/standing.ts'

const HOUR_MS = 3_600_000

/** Whether the activity is only for users who registered in the campaign, and this is none of them. */
async function isTooOld({ user, registeredAt: claimed, found }: Wish<Assist>, pool: Queryable): Promise<boolean> {
  const { campaign, activity } = found
  if (!activity.newUsers) return false
  const registered = await fromStore(registrationOf(pool, { campaign: campaign.id, user, claimed }, Date.now()))
  return registered === undefined || !isNewUser(registered, campaign.rules.opensAt)
}

/**
 * Why a share cannot be helped by this user, as the gate words refusals; '' where nothing stands against it. The gate refuses, and not this
 * gateway, because only the gate knows what it has decided under the same key before.
 */
async function refusalOf(wish: Wish<Assist>, share: CountedShare, pool: Queryable): Promise<string> {
  if (share.voided) return 'VOIDED'
  if (share.user === wish.user) return 'SELF_NOT_ALLOWED'
  return (await isTooOld(wish, pool)) ? 'NOT_ELIGIBLE;newUser;true' : ''
}

/** What the gate has to know of a share, which is in the hash of another user; see lua/kinds/assist.lua. */
async function aboutOf(wish: Wish<Assist>, share: CountedShare, pool: Queryable): Promise<string> {
  const { withinHours } = wish.found.activity
  const ends = withinHours === 0 ? 0 : share.createdAt.getTime() + withinHours * HOUR_MS
  return [share.id, share.user, ends, share.assists, await refusalOf(wish, share, pool)].join(';')
}

const participation: Participation<Assist, typeof EmptyBody> = {
  url: '/v1/campaigns/:campaign/shares/:share/assists',
  tag: 'shares',
  operationId: 'assist',
  summary: 'Help the share of somebody else, once',
  body: EmptyBody,
  example: {},
  async command(wish, { pool, gate }) {
    const { campaign } = wish.found
    const stored = async (id: string) => (await fromStore(sharesById(pool, [id])))[0]
    const share = await findShare({ gate, stored }, wish.params.share ?? '')
    if (share?.campaign !== campaign.id) throw new ProblemError('NOT_FOUND')
    const hash = fixedHash(`/v1/campaigns/${campaign.id}/shares/${share.id}/assists`)
    const about = await aboutOf(wish, share, pool)
    return participateCommand(wish, { hash, about, request: JSON.stringify({ share: share.id }) })
  }
}

const terms = {
  ...common('assist'),
  thresholds: Type.Array(Type.Object({ count: Type.Integer(), reward: Reward }), {
    description: 'what the user of a share gets when so many have helped it, each once'
  }),
  helperPerDay: limit('how many shares a user helps in a local day'),
  newUsers: Type.Boolean({ description: 'only users who registered in the campaign help' }),
  withinHours: nullable('integer', 'how long a share can be helped; null: until the close'),
  helper: optional(Type.Object({ reward: Reward }))
}

const page: Page<Assist> = {
  view(assist, context) {
    const { thresholds, helperPerDay, newUsers, withinHours, helper } = assist
    return {
      ...commonView(assist, context),
      thresholds: thresholds.map(({ count, reward }) => ({ count, reward: rewardView(assist, reward, context) })),
      helperPerDay: helperPerDay || null,
      newUsers,
      withinHours: withinHours || null,
      ...(helper !== null && { helper: { reward: rewardView(assist, helper, context) } }),
      sessions: sessionsView(assist)
    }
  },
  liveView: (assist, context) => liveHead(assist, context),
  rulesView: (assist, context) => rulesViewOf(page.view(assist, context)),
  schemas: {
    view: Type.Object({ ...terms, ...sessions }, { title: 'Assist' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'AssistTerms' }),
    live: {}
  }
}

export const assist: HttpKind<Assist> = {
  actions: [{ participation, decided: given }],
  page,
  standing: {
    most: () => 0,
    view: (standing, { id, helperPerDay }) => ({
      today: allowance(numberIn(standing, userField.times(standing.campaign.id, id, standing.today)), helperPerDay)
    }),
    schema: { today: optional(Allowance) }
  }
}
