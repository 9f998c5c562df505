import { type Static, Type } from 'typebox'
import { fromStore } from '../../../base/deadline.ts'
import { isoTime } from '../../../base/iso-time.ts'
import { TwoGenerationCache } from '../../../base/two-generation-map.ts'
import type { Discussion } from '../../../campaign/kinds/discussion/rules.ts'
import { decodeLike, likeFacts, type Subject } from '../../../record/reports/discussion.ts'
import { requestHash } from '../../../record/request-hash.ts'
import type { Queryable } from '../../../store/connection/transaction.ts'
import { countSubject } from '../../../store/reading/comments.ts'
import { confirmedHead } from '../../views/schemas.ts'
import { Time } from '../../wire/schemas.ts'
import type { Decided, Participation, Services } from '../kind.ts'
import { participateCommand, type Wish } from '../parts/command.ts'
import { headOf } from '../parts/decision.ts'
import { checkUnlessDecided, LikeSubject, requireShown, requireSubject, ShownSubject } from './subject.ts'

const LikeBody = Type.Object({ subject: LikeSubject }, { additionalProperties: false, title: 'A like' })

type LikeWish = Wish<Discussion, Static<typeof LikeBody>>

const REMEMBERED = 10_000

/** What this process answered last, by subject: Postgres may lack the likes of a moment ago. Likes are never taken back. */
const answered = new WeakMap<Queryable, TwoGenerationCache<number>>()

function answeredOver(pool: Queryable): TwoGenerationCache<number> {
  const known = answered.get(pool) ?? new TwoGenerationCache<number>(REMEMBERED)
  answered.set(pool, known)
  return known
}

const nameOf = (campaign: string, discussion: string, { type, id }: Subject) =>
  `${campaign}/${discussion} ${type} ${id}`

async function checkLiked(services: Services, { found, body }: LikeWish): Promise<void> {
  if (body.subject.type === 'comment') await requireShown(services, found, body.subject.id)
  else await requireSubject(services, found, body.subject)
}

export const likeParticipation: Participation<Discussion, typeof LikeBody> = {
  url: '/v1/campaigns/:campaign/discussions/:discussion/likes',
  param: 'discussion',
  tag: 'discussions',
  operationId: 'like',
  summary: 'Like a share, an activity, a topic or a comment, once each',
  body: LikeBody,
  example: { subject: { type: 'topic', id: 'delivery' } },
  async command(wish, services) {
    const { campaign, activity: talk } = wish.found
    const { type, id } = wish.body.subject
    const subject = { type, id }
    await checkUnlessDecided(services, wish, () => checkLiked(services, wish))
    const { likes } = await fromStore(
      countSubject(services.pool, { campaign: campaign.id, discussion: talk.id }, subject)
    )
    const before = answeredOver(services.pool).get(nameOf(campaign.id, talk.id, subject)) ?? 0
    const body = { subject }
    return participateCommand(wish, {
      action: 'like',
      about: likeFacts(subject, Math.max(likes, before) + 1),
      hash: requestHash('POST', `/v1/campaigns/${campaign.id}/discussions/${talk.id}/likes`, body),
      request: JSON.stringify(body)
    })
  },
  ended(command, outcome, { pool }) {
    if (outcome.kind !== 'confirmed' || command.op !== 'participate') return
    const { subject, count } = decodeLike(outcome.decision.report)
    const name = nameOf(command.campaign, command.activity, subject)
    const known = answeredOver(pool)
    known.set(name, Math.max(count, known.get(name) ?? 0))
  }
}

const Like = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    discussion: Type.String(),
    subject: ShownSubject,
    count: Type.Integer({
      description: 'likes of the subject with this one, as far as this gateway knew; lists say how many there are now'
    }),
    likedAt: Time
  },
  { title: 'Like' }
)

export const like: Decided = {
  decides: 'like.given',
  member: 'like',
  schema: Like,
  confirmed: {
    file: 'confirmed-like.json',
    schema: Type.Object({ ...confirmedHead, like: Like }, { title: 'ConfirmedLike' })
  },
  documents: { 'like.json': Like },
  body(decision, context) {
    const { subject, count } = decodeLike(decision.report)
    const shown: Static<typeof Like> = {
      id: decision.id,
      campaign: context.campaign,
      discussion: context.activity,
      subject: { ...subject },
      count,
      likedAt: isoTime(decision.at)
    }
    return { ...headOf(decision, context), like: shown }
  }
}
