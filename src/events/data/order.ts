import { isoTimeOrNull } from '../../base/iso-time.ts'
import type { FrameDecision } from '../../journal/frame.ts'
import type { Data, Decided } from './decided.ts'

/** An order right after the decision. */
export function orderData({ after: { order } }: Decided): Data {
  if (order === undefined) return {}
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

/** Which decision about the order this is, where its record does not count them: an older version moved it on. */
export function cancelledVersion({ add }: FrameDecision): number {
  const fromPaid = Object.keys(add?.s ?? {}).some((field) => field.endsWith(':paid'))
  return fromPaid ? 3 : 2
}
