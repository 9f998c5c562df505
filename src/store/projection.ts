import type { Client, Pool } from 'pg'
import { failPoint } from '../config/fail-points.ts'
import { type CopyValue, copyRows, writeRows } from './copy.ts'
import { advancePosition, insertFrameRows, storeDeadLetters } from './projection-place.ts'
import { storeTaken } from './projection-taken.ts'
import type { Position } from './shards.ts'
import { issuedUser } from './user-name.ts'

/** A decision as a row, in the order of `decisionColumns`. */
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

export interface StockDelta {
  readonly campaign_id: string
  readonly activity_id: string
  readonly session_id: string
  total: number
  remaining: number
  held: number
  paid: number
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
  readonly cost: number
  readonly pool: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly accepted_at: string
}

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

export interface BalanceDelta {
  readonly user_id: string
  readonly scope: string
  readonly unit: string
  delta: number
}

export interface FrameRow {
  readonly epoch: number
  readonly batch: number
  readonly stream_epoch: number
  readonly stream_sequence: number
  readonly decided_at: number
  readonly decisions: number
}

export interface DeadLetter {
  readonly stream: string
  readonly sequence: number
  readonly reason: string
  /** base64 */
  readonly payload: string
}

export interface Projection {
  readonly decisions: readonly DecisionRow[]
  readonly newOrders: readonly OrderRow[]
  /** orders of earlier frames that were moved on */
  readonly changedOrders: readonly OrderRow[]
  readonly newWins: readonly WinRow[]
  readonly changedWins: readonly WinRow[]
  readonly claims: readonly ClaimRow[]
  readonly ledger: readonly LedgerRow[]
  readonly balances: readonly BalanceDelta[]
  readonly stock: readonly StockDelta[]
}

export interface ProjectedFrames {
  readonly shard: number
  readonly ownerTerm: number
  readonly frames: readonly FrameRow[]
  readonly deadLetters: readonly DeadLetter[]
  /** place after the last of them */
  readonly position: Position
  /** folds the frames that Postgres did not have yet, told by `<epoch>-<batch>` */
  readonly fold: (fresh: ReadonlySet<string>) => Projection
}

const decisionColumns = `decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id,
  session_id, entity, at, request, adds, puts, record, report)`

function decisionValues(shard: number, row: DecisionRow): CopyValue[] {
  const { epoch, sequence, batch, type, user, key, hash, campaign, activity, session, entity, at } = row
  const names = [
    shard,
    epoch,
    sequence,
    batch,
    type,
    issuedUser(user),
    key,
    hash,
    campaign,
    activity,
    session,
    entity,
    at
  ]
  return [...names, row.request, row.adds, row.puts, row.record, row.report]
}

const orderColumns = `orders (shard, order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency,
  status, epoch, sequence, accepted_at, pay_by, ship_by, position, returned, updated_at, record)`

function orderValues(shard: number, row: OrderRow): CopyValue[] {
  const { order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency, status } = row
  const names = [
    shard,
    order_id,
    campaign_id,
    activity_id,
    session_id,
    issuedUser(user_id),
    quantity,
    unit_price,
    currency,
    status
  ]
  const times = [row.epoch, row.sequence, row.accepted_at, row.pay_by, row.ship_by]
  return [...names, ...times, row.position, row.returned, row.updated_at, row.record]
}

const changeOrders = `
  update orders set status = o.status, returned = o.returned, updated_at = o.updated_at, record = o.record
  from json_to_recordset($2::json) as o(order_id text, status text, returned integer, updated_at timestamptz, record text)
  where orders.shard = $1 and orders.order_id = o.order_id`

// Update first: an insert's checks would refuse a negative delta before it could meet the row it belongs to.
const addStock = `
  with delta as (
    select * from json_to_recordset($2::json) as s(campaign_id text, activity_id text, session_id text, total bigint,
      remaining bigint, held bigint, paid bigint)
  ), changed as (
    update stock set total = stock.total + delta.total, remaining = stock.remaining + delta.remaining,
      held = stock.held + delta.held, paid = stock.paid + delta.paid
    from delta
    where stock.shard = $1 and stock.campaign_id = delta.campaign_id and stock.activity_id = delta.activity_id
      and stock.session_id = delta.session_id
    returning stock.campaign_id, stock.activity_id, stock.session_id
  )
  insert into stock (shard, campaign_id, activity_id, session_id, total, remaining, held, paid)
  select $1, campaign_id, activity_id, session_id, total, remaining, held, paid from delta
  where (campaign_id, activity_id, session_id) not in (select campaign_id, activity_id, session_id from changed)`

export async function writeProjection(session: Client, shard: number, projection: Projection): Promise<void> {
  const { decisions, newOrders, changedOrders, stock } = projection
  const decided = decisions.map((row) => decisionValues(shard, row))
  await copyRows(session, decisionColumns, decided)
  const placed = newOrders.map((row) => orderValues(shard, row))
  await copyRows(session, orderColumns, placed)
  await writeRows(session, shard, { name: 'orders', text: changeOrders, rows: changedOrders })
  await writeRows(session, shard, { name: 'stock', text: addStock, rows: stock })
  await storeTaken(session, shard, projection)
}

/**
 * Stores frames, their decisions and projections, and the position, in one transaction on the owner's session.
 * @returns how many of the frames were new
 * @throws OwnershipLostError when another owner has moved on; a database error (the transaction is undone)
 */
export async function storeFrames(session: Client, projected: ProjectedFrames): Promise<number> {
  const { shard, deadLetters, fold } = projected
  await session.query('begin')
  try {
    await advancePosition(session, projected)
    const fresh = await insertFrameRows(session, projected)
    await writeProjection(session, shard, fold(fresh))
    await storeDeadLetters(session, shard, deadLetters)
    if (failPoint) await failPoint('W2')
    const committed = session.query('commit')
    if (failPoint) {
      // a connection that breaks while the point holds is told by the await below, not as a rejection of nobody's
      committed.catch(() => {})
      await failPoint('W3')
    }
    await committed
    return fresh.size
  } catch (error) {
    await session.query('rollback').catch(() => {})
    throw error
  }
}

/** Frames of one epoch that are stored, out of the given batches. */
export async function storedBatches(
  db: Pool,
  frames: { readonly shard: number; readonly epoch: number; readonly batches: readonly number[] }
): Promise<number[]> {
  const { rows } = await db.query<{ batch: number }>(
    'select batch from frames where shard = $1 and epoch = $2 and batch = any($3::bigint[])',
    [frames.shard, frames.epoch, frames.batches]
  )
  return rows.map(({ batch }) => batch)
}
