import type { Client, Pool } from 'pg'
import { copyRows } from './copy.ts'
import {
  type BalanceDelta,
  type ClaimRow,
  type Copy,
  claimCopy,
  type DecisionRow,
  decisionCopy,
  type LedgerRow,
  ledgerCopy,
  type OrderRow,
  orderCopy,
  type StockDelta,
  type WinRow,
  winCopy
} from './projected-rows.ts'
import { OwnershipLostError, type Position } from './shards.ts'

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
  readonly stock: readonly StockDelta[]
  readonly ledger: readonly LedgerRow[]
  readonly balances: readonly BalanceDelta[]
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

const insertFrames = `
  insert into frames (shard, epoch, batch, stream_epoch, stream_sequence, decided_at, decisions)
  select $1, epoch, batch, stream_epoch, stream_sequence, to_timestamp(decided_at / 1000.0), decisions
  from json_to_recordset($2::json) as f(epoch bigint, batch bigint, stream_epoch bigint, stream_sequence bigint,
    decided_at bigint, decisions integer)
  on conflict on constraint frames_pkey do nothing
  returning epoch || '-' || batch as entry`

const changeOrders = `
  update orders set status = o.status, returned = o.returned, updated_at = o.updated_at, record = o.record
  from json_to_recordset($2::json) as o(order_id text, status text, returned integer, updated_at timestamptz, record text)
  where orders.shard = $1 and orders.order_id = o.order_id`

const changeWins = `
  update wins set status = w.status, updated_at = w.updated_at, record = w.record
  from json_to_recordset($2::json) as w(win_id text, status text, updated_at timestamptz, record text)
  where wins.shard = $1 and wins.win_id = w.win_id`

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

// Likewise.
const addBalances = `
  with delta as (
    select * from json_to_recordset($2::json) as b(user_id text, scope text, unit text, delta bigint)
  ), changed as (
    update balances set balance = balances.balance + delta.delta
    from delta
    where balances.user_id = delta.user_id and balances.scope = delta.scope and balances.unit = delta.unit
    returning balances.user_id, balances.scope, balances.unit
  )
  insert into balances (shard, user_id, scope, unit, balance)
  select $1, user_id, scope, unit, delta from delta
  where (user_id, scope, unit) not in (select user_id, scope, unit from changed)`

const insertDeadLetters = `
  insert into dead_letters (shard, stream, sequence, reason, payload)
  select $1, stream, sequence, reason, decode(payload, 'base64')
  from json_to_recordset($2::json) as l(stream text, sequence bigint, reason text, payload text)`

const advance = `
  update shards set position_epoch = $3, position_sequence = $4, updated_at = now()
  where shard = $1 and owner_term = $2 and (position_epoch, position_sequence) < ($3::bigint, $4::bigint)`

interface Write {
  /** of the prepared statement; planned anew each time without one */
  readonly name?: string
  readonly text: string
  readonly rows: readonly unknown[]
}

async function write(session: Client, shard: number, { name, text, rows }: Write): Promise<void> {
  if (rows.length === 0) return
  await session.query({ ...(name !== undefined && { name }), text, values: [shard, JSON.stringify(rows)] })
}

async function insert<Row>(session: Client, shard: number, { copy, rows }: { copy: Copy<Row>; rows: readonly Row[] }) {
  const values = rows.map((row) => copy.values(shard, row))
  await copyRows(session, copy.target, values)
}

/** Nothing is sent to Postgres for what a transaction has no rows of. */
async function storeProjection(session: Client, shard: number, projection: Projection): Promise<void> {
  await insert(session, shard, { copy: decisionCopy, rows: projection.decisions })
  await insert(session, shard, { copy: orderCopy, rows: projection.newOrders })
  await write(session, shard, { name: 'orders', text: changeOrders, rows: projection.changedOrders })
  await insert(session, shard, { copy: winCopy, rows: projection.newWins })
  await write(session, shard, { text: changeWins, rows: projection.changedWins })
  await insert(session, shard, { copy: claimCopy, rows: projection.claims })
  await write(session, shard, { name: 'stock', text: addStock, rows: projection.stock })
  await insert(session, shard, { copy: ledgerCopy, rows: projection.ledger })
  // a plan kept from when the table was small reads all of it for each transaction once it has grown
  await write(session, shard, { text: addBalances, rows: projection.balances })
}

/**
 * Stores frames, their decisions and projections, and the position, in one transaction on the owner's session.
 * @returns how many of the frames were new
 * @throws OwnershipLostError when another owner has moved on; a database error (the transaction is undone)
 */
export async function storeFrames(session: Client, projected: ProjectedFrames): Promise<number> {
  const { shard, ownerTerm, position, frames, deadLetters, fold } = projected
  await session.query('begin')
  try {
    const values = [shard, ownerTerm, position.epoch, position.sequence]
    const advanced = await session.query({ name: 'advance', text: advance, values })
    if (advanced.rowCount !== 1) throw new OwnershipLostError('The position was moved by another owner.')
    const stored = await session.query<{ entry: string }>({
      name: 'frames',
      text: insertFrames,
      values: [shard, JSON.stringify(frames)]
    })
    await storeProjection(session, shard, fold(new Set(stored.rows.map(({ entry }) => entry))))
    await write(session, shard, { name: 'dead-letters', text: insertDeadLetters, rows: deadLetters })
    await session.query('commit')
    return stored.rows.length
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
