import { isoTime, isoTimeOrNull } from '../../../base/iso-time.ts'
import { madeItself } from '../../../record/entities.ts'
import { decodeOrder, type OrderRecord } from '../../../record/order.ts'
import type { DecisionRow, OrderRow } from '../../../store/projection/rows.ts'
import type { RowKind } from './row-kind.ts'

/** The order that a decision made or moved. */
function orderRow(order: OrderRecord, row: DecisionRow): OrderRow {
  const [epoch = '', sequence = ''] = row.entity.split('-')
  return {
    order_id: order.id,
    campaign_id: order.campaign,
    activity_id: order.activity,
    session_id: order.session,
    user_id: row.user,
    quantity: order.quantity,
    unit_price: order.unitPrice,
    currency: order.currency,
    status: order.status,
    epoch: Number(epoch),
    sequence: Number(sequence),
    accepted_at: isoTime(order.acceptedAt),
    pay_by: isoTimeOrNull(order.payBy),
    ship_by: isoTimeOrNull(order.shipBy),
    position: order.position,
    returned: order.returned,
    updated_at: row.at,
    record: row.record
  }
}

export const orders: RowKind = {
  check: decodeOrder,
  add(rows, { row, entity: { order } }) {
    if (order !== undefined) rows.orders.set(order.id, orderRow(order, row), madeItself(row))
  }
}
