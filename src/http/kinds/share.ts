import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import type { Rules } from '../../campaign/definition/rules.ts'
import { kindOf } from '../../campaign/kinds/index.ts'
import { SUBJECTS } from '../../campaign/kinds/share/definition.ts'
import type { Share, SubjectType } from '../../campaign/kinds/share/rules.ts'
import { replayField } from '../../record/replay.ts'
import { requestHash } from '../../record/request-hash.ts'
import { saveShareText } from '../../store/shares/shares.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpKind, Page, Participation } from './kind.ts'
import { participateCommand } from './parts/command.ts'
import { commonView, liveHead, rulesViewOf, sessionsView } from './parts/page.ts'
import { common, limit, Reward, sessions, sessionsOfRules, words } from './parts/page-schemas.ts'
import { rewardView } from './parts/reward.ts'
import { created } from './share/created.ts'

const ShareBody = Type.Object(
  {
    channel: Type.String({ pattern: ID_PATTERN, description: 'a channel of the campaign' }),
    subject: Type.Object(
      {
        type: words(...SUBJECTS),
        id: Type.String({ pattern: ID_PATTERN, description: 'the id of an activity, or of the campaign' })
      },
      { additionalProperties: false }
    ),
    text: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, pattern: '\\S', description: 'what an experience tells' })
    )
  },
  { additionalProperties: false, title: 'New share' }
)

type Subject = { readonly type: SubjectType; readonly id: string }

/** What each type of subject has to name. */
const named: Readonly<Record<SubjectType, 'campaign' | 'activity' | 'either' | 'played'>> = {
  goods: 'activity',
  campaign: 'campaign',
  experience: 'either',
  result: 'played'
}

function isNamed({ id, activities }: Rules, subject: Subject): boolean {
  const is = named[subject.type]
  if ((is === 'campaign' || is === 'either') && subject.id === id) return true
  const activity = activities.find((each) => each.id === subject.id)
  if (activity === undefined || is === 'campaign') return false
  return is !== 'played' || kindOf(activity).isPlayed === true
}

/** @throws ProblemError VALIDATION for what this campaign does not let users share */
function requireSubject(
  rules: Rules,
  { channels, subjects }: Share,
  body: { channel: string; subject: Subject }
): void {
  const errors: Array<{ pointer: string; detail: string }> = []
  const { channel, subject } = body
  if (!Object.hasOwn(channels, channel)) {
    errors.push({ pointer: '/channel', detail: `must be one of ${Object.keys(channels).join(', ')}` })
  }
  if (!subjects.includes(subject.type)) {
    errors.push({ pointer: '/subject/type', detail: `must be one of ${subjects.join(', ')}` })
  } else if (!isNamed(rules, subject)) {
    errors.push({ pointer: '/subject/id', detail: `is nothing that can be shared as ${subject.type}` })
  }
  if (errors.length > 0) throw new ProblemError('VALIDATION', { errors })
}

const participation: Participation<Share, typeof ShareBody> = {
  url: '/v1/campaigns/:campaign/shares',
  tag: 'shares',
  operationId: 'share',
  summary: 'Make a link to goods, the campaign or an experience, for a channel',
  body: ShareBody,
  example: { channel: 'wechat', subject: { type: 'goods', id: 'phone' } },
  command(wish, { pool }) {
    const { user, key, body, found } = wish
    const { channel, subject, text } = body
    requireSubject(found.campaign.rules, found.activity, body)
    if (text !== undefined && subject.type !== 'experience') {
      const detail = 'only an experience has a text'
      throw new ProblemError('VALIDATION', { errors: [{ pointer: '/text', detail }] })
    }
    const hash = requestHash('POST', `/v1/campaigns/${found.campaign.id}/shares`, body)
    const about = [channel, subject.type, subject.id].join()
    const command = participateCommand(wish, { hash, about, request: JSON.stringify({ channel, subject }) })
    if (text === undefined) return command
    // the text is never in the journal, so it has to be kept before there can be a decision without it
    return fromStore(saveShareText(pool, { user, key: replayField.client(key), hash, text })).then(() => command)
  }
}

const terms = {
  ...common('share'),
  subjects: Type.Array(words(...SUBJECTS)),
  verifiedBy: words('visit', 'service'),
  channels: Type.Record(
    Type.String(),
    Type.Object({ reward: Reward, perDay: limit('how many shares a day are rewarded') }),
    { description: 'what a verified share gives, by channel' }
  )
}

const page: Page<Share> = {
  view: (share, context) => ({
    ...commonView(share, context),
    subjects: share.subjects,
    verifiedBy: share.verifiedBy,
    channels: Object.fromEntries(
      Object.entries(share.channels).map(([id, { reward, perDay }]) => [
        id,
        { reward: rewardView(share, reward, context), perDay: perDay || null }
      ])
    ),
    sessions: sessionsView(share)
  }),
  liveView: (share, context) => liveHead(share, context),
  rulesView: (share, context) => rulesViewOf(page.view(share, context)),
  schemas: {
    view: Type.Object({ ...terms, ...sessions }, { title: 'Share' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'ShareTerms' }),
    live: {}
  }
}

export const share: HttpKind<Share> = {
  actions: [{ participation, decided: created }],
  page,
  standing: { most: () => 0, schema: {} }
}
