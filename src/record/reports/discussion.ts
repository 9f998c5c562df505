import { type Move, reportParts } from './moves.ts'

/** What is talked about: a share, an item (an activity), a topic; of likes also a comment. */
export interface Subject {
  readonly type: string
  readonly id: string
}

/** Whether a comment is shown, waits until moderation lets it show, or was hidden. */
export const commentStatuses = ['shown', 'waiting', 'hidden'] as const
export type CommentStatus = (typeof commentStatuses)[number]

/** What a comment (a decision comment.posted) says about itself; its text is in Postgres alone. */
interface CommentReport {
  readonly kind: 'comment'
  readonly subject: Subject
  /** the comment that it answers, '' for none */
  readonly replyTo: string
  /** as it was posted; moderation may have changed it since */
  readonly status: CommentStatus
  /** the unit that a cap of the day cut, '' where none did */
  readonly cappedBy: string
  readonly moves: readonly Move[]
}

/** What a like (a decision like.given) says about itself. */
interface LikeReport {
  readonly kind: 'like'
  readonly subject: Subject
  /** likes of the subject with this one, as far as the gateway knew of others */
  readonly count: number
}

/** Reads `<subject type>,<subject id>,<comment that it answers or ''>,<status>,<capped unit or ''>|<move>...` */
export function decodeComment(text: string): CommentReport {
  const { facts, moves } = reportParts(text)
  const [type = '', id = '', replyTo = '', status = '', cappedBy = ''] = facts
  return { kind: 'comment', subject: { type, id }, replyTo, status: status as CommentStatus, cappedBy, moves }
}

/** Reads `<subject type>,<subject id>,<count>` */
export function decodeLike(text: string): LikeReport {
  const [type = '', id = '', count] = reportParts(text).facts
  return { kind: 'like', subject: { type, id }, count: Number(count) }
}

/** The first facts of a comment, as the gate is handed them. */
export function commentFacts({ type, id }: Subject, replyTo = ''): string {
  return [type, id, replyTo].join()
}

/** What is liked, as the gate is handed it. @param count likes with this one */
export function likeFacts({ type, id }: Subject, count: number): string {
  return `${type},${id};${count}`
}
