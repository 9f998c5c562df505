import type { Client } from 'pg'
import { type CopyValue, copyRows, writeRows } from '../connection/copy.ts'
import { issuedUser } from '../connection/user-name.ts'
import type { ClaimRow, LedgerRow, Projection, ReservationRow, WinRow } from './rows.ts'

const winColumns = `wins (shard, win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, epoch,
  sequence, won_at, claim_by, updated_at, record)`

function winValues(shard: number, row: WinRow): CopyValue[] {
  const { win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, epoch, sequence } = row
  const names = [shard, win_id, campaign_id, activity_id, issuedUser(user_id), prize_id, sub_prize, tier, type, status]
  return [...names, epoch, sequence, row.won_at, row.claim_by, row.updated_at, row.record]
}

const changeWins = `
  update wins set status = w.status, updated_at = w.updated_at, record = w.record
  from json_to_recordset($2::json) as w(win_id text, status text, updated_at timestamptz, record text)
  where wins.shard = $1 and wins.win_id = w.win_id`

// What a parcel is told of stays until something else is told of it.
const fulfilWins = `
  update wins set fulfilment = f.state, fulfilment_count = f.nth, fulfilment_at = f.at,
    fulfilment_told = coalesce(wins.fulfilment_told, '{}') || jsonb_strip_nulls(f.told) || jsonb_build_object('reason', f.told -> 'reason')
  from json_to_recordset($2::json) as f(win_id text, state text, nth integer, told jsonb, at timestamptz)
  where wins.shard = $1 and wins.win_id = f.win_id`

const claimColumns = `claims (shard, claim_id, campaign_id, activity_id, user_id, quantity, unit, cost, pool, epoch, sequence,
  accepted_at, codes_due)`

function claimValues(shard: number, row: ClaimRow): CopyValue[] {
  const { claim_id, campaign_id, activity_id, user_id, quantity, unit, cost, pool, epoch, sequence, accepted_at } = row
  const paid = [shard, claim_id, campaign_id, activity_id, issuedUser(user_id), quantity, unit, cost, pool]
  return [...paid, epoch, sequence, accepted_at, pool === '' ? 'f' : 't']
}

const reservationColumns = `reservations (shard, reservation_id, campaign_id, activity_id, session_id, first_session, user_id,
  epoch, sequence, made_at)`

function reservationValues(shard: number, row: ReservationRow): CopyValue[] {
  const { reservation_id, campaign_id, activity_id, session_id, first_session, user_id } = row
  const names = [shard, reservation_id, campaign_id, activity_id, session_id, first_session, issuedUser(user_id)]
  return [...names, row.epoch, row.sequence, row.made_at]
}

const ledgerColumns = `ledger (shard, epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at)`

function ledgerValues(shard: number, row: LedgerRow): CopyValue[] {
  const { epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at } = row
  return [shard, epoch, sequence, issuedUser(user_id), scope, unit, campaign_id, activity_id, delta, type, at]
}

// Update first, as with stock: the check of an insert would refuse a negative delta before the insert could find its existing row.
const addBalances = `
  with delta as (
    select * from json_to_recordset($2::json) as d(user_id text, scope text, unit text, delta bigint)
  ), changed as (
    update balances set balance = balances.balance + delta.delta
    from delta
    where balances.user_id = delta.user_id and balances.scope = delta.scope and balances.unit = delta.unit
    returning balances.user_id, balances.scope, balances.unit
  )
  insert into balances (user_id, scope, unit, shard, balance)
  select delta.user_id, delta.scope, delta.unit, $1, delta.delta
  from delta left join changed using (user_id, scope, unit) where changed.user_id is null`

/** Stores what spins, claims, tasks and grants took and gave; a sale has none of these rows and sends no statement. */
export async function storeWinsAndLedger(session: Client, shard: number, projection: Projection): Promise<void> {
  const { newWins, changedWins, fulfilments, claims, reservations, ledger, balances } = projection
  const won = newWins.map((row) => winValues(shard, row))
  await copyRows(session, winColumns, won)
  // Without names: a plan made while a table was small would, once the table has grown, read all of it in each transaction.
  await writeRows(session, shard, { text: changeWins, rows: changedWins })
  await writeRows(session, shard, { text: fulfilWins, rows: fulfilments })
  const claimed = claims.map((row) => claimValues(shard, row))
  await copyRows(session, claimColumns, claimed)
  const reserved = reservations.map((row) => reservationValues(shard, row))
  await copyRows(session, reservationColumns, reserved)
  const moved = ledger.map((row) => ledgerValues(shard, row))
  await copyRows(session, ledgerColumns, moved)
  const summed = balances.map((row) => ({ ...row, user_id: issuedUser(row.user_id) }))
  await writeRows(session, shard, { text: addBalances, rows: summed })
}
