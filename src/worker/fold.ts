import { isoTime, isoTimeOrNull } from '../gate/iso-time.ts'
import { decodeOrder, type OrderRecord } from '../gate/order-record.ts'
import { type Frame, type FrameDecision, scopeKey } from '../journal/frame.ts'
import type { DecisionRow, OrderRow, Projection, StockDelta } from '../store/projection.ts'

/** `<epoch>-<sequence>` of the order that a decision made or moved, '' when it concerns none. */
export function orderEntity(frame: Frame, decision: FrameDecision): string {
  if (decision.order !== undefined) return decision.order.slice(decision.order.indexOf('-') + 1)
  return decision.type === 'order.accepted' ? `${frame.epoch}-${decision.seq}` : ''
}

// Decisions of a frame share their deltas as one object: it is written as JSON once.
const written = new WeakMap<object, string>()

function jsonOf(value: object | undefined): string {
  if (value === undefined) return '{}'
  const known = written.get(value)
  if (known !== undefined) return known
  const text = JSON.stringify(value)
  written.set(value, text)
  return text
}

/** The record of an order has a column of its own, from which recovery writes it again. */
function withoutRecord({ put }: FrameDecision, record: string): FrameDecision['put'] {
  if (record === '' || put === undefined) return put
  const { u: _record, ...rest } = put
  return rest
}

function decisionRow(frame: Frame, decision: FrameDecision): DecisionRow {
  const entity = orderEntity(frame, decision)
  const record = entity === '' ? '' : (decision.put?.u?.[`o:${entity}`] ?? '')
  return {
    epoch: frame.epoch,
    sequence: decision.seq,
    batch: frame.batch,
    type: decision.type,
    user: decision.user,
    key: decision.key,
    hash: decision.hash,
    campaign: decision.campaign,
    activity: decision.activity,
    session: decision.session ?? '',
    entity,
    at: isoTime(frame.at),
    request: JSON.stringify(decision.request),
    adds: jsonOf(decision.add),
    puts: jsonOf(withoutRecord(decision, record)),
    record,
    report: decision.report ?? ''
  }
}

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

const counters = ['total', 'remaining', 'held', 'paid'] as const

function addStock(stock: Map<string, StockDelta>, decision: FrameDecision): void {
  for (const [scope, fields] of Object.entries(decision.add ?? {})) {
    const key = scopeKey(scope, decision)
    if (!key.startsWith('s:')) continue
    const [, campaign = '', activity = ''] = key.split(':')
    for (const [field, delta] of Object.entries(fields)) {
      const colon = field.lastIndexOf(':')
      const counter = counters.find((name) => name === field.slice(colon + 1))
      if (!counter) continue
      const session = field.slice(0, colon)
      const place = `${key}:${session}`
      const row = stock.get(place) ?? {
        campaign_id: campaign,
        activity_id: activity,
        session_id: session,
        total: 0,
        remaining: 0,
        held: 0,
        paid: 0
      }
      row[counter] += delta
      stock.set(place, row)
    }
  }
}

/** Rows for Postgres of the frames that it does not have yet; the last state of an order wins. */
export function foldFrames(frames: readonly Frame[], fresh: ReadonlySet<string>): Projection {
  const decisions: DecisionRow[] = []
  const newOrders = new Map<string, OrderRow>()
  const changedOrders = new Map<string, OrderRow>()
  const stock = new Map<string, StockDelta>()
  const taken = new Set<string>()
  for (const frame of frames) {
    const entry = `${frame.epoch}-${frame.batch}`
    if (!fresh.has(entry) || taken.has(entry)) continue
    taken.add(entry)
    for (const decision of frame.decisions) {
      const row = decisionRow(frame, decision)
      decisions.push(row)
      addStock(stock, decision)
      if (row.record === '') continue
      const order = decodeOrder(`${frame.shard}-${row.entity}`, row.record)
      const isNew = decision.type === 'order.accepted' || newOrders.has(order.id)
      const orders = isNew ? newOrders : changedOrders
      orders.set(order.id, orderRow(order, row))
    }
  }
  return {
    decisions,
    newOrders: [...newOrders.values()],
    changedOrders: [...changedOrders.values()],
    stock: [...stock.values()]
  }
}

/** Logical keys of the hashes that the gives of a frame may name: what its settle needs beside its id. */
export function giveKeysOf(frame: Frame): string[] {
  const keys = new Set<string>()
  for (const decision of frame.decisions) {
    // a purchase only takes
    if (decision.type === 'order.accepted') continue
    for (const scope of Object.keys(decision.add ?? {})) keys.add(scopeKey(scope, decision))
  }
  return [...keys]
}
