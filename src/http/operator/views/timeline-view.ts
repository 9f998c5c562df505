import { isoTime } from '../../../base/iso-time.ts'
import type { UnstoredDecision } from '../../../gate/gate.ts'
import { entityIn } from '../../../record/entities.ts'
import { creditOf } from '../../../record/fields.ts'
import type { OrderRecord } from '../../../record/order.ts'
import { clientKeyOf } from '../../../record/replay.ts'
import { movesOf as movesIn } from '../../../record/reports/moves.ts'
import { decodeRefund } from '../../../record/reports/refund.ts'
import type { WinRecord } from '../../../record/win.ts'

/** A decision about a user, from Redis or Postgres. */
export type TimelineDecision = Omit<UnstoredDecision, 'at'> & { readonly at: Date }

/** A refusal of which gateways kept a sample: most are not kept while a crowd is refused. */
export interface TimelineRefusal {
  /** its place among decisions */
  readonly id: string
  readonly campaign: string
  readonly activity: string
  /** code of the problem */
  readonly code: string
  /** the Idempotency-Key; '' without one */
  readonly key: string
  readonly members: Readonly<Record<string, unknown>>
  readonly at: Date
}

/** The moves of a decision, with the balances after them if the decision has them. */
function movesOf({ report, moved }: TimelineDecision) {
  const moves = movesIn(report)
  if (moves.length > 0) return moves
  return Object.entries(moved).flatMap(([field, delta]) => {
    const unit = creditOf(field)?.unit
    return unit === undefined ? [] : [{ unit, delta }]
  })
}

function orderOf({ id, status, quantity, unitPrice, currency, returned, reference }: OrderRecord, report: string) {
  const refund = decodeRefund(report)
  return {
    order: { id, status, quantity, unitPrice, currency, amount: quantity * unitPrice, returned },
    ...(reference !== '' && { reference }),
    ...(refund !== undefined &&
      refund.amount > 0 && { refundDue: { amount: refund.amount, currency: refund.currency } })
  }
}

function winOf({ id, draw, prize, status }: WinRecord) {
  return { win: { id, draw, prize, status } }
}

/** The order or win that a decision is about, as it was after the decision. */
function entityView({ type, entity, record, report }: TimelineDecision) {
  const { order, win } = entityIn(type, entity, record)
  return { ...(order && orderOf(order, report)), ...(win && winOf(win)) }
}

/** The request: who and why as members, the rest unchanged. The details of a win claim are not shown here. */
function askedView({ type, request }: TimelineDecision) {
  const said = typeof request === 'object' && request !== null ? (request as Record<string, unknown>) : {}
  const { operator, by, reason, user: _user, ...data } = said
  return {
    operator: operator ?? by ?? null,
    reason: reason ?? null,
    ...(type !== 'win.claimed' && Object.keys(data).length > 0 && { data })
  }
}

function refusalView({ campaign, activity, code, key, members, at }: TimelineRefusal) {
  return {
    eventId: null,
    type: 'refused',
    campaign,
    activity,
    key: key === '' ? null : key,
    at: isoTime(at.getTime()),
    code,
    members,
    sample: true
  }
}

/** One entry of a user's timeline: all that the journal has about a decision, or what a gateway said of a refusal. */
export function timelineView(entry: TimelineDecision | TimelineRefusal) {
  return 'code' in entry ? refusalView(entry) : decisionView(entry)
}

function decisionView(decision: TimelineDecision) {
  const { id, type, campaign, activity, key, at, journaled } = decision
  const moves = movesOf(decision)
  return {
    eventId: id,
    type,
    campaign: campaign === '' ? null : campaign,
    activity: activity === '' ? null : activity,
    // the Idempotency-Key, or the replay field that the system made
    key: clientKeyOf(key) ?? key,
    at: isoTime(at.getTime()),
    ...askedView(decision),
    ...entityView(decision),
    // reports of some types never have moves
    ...(moves.length > 0 && { moves }),
    ...(!journaled && { pending: true })
  }
}
