import { fromStore } from '../../base/deadline.ts'
import type { UserReader } from '../../gate/gate.ts'
import { userField } from '../../record/fields.ts'
import { type CommentStatus, decodeComment, type Subject } from '../../record/reports/discussion.ts'
import { decodeVisibility } from '../../record/visibility.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { findStoredComment } from '../../store/reading/comments.ts'
import { journaledFirst } from './journaled-first.ts'

/** A comment as it stands, its text apart. */
export interface FoundComment {
  readonly id: string
  readonly user: string
  readonly campaign: string
  readonly discussion: string
  readonly subject: Subject
  readonly replyTo: string | null
  readonly status: CommentStatus
  /** how many decisions it has seen */
  readonly version: number
  /** ms since 1970 */
  readonly postedAt: number
}

interface CommentParts {
  readonly pool: Queryable
  readonly gate: UserReader
}

/** A comment as it was posted, or as Postgres has it. */
type Posted = Omit<FoundComment, 'version'>

async function stored(pool: Queryable, id: string): Promise<Posted | undefined> {
  const row = await fromStore(findStoredComment(pool, id))
  if (row === undefined) return undefined
  const { subjectType, subjectId, text: _text, postedAt, ...rest } = row
  return { ...rest, subject: { type: subjectType, id: subjectId }, postedAt: postedAt.getTime() }
}

/** A comment that Postgres may lack. */
async function unstored(gate: UserReader, user: string, id: string): Promise<Posted | undefined> {
  const decision = (await gate.unstoredOf(user)).find((one) => one.id === id && one.type === 'comment.posted')
  if (decision === undefined) return undefined
  await journaledFirst(gate, user, decision)
  const { subject, replyTo, status } = decodeComment(decision.report)
  const { campaign, activity: discussion, at: postedAt } = decision
  return { id, user, campaign, discussion, subject, replyTo: replyTo === '' ? null : replyTo, status, postedAt }
}

async function posted({ pool, gate }: CommentParts, id: string): Promise<Posted | undefined> {
  const known = await stored(pool, id)
  if (known !== undefined) return known
  const owner = await gate.ownerOf(id)
  const waiting = owner === undefined ? undefined : await unstored(gate, owner, id)
  // what left Redis between the reads is in Postgres by now
  return waiting ?? stored(pool, id)
}

/**
 * A comment of any user, usable at every gateway from its 201 on, and journaled by then, with what moderation said last of it.
 * @throws UnavailableError when Redis or Postgres does not answer
 */
export async function findComment(parts: CommentParts, id: string): Promise<FoundComment | undefined> {
  const comment = await posted(parts, id)
  if (comment === undefined) return undefined
  const field = userField.visibility(id)
  const said = decodeVisibility((await parts.gate.fieldsOf(comment.user, [field]))[field])
  return { ...comment, status: said?.status ?? comment.status, version: said?.version ?? 1 }
}
