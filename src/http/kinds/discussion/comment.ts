import { type Static, Type } from 'typebox'
import { isoTime } from '../../../base/iso-time.ts'
import { DECISION_PATTERN } from '../../../base/shapes.ts'
import { LONGEST_COMMENT } from '../../../campaign/kinds/discussion/definition.ts'
import type { Discussion } from '../../../campaign/kinds/discussion/rules.ts'
import { commentFacts, commentStatuses, decodeComment } from '../../../record/reports/discussion.ts'
import { balancesView, creditedView } from '../../views/report.ts'
import { Balances, CappedBy, Credited, confirmedHead } from '../../views/schemas.ts'
import { Time } from '../../wire/schemas.ts'
import type { Decided, Participation, Services } from '../kind.ts'
import type { Wish } from '../parts/command.ts'
import { headOf } from '../parts/decision.ts'
import { nullable, words } from '../parts/page-schemas.ts'
import { prizeGiven, prizeMembers } from '../parts/reward.ts'
import { commandWithText, forgetUndecided } from '../parts/user-text.ts'
import { CommentSubject, checkUnlessDecided, invalid, requireShown, requireSubject, ShownSubject } from './subject.ts'

const CommentBody = Type.Object(
  {
    subject: CommentSubject,
    text: Type.String({
      minLength: 1,
      maxLength: LONGEST_COMMENT,
      pattern: '\\S',
      description: 'as plain text; the discussion says how many characters it may have'
    }),
    replyTo: Type.Optional(Type.String({ pattern: DECISION_PATTERN, description: 'the comment that it answers' }))
  },
  { additionalProperties: false, title: 'A comment' }
)

type CommentWish = Wish<Discussion, Static<typeof CommentBody>>

/** @throws ProblemError VALIDATION for a reply to a comment on something else, NOT_FOUND for one that nobody sees */
async function checkComment(services: Services, { found, body }: CommentWish): Promise<void> {
  const { subject, replyTo } = body
  await requireSubject(services, found, subject)
  if (replyTo === undefined) return
  const answered = await requireShown(services, found, replyTo)
  if (answered.subject.type !== subject.type || answered.subject.id !== subject.id) {
    throw invalid('/replyTo', 'must be a comment on the same subject')
  }
}

export const commentParticipation: Participation<Discussion, typeof CommentBody> = {
  url: '/v1/campaigns/:campaign/discussions/:discussion/comments',
  param: 'discussion',
  tag: 'discussions',
  operationId: 'comment',
  summary: 'Write a comment on a share, an activity or a topic, or answer one',
  body: CommentBody,
  example: { subject: { type: 'topic', id: 'delivery' }, text: 'Mine came after two days.' },
  async command(wish, services) {
    const { maxLength } = wish.found.activity
    const { subject, text, replyTo } = wish.body
    if ([...text].length > maxLength) throw invalid('/text', `must have at most ${maxLength} characters`)
    await checkUnlessDecided(services, wish, () => checkComment(services, wish))
    return commandWithText(wish, services, {
      text,
      asked: [subject.type, subject.id, replyTo ?? null, text],
      about: commentFacts(subject, replyTo),
      request: JSON.stringify({ subject: { type: subject.type, id: subject.id }, ...(replyTo && { replyTo }) })
    })
  },
  ended: forgetUndecided
}

const Comment = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    discussion: Type.String(),
    subject: ShownSubject,
    status: words(...commentStatuses),
    replyTo: nullable('string', 'the comment that it answers'),
    credited: Credited,
    cappedBy: CappedBy,
    ...prizeMembers,
    balances: Balances,
    postedAt: Time
  },
  { title: 'Comment' }
)

/** A comment without its text, which whoever reads this has written. */
export const comment: Decided = {
  decides: 'comment.posted',
  member: 'comment',
  schema: Comment,
  confirmed: {
    file: 'confirmed-comment.json',
    schema: Type.Object({ ...confirmedHead, comment: Comment }, { title: 'ConfirmedComment' })
  },
  documents: { 'comment.json': Comment },
  body(decision, context) {
    const { subject, replyTo, status, cappedBy, moves } = decodeComment(decision.report)
    const shown: Static<typeof Comment> = {
      id: decision.id,
      campaign: context.campaign,
      discussion: context.activity,
      subject: { ...subject },
      status,
      replyTo: replyTo === '' ? null : replyTo,
      credited: creditedView(moves),
      ...(cappedBy !== '' && { cappedBy }),
      ...prizeGiven(decision, context),
      balances: balancesView(moves),
      postedAt: isoTime(decision.at)
    }
    return { ...headOf(decision, context), comment: shown }
  }
}
