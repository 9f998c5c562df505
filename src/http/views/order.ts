import { isoTime, isoTimeOrNull } from '../../base/iso-time.ts'
import type { Decision } from '../../gate/batch/outcomes.ts'
import type { LiveOrder } from '../../gate/gate.ts'
import type { OrderRecord } from '../../record/order.ts'
import { decodeRefund } from '../../record/reports/refund.ts'
import type { Confirmed, Order } from '../wire/schemas.ts'

/** An order as the contract shows it. */
function orderView(order: OrderRecord): Order {
  return {
    id: order.id,
    campaign: order.campaign,
    sale: order.activity,
    session: order.session,
    quantity: order.quantity,
    unitPrice: order.unitPrice,
    currency: order.currency,
    status: order.status,
    acceptedAt: isoTime(order.acceptedAt),
    payBy: isoTimeOrNull(order.payBy),
    shipBy: isoTimeOrNull(order.shipBy),
    position: order.position
  }
}

/** An order in Redis; the view says if it is not journaled yet, because then it can still vanish. */
export function liveOrderView({ order, journaled }: LiveOrder): Order {
  const { returned, refunded, shipment } = order
  return {
    ...orderView(order),
    ...(returned > 0 && { returned }),
    ...(refunded > 0 && { refundDue: refunded }),
    ...(shipment && { shipment }),
    ...(!journaled && { pending: true })
  }
}

/**
 * The body of a 201.
 * @throws Error for a decision about no order, which no route that answers with orders can get
 */
export function confirmedView(decision: Decision, requestId: string): Confirmed {
  if (decision.order === undefined) throw new Error(`decision ${decision.id} (${decision.type}) is about no order`)
  return {
    outcome: 'confirmed',
    requestId,
    sequence: decision.sequence,
    eventId: decision.id,
    order: orderView(decision.order),
    ...dueView(decision)
  }
}

/** The money that is due back after a cancellation or a return. */
function dueView({ report }: Decision): Pick<Confirmed, 'refundDue'> {
  const refund = decodeRefund(report)
  if (refund === undefined || refund.amount === 0) return {}
  const { amount, currency, reference } = refund
  return { refundDue: { amount, currency, reference: reference === '' ? null : reference } }
}
