import type { OwnCounter } from '../../campaign/parts/own-counters.ts'
import { entityKindOf } from '../../record/decisions.ts'
import { decodeOrder } from '../../record/order.ts'
import { decodeRedemption } from '../../record/reports/redemption.ts'
import { decodeRefund } from '../../record/reports/refund.ts'
import { reachedOf } from '../../record/standing.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import type { Followed } from '../../store/following/followed.ts'
import type { MetAssist } from '../../store/following/followed-assists.ts'
import { type Counting, changedAssists } from './assists.ts'
import { pairedInvites, pairedShares } from './paired.ts'
import { spunAt } from './spins.ts'

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
export const orderPaid: Count = (decision) => {
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
  (type: string): Count =>
  (decision) =>
    decision.type === type ? once(decision) : undefined

const SPINS = ['spin.won', 'spin.lost']

const claim: Count = (decision) => {
  if (decision.type !== 'claim.accepted') return undefined
  return { ...once(decision), units: decodeRedemption(decision.report).quantity }
}

type CountAll = (db: Queryable, counting: Counting, decisions: readonly Followed[]) => Promise<Counted[]>

/** What counts by one decision, whatever else was decided. */
const each =
  (count: Count): CountAll =>
  async (_db, { isMeant }, decisions) =>
    decisions.filter(isMeant).flatMap((decision) => count(decision) ?? [])

const spin: CountAll = async (db, { isMeant }, decisions) => {
  const spins = decisions.filter((decision) => isMeant(decision) && SPINS.includes(decision.type))
  const at = await spunAt(db, spins)
  return spins.map((decision) => ({ ...once(decision), at: at(decision) }))
}

/** What is taken off again counts for the day for which it had counted. */
const inPairs =
  (paired: typeof pairedShares): CountAll =>
  async (db, { isMeant }, decisions) => {
    const found = await paired(db, decisions.filter(isMeant))
    return found.map(({ decision: { user }, times, toldAt: at }) => ({ user, at, times, units: times, amount: 0 }))
  }

const stands = (assist: MetAssist | undefined) =>
  Number(assist !== undefined && assist.given !== null && assist.gone === null)

/** Who helps decides, and it counts for the one who was helped, for the day on which it was given. */
const assistReceived: CountAll = async (db, counting, decisions) => {
  const changed = await changedAssists(db, counting, decisions)
  return changed.flatMap(({ was, is }) => {
    const times = stands(is) - stands(was)
    if (times === 0 || is.given === null) return []
    return [{ user: is.sharer, at: reachedOf(is.given).reachedAt, times, units: times, amount: 0 }]
  })
}

/** What each counter of our own counts in decisions, in the transaction that moves the place of its listener on. */
export const countsOf: Readonly<Record<OwnCounter, CountAll>> = {
  'order.paid': each(orderPaid),
  spin,
  claim: each(claim),
  survey: each(ofType('survey.answered')),
  comment: each(ofType('comment.posted')),
  // a check-in is a task that is done once a day and has no goal: the listener looks at that
  checkin: each(ofType('task.completed')),
  'invite.qualified': inPairs(pairedInvites),
  'share.verified': inPairs(pairedShares),
  'assist.received': assistReceived
}
