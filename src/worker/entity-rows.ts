import { isoTime, isoTimeOrNull } from '../gate/iso-time.ts'
import { decodeOrder } from '../gate/order-record.ts'
import { decodeReport } from '../gate/report.ts'
import { decodeWin } from '../gate/win-record.ts'
import type { ClaimRow, DecisionRow, OrderRow, WinRow } from '../store/projected-rows.ts'

function placeOf(entity: string): { epoch: number; sequence: number } {
  const [epoch, sequence] = entity.split('-')
  return { epoch: Number(epoch), sequence: Number(sequence) }
}

/** The order that a decision made or moved, as it is stored. */
export function orderRow(shard: number, row: DecisionRow): OrderRow {
  const order = decodeOrder(`${shard}-${row.entity}`, row.record)
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
    ...placeOf(row.entity),
    accepted_at: isoTime(order.acceptedAt),
    pay_by: isoTimeOrNull(order.payBy),
    ship_by: isoTimeOrNull(order.shipBy),
    position: order.position,
    returned: order.returned,
    updated_at: row.at,
    record: row.record
  }
}

/** The win that a decision made or moved, as it is stored. */
export function winRow(shard: number, row: DecisionRow): WinRow {
  const win = decodeWin(`${shard}-${row.entity}`, row.record)
  return {
    win_id: win.id,
    campaign_id: win.campaign,
    activity_id: win.draw,
    user_id: row.user,
    prize_id: win.prize,
    sub_prize: win.sub,
    tier: win.tier,
    type: win.type,
    status: win.status,
    ...placeOf(row.entity),
    won_at: isoTime(win.wonAt),
    claim_by: isoTimeOrNull(win.claimBy),
    updated_at: row.at,
    record: row.record
  }
}

/** What the report of a claim says: units, pool, and what was paid for them in total. @throws Error when it says nothing */
export function decodeClaim(report: string): { quantity: number; pool: string; unit: string; cost: number } {
  const { facts, moves } = decodeReport(report)
  const quantity = Number(facts[0])
  const paid = moves.find(({ delta }) => delta < 0)
  const cost = -(paid?.delta ?? 0)
  if (!(quantity >= 1) || !Number.isSafeInteger(quantity) || !Number.isSafeInteger(cost)) {
    throw new Error(`The report of a claim is not readable: ${JSON.stringify(report)}`)
  }
  return { quantity, pool: facts[1] ?? '', unit: paid?.unit ?? '', cost: cost + 0 }
}

/** The claim that a decision made, as it is stored. */
export function claimRow(shard: number, row: DecisionRow): ClaimRow {
  const { epoch, sequence } = row
  return {
    claim_id: `${shard}-${epoch}-${sequence}`,
    campaign_id: row.campaign,
    activity_id: row.activity,
    user_id: row.user,
    ...decodeClaim(row.report),
    epoch,
    sequence,
    accepted_at: row.at
  }
}
