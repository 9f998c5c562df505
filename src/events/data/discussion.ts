import { decisionId, type FrameDecision } from '../../journal/frame.ts'
import { decodeComment, decodeLike } from '../../record/reports/discussion.ts'
import { visibilityIn } from '../../record/visibility.ts'
import { askedIn, type Data, type Decided, orNull } from './decided.ts'

/** A comment, with its ids and never with its text: whoever may read that reads it by the id. */
export function commentData({ frame, decision, report }: Decided): Data {
  const { subject, replyTo, status, cappedBy, moves } = decodeComment(report)
  return {
    comment: decisionId(frame, decision.seq),
    discussion: decision.activity,
    subject: { ...subject },
    replyTo: orNull(replyTo),
    status,
    cappedBy: orNull(cappedBy),
    moves
  }
}

export function likeData({ frame, decision, report }: Decided): Data {
  const { subject, count } = decodeLike(report)
  return { like: decisionId(frame, decision.seq), discussion: decision.activity, subject: { ...subject }, count }
}

/** The comment that moderation hid or let show. */
export function commentOf({ decision }: Decided): string {
  return visibilityIn(decision.put ?? {}).comment
}

export function visibilityData({ decision }: Decided): Data {
  const { comment, status } = visibilityIn(decision.put ?? {})
  const { by, reason } = askedIn(decision) as { by?: string; reason?: string }
  return { comment, discussion: decision.activity, status, by: orNull(by ?? ''), reason: orNull(reason ?? '') }
}

export function visibilityVersion({ put }: FrameDecision): number {
  return visibilityIn(put ?? {}).version
}
