import type { Client } from 'pg'
import { failPoint } from '../../config/fail-points.ts'
import { passIntentNumbers } from '../campaigns/intents.ts'
import { type CopyValue, copyRows, writeRows } from '../connection/copy.ts'
import { issuedUser } from '../connection/user-name.ts'
import { storeOpened } from '../shard/opened.ts'
import { storeDiscussions } from './discussions.ts'
import { storeDrawnSpins } from './drawn-spins.ts'
import { advancePosition, insertFrameRows, storeDeadLetters } from './journal-position.ts'
import { storeLoans } from './loans.ts'
import { storeRemovals } from './removals.ts'
import type { DecisionRow, OrderRow, ProjectedFrames, Projection } from './rows.ts'
import { storeSharesAndAssists } from './shares-and-assists.ts'
import { storeAnswers } from './surveys.ts'
import { storeWinsAndLedger } from './wins-and-ledger.ts'

const decisionColumns = `decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id,
  session_id, entity, at, request, adds, puts, record, report, dels)`

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
  return [...names, row.request, row.adds, row.puts, row.record, row.report, row.dels]
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

// Update first: the checks of an insert would refuse a negative delta before the insert could find its existing row.
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
  const { decisions, newOrders, changedOrders, stock, opened } = projection
  const decided = decisions.map((row) => decisionValues(shard, row))
  await copyRows(session, decisionColumns, decided)
  const placed = newOrders.map((row) => orderValues(shard, row))
  await copyRows(session, orderColumns, placed)
  await writeRows(session, shard, { name: 'orders', text: changeOrders, rows: changedOrders })
  await writeRows(session, shard, { name: 'stock', text: addStock, rows: stock })
  await storeOpened(session, shard, opened)
  await storeWinsAndLedger(session, shard, projection)
  await storeSharesAndAssists(session, shard, projection)
  await storeAnswers(session, shard, projection)
  await storeDiscussions(session, shard, projection)
  await storeDrawnSpins(session, shard, projection.spins)
  await storeRemovals(session, shard, projection.removals)
  await storeLoans(session, shard, projection.loans)
  if (projection.lastIntent > 0) await passIntentNumbers(session, projection.lastIntent)
}

/**
 * Stores frames, their decisions and projections, and the position, in one transaction on the owner's connection.
 * @returns how many of the frames were new
 * @throws OwnershipLostError when another owner has moved the position; a database error (the transaction is rolled back)
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
      // when the connection breaks while the fail point waits, the await below reports it; without this it would be an unhandled rejection
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
