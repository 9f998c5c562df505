import type { CopyValue } from './copy.ts'

/** A decision as a row. */
export interface DecisionRow {
  readonly epoch: number
  readonly sequence: number
  readonly batch: number
  readonly type: string
  readonly user: string
  readonly key: string
  readonly hash: string
  readonly campaign: string
  readonly activity: string
  readonly session: string
  /** `<epoch>-<sequence>` of the order or win that it is about, '' for others */
  readonly entity: string
  /** UTC */
  readonly at: string
  /** JSON text, as the client sent it */
  readonly request: string
  /** JSON text by scope: what sums, and what does not */
  readonly adds: string
  readonly puts: string
  /** the order or win right after this decision, '' for others */
  readonly record: string
  readonly report: string
}

export interface OrderRow {
  readonly order_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly session_id: string
  readonly user_id: string
  readonly quantity: number
  readonly unit_price: number
  readonly currency: string
  readonly status: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly accepted_at: string
  readonly pay_by: string | null
  readonly ship_by: string | null
  readonly position: number
  readonly returned: number
  readonly updated_at: string
  readonly record: string
}

export interface WinRow {
  readonly win_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly user_id: string
  readonly prize_id: string
  readonly sub_prize: string
  readonly tier: number
  readonly type: string
  readonly status: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly won_at: string
  readonly claim_by: string | null
  readonly updated_at: string
  readonly record: string
}

export interface ClaimRow {
  readonly claim_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly user_id: string
  readonly quantity: number
  readonly unit: string
  /** in total */
  readonly cost: number
  readonly pool: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly accepted_at: string
}

export interface StockDelta {
  readonly campaign_id: string
  readonly activity_id: string
  readonly session_id: string
  total: number
  remaining: number
  held: number
  paid: number
}

/** A movement of one user's balance. */
export interface LedgerRow {
  readonly epoch: number
  readonly sequence: number
  readonly user_id: string
  readonly scope: string
  readonly unit: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly delta: number
  readonly type: string
  /** UTC */
  readonly at: string
}

/** What all movements of a transaction come to for one balance. */
export interface BalanceDelta {
  readonly user_id: string
  readonly scope: string
  readonly unit: string
  delta: number
}

/** How rows of a table are copied: table with its columns, and a row's values in their order. */
export interface Copy<Row> {
  readonly target: string
  readonly values: (shard: number, row: Row) => CopyValue[]
}

export const decisionCopy: Copy<DecisionRow> = {
  target: `decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id, session_id, entity,
    at, request, adds, puts, record, report)`,
  values: (shard, row) => {
    const { epoch, sequence, batch, type, user, key, hash, campaign, activity, session, entity, at } = row
    const names = [shard, epoch, sequence, batch, type, user, key, hash, campaign, activity, session, entity, at]
    return [...names, row.request, row.adds, row.puts, row.record, row.report]
  }
}

export const orderCopy: Copy<OrderRow> = {
  target: `orders (shard, order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency, status,
    epoch, sequence, accepted_at, pay_by, ship_by, position, returned, updated_at, record)`,
  values: (shard, row) => {
    const { order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency, status } = row
    const names = [shard, order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency]
    const times = [status, row.epoch, row.sequence, row.accepted_at, row.pay_by, row.ship_by]
    return [...names, ...times, row.position, row.returned, row.updated_at, row.record]
  }
}

export const winCopy: Copy<WinRow> = {
  target: `wins (shard, win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, epoch, sequence,
    won_at, claim_by, updated_at, record)`,
  values: (shard, row) => {
    const { win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status } = row
    const names = [shard, win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status]
    return [...names, row.epoch, row.sequence, row.won_at, row.claim_by, row.updated_at, row.record]
  }
}

export const claimCopy: Copy<ClaimRow> = {
  target: `claims (shard, claim_id, campaign_id, activity_id, user_id, quantity, unit, cost, pool, epoch, sequence,
    accepted_at, codes_due)`,
  values: (shard, row) => {
    const { claim_id, campaign_id, activity_id, user_id, quantity, unit, cost, pool } = row
    const names = [shard, claim_id, campaign_id, activity_id, user_id, quantity, unit, cost, pool]
    return [...names, row.epoch, row.sequence, row.accepted_at, pool === '' ? 'f' : 't']
  }
}

export const ledgerCopy: Copy<LedgerRow> = {
  target: 'ledger (shard, epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at)',
  values: (shard, row) => {
    const { epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at } = row
    return [shard, epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at]
  }
}
