import { isoTime, isoTimeOrNull } from '../../base/iso-time.ts'
import type { FrameDecision } from '../../journal/frame.ts'
import { decodeOrder } from '../../record/order.ts'
import { scopeKey } from '../../record/replay.ts'
import { decodeReport } from '../../record/report.ts'
import { balanceOf } from '../../record/user-fields.ts'
import { decodeWin } from '../../record/win.ts'
import type {
  BalanceDelta,
  ClaimRow,
  DecisionRow,
  LedgerRow,
  OrderRow,
  StockDelta,
  WinRow
} from '../../store/projection/rows.ts'

/** The order that a decision made or moved, as its record says. @throws Error when the record is not readable */
export function orderRow(id: string, row: DecisionRow): OrderRow {
  const order = decodeOrder(id, row.record)
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

/** The win that a decision made or moved, as its record says. @throws Error when the record is not readable */
export function winRow(id: string, row: DecisionRow): WinRow {
  const win = decodeWin(id, row.record)
  const [epoch = '', sequence = ''] = row.entity.split('-')
  return {
    win_id: id,
    campaign_id: win.campaign,
    activity_id: win.draw,
    user_id: row.user,
    prize_id: win.prize,
    sub_prize: win.sub,
    tier: win.tier,
    type: win.type,
    status: win.status,
    epoch: Number(epoch),
    sequence: Number(sequence),
    won_at: isoTime(win.wonAt),
    claim_by: isoTimeOrNull(win.claimBy),
    updated_at: row.at,
    record: row.record
  }
}

/** A redemption: what it took is the first move of its report. */
export function claimRow(shard: number, row: DecisionRow): ClaimRow {
  const { facts, moves } = decodeReport(row.report)
  const [quantity, pool = ''] = facts
  const [paid] = moves
  return {
    claim_id: `${shard}-${row.epoch}-${row.sequence}`,
    campaign_id: row.campaign,
    activity_id: row.activity,
    user_id: row.user,
    quantity: Number(quantity),
    unit: paid?.unit ?? '',
    cost: -(paid?.delta ?? 0),
    pool,
    epoch: row.epoch,
    sequence: row.sequence,
    accepted_at: row.at
  }
}

const counters = ['total', 'remaining', 'held', 'paid'] as const

export interface StockMove {
  readonly campaign: string
  readonly activity: string
  readonly session: string
  readonly counter: (typeof counters)[number]
  readonly delta: number
}

/** What a decision does to stock, counter by counter. */
export function stockMoves(decision: FrameDecision): StockMove[] {
  const moves: StockMove[] = []
  for (const [scope, fields] of Object.entries(decision.add ?? {})) {
    const key = scopeKey(scope, decision)
    if (!key.startsWith('s:')) continue
    const [, campaign = '', activity = ''] = key.split(':')
    for (const [field, delta] of Object.entries(fields)) {
      const colon = field.lastIndexOf(':')
      const counter = counters.find((name) => name === field.slice(colon + 1))
      if (counter) moves.push({ campaign, activity, session: field.slice(0, colon), counter, delta })
    }
  }
  return moves
}

/** Adds up what a decision does to stock. */
export function addStock(stock: Map<string, StockDelta>, decision: FrameDecision): void {
  for (const { campaign, activity, session, counter, delta } of stockMoves(decision)) {
    const place = `${campaign}:${activity}:${session}`
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

const USER = 'u:'

/** What a decision did to balances, one entry for each. */
export function addMoves(ledger: LedgerRow[], row: DecisionRow, decision: FrameDecision): void {
  // a purchase moves stock and counters only
  if (decision.type === 'order.accepted') return
  for (const [scope, fields] of Object.entries(decision.add ?? {})) {
    const key = scopeKey(scope, decision)
    if (!key.startsWith(USER)) continue
    for (const [field, delta] of Object.entries(fields)) {
      const balance = delta === 0 ? undefined : balanceOf(field)
      if (balance === undefined) continue
      ledger.push({
        epoch: row.epoch,
        sequence: row.sequence,
        user_id: key.slice(USER.length),
        ...balance,
        campaign_id: row.campaign,
        activity_id: row.activity,
        delta,
        type: row.type,
        at: row.at
      })
    }
  }
}

/** The sum of ledger entries by balance. */
export function balancesOf(ledger: readonly LedgerRow[]): BalanceDelta[] {
  const sums = new Map<string, BalanceDelta>()
  for (const { user_id, scope, unit, delta } of ledger) {
    const place = `${user_id} ${scope} ${unit}`
    const known = sums.get(place)
    if (known) known.delta += delta
    else sums.set(place, { user_id, scope, unit, delta })
  }
  return [...sums.values()]
}
