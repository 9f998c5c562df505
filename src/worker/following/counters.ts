import type { OwnCounter } from '../../campaign/parts/own-counters.ts'
import { entityKindOf } from '../../record/decisions.ts'
import { decodeOrder } from '../../record/order.ts'
import { decodeAssist } from '../../record/reports/assist.ts'
import { decodeRedemption } from '../../record/reports/redemption.ts'
import { decodeRefund } from '../../record/reports/refund.ts'
import { storedUser } from '../../store/connection/user-name.ts'
import type { Followed } from '../../store/following/followed.ts'

/** What a decision counts for a user; negative where it undoes what counted before. */
interface Counted {
  readonly user: string
  /** whose local day it counts for, ms since 1970 */
  readonly at: number
  readonly times: number
  readonly units: number
  /** minor units */
  readonly amount: number
}

type Count = (decision: Followed) => Counted | undefined

const once = ({ user, at }: Followed): Counted => ({ user, at, times: 1, units: 1, amount: 0 })

// An order counts from its payment on, for the day on which it was accepted: then what is undone later lowers the same day's count.
const orderPaid: Count = (decision) => {
  const { type, user, record, report } = decision
  if (entityKindOf(type) !== 'order' || record === '') return undefined
  const { acceptedAt: at, quantity, unitPrice, status } = decodeOrder(decision.entity, record)
  if (type === 'order.paid') return { user, at, times: 1, units: quantity, amount: quantity * unitPrice }
  const refund = decodeRefund(report)
  if (refund === undefined) return undefined
  if (type === 'order.cancelled') return { user, at, times: -1, units: -quantity, amount: -refund.amount }
  if (type !== 'order.returned') return undefined
  const units = refund.units ?? (status === 'returned' ? quantity : 0)
  return { user, at, times: status === 'returned' ? -1 : 0, units: -units, amount: -refund.amount }
}

const ofType =
  (...types: string[]): Count =>
  (decision) =>
    types.includes(decision.type) ? once(decision) : undefined

// Only what had qualified is taken away again, from the day for which it counted.
const inviteQualified: Count = (decision) => {
  if (decision.type === 'invite.qualified') return { ...once(decision), at: qualifiedAt(decision) }
  const { reason } = decision.request as { readonly reason?: unknown }
  if (decision.type !== 'invite.voided' || reason !== 'RETURNED') return undefined
  return { ...once(decision), at: qualifiedAt(decision), times: -1, units: -1 }
}

function qualifiedAt({ request, at }: Followed): number {
  const { qualifiedAt: text } = request as { readonly qualifiedAt?: string }
  return text === undefined ? at : Date.parse(text)
}

// The credit may be decided later than the share was verified, on another day.
const shareVerified: Count = (decision) => {
  const { verifiedAt } = decision.request as { readonly verifiedAt?: string }
  if (verifiedAt === undefined) return undefined
  const counted = { ...once(decision), at: Date.parse(verifiedAt) }
  if (decision.type === 'share.verified') return counted
  return decision.type === 'share.voided' ? { ...counted, times: -1, units: -1 } : undefined
}

/** The helper decides, and it counts for the one who was helped. */
const assistReceived: Count = (decision) => {
  if (decision.type === 'assist.given') return { ...once(decision), user: decodeAssist(decision.report).sharer }
  if (decision.type !== 'assist.voided') return undefined
  const { sharer, givenAt } = decision.request as { readonly sharer: string; readonly givenAt: string }
  return { ...once(decision), user: storedUser(sharer), at: Date.parse(givenAt), times: -1, units: -1 }
}

const claim: Count = (decision) => {
  if (decision.type !== 'claim.accepted') return undefined
  return { ...once(decision), units: decodeRedemption(decision.report).quantity }
}

/** What each counter of our own counts in a decision; undefined for one that does not count. */
export const countsOf: Readonly<Record<OwnCounter, Count>> = {
  'order.paid': orderPaid,
  spin: ofType('spin.won', 'spin.lost'),
  claim,
  survey: ofType('survey.answered'),
  comment: ofType('comment.posted'),
  // a check-in is a task that is done once a day and has no goal: the listener looks at that
  checkin: ofType('task.completed'),
  'invite.qualified': inviteQualified,
  'share.verified': shareVerified,
  'assist.received': assistReceived
}
