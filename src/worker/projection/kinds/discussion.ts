import { DECISION_PATTERN, ID } from '../../../base/shapes.ts'
import { commentStatuses, decodeComment, decodeLike, type Subject } from '../../../record/reports/discussion.ts'
import { visibilityIn } from '../../../record/visibility.ts'
import type { CommentRow } from '../../../store/projection/rows.ts'
import type { Decided, RowKind } from './row-kind.ts'

const WORD = new RegExp(`^${ID}$`)
const DECISION = new RegExp(DECISION_PATTERN)

const isSubject = ({ type, id }: Subject) => WORD.test(type) && (WORD.test(id) || DECISION.test(id))

function commentRow({ shard, row }: Decided): CommentRow {
  const { subject, replyTo, status } = decodeComment(row.report)
  return {
    comment_id: `${shard}-${row.epoch}-${row.sequence}`,
    campaign_id: row.campaign,
    activity_id: row.activity,
    user_id: row.user,
    key: row.key,
    hash: row.hash,
    subject_type: subject.type,
    subject_id: subject.id,
    reply_to: replyTo,
    status,
    epoch: row.epoch,
    sequence: row.sequence,
    posted_at: row.at
  }
}

export const comments: RowKind = {
  check(_name, report) {
    const { subject, replyTo, status } = decodeComment(report)
    const isReply = replyTo === '' || DECISION.test(replyTo)
    if (isSubject(subject) && isReply && commentStatuses.includes(status)) return
    throw new Error(`The report of a comment is not readable: ${JSON.stringify(report)}`)
  },
  add(rows, decided) {
    rows.comments.push(commentRow(decided))
  }
}

export const likes: RowKind = {
  check(_name, report) {
    if (!isSubject(decodeLike(report).subject)) {
      throw new Error(`The report of a like is not readable: ${JSON.stringify(report)}`)
    }
  },
  add(rows, { row }) {
    const { type, id } = decodeLike(row.report).subject
    const { campaign: campaign_id, activity: activity_id } = row
    const place = `${campaign_id}/${activity_id} ${type} ${id}`
    const known = rows.likes.get(place)
    if (known) known.likes += 1
    else rows.likes.set(place, { campaign_id, activity_id, subject_type: type, subject_id: id, likes: 1 })
  }
}

/** What moderation said of a comment: the last word counts, which the journal may have before an earlier one. Its text is the JSON of what the decision wrote. */
export const moderated: RowKind = {
  check(_name, puts) {
    if (!DECISION.test(visibilityIn(JSON.parse(puts)).comment)) throw new Error(`No comment is named: ${puts}`)
  },
  add(rows, { row }) {
    const { comment, status } = visibilityIn(JSON.parse(row.puts))
    const { epoch, sequence } = row
    const known = rows.moderated.get(comment)
    if (known && (known.epoch > epoch || (known.epoch === epoch && known.sequence > sequence))) return
    rows.moderated.set(comment, { comment_id: comment, status, epoch, sequence })
  }
}
