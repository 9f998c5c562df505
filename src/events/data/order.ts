import { isoTimeOrNull } from '../../base/iso-time.ts'
import type { FrameDecision } from '../../journal/frame.ts'
import { decodeReport } from '../../record/decisions.ts'
import { decodeOrder } from '../../record/order.ts'
import { type Data, type Decided, orNull } from './decided.ts'

/** An order right after the decision. */
export function orderData({ id, record }: Decided): Data {
  if (record === '') return {}
  const order = decodeOrder(id, record)
  return {
    order: order.id,
    session: order.session,
    quantity: order.quantity,
    unitPrice: order.unitPrice,
    currency: order.currency,
    status: order.status,
    acceptedAt: isoTimeOrNull(order.acceptedAt),
    payBy: isoTimeOrNull(order.payBy),
    shipBy: isoTimeOrNull(order.shipBy),
    position: order.position,
    returned: order.returned,
    refunded: order.refunded,
    shipment: order.shipment
  }
}

const causes: Readonly<Record<string, string>> = { 'order.cancelled': 'cancellation', 'order.returned': 'return' }

/** Money that a decision says is due back, and why; undefined where none is. */
export function refundData({ type, report = '' }: FrameDecision): Data | undefined {
  const refund = decodeReport(type, report)
  if (refund?.kind !== 'refund' || refund.amount === 0) return undefined
  const { amount, currency, reference } = refund
  return { amount, currency, reference: orNull(reference), cause: causes[type] ?? 'payment' }
}

/** A payment that was decided to be money to give back. */
export function refundDueData(decided: Decided): Data {
  return { ...orderData(decided), ...refundData(decided.decision) }
}

/** Which decision about the order this is, where its record does not count them: an older version moved it on. */
export function cancelledVersion({ add }: FrameDecision): number {
  const fromPaid = Object.keys(add?.s ?? {}).some((field) => field.endsWith(':paid'))
  return fromPaid ? 3 : 2
}
