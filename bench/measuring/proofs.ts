import type { Account } from '../load/messages.ts'
import { redisStock } from '../servers/purchase-script.ts'
import { readState } from '../stack/admin.ts'
import type { World } from '../stack/world.ts'
import { eventsOf } from './persisted-counts.ts'

/** What each part counted, and every sentence about it that is not true. */
export interface Proof {
  readonly facts: Readonly<Record<string, number>>
  readonly broken: readonly string[]
}

export interface SoldPlace {
  readonly campaign: string
  readonly stock: number
  /** orders made while preparing, outside the clients' account; all of one unit */
  readonly soldBefore: number
}

type Claim = readonly [holds: boolean, sentence: string]

function proof(facts: Record<string, number>, claims: readonly Claim[]): Proof {
  return { facts, broken: claims.filter(([holds]) => !holds).map(([, sentence]) => sentence) }
}

/** What must be true of the answers that clients got, whichever service sold. */
function clientClaims(account: Account): Claim[] {
  return [
    [account.distinctKeys === account.confirmed, 'no key was confirmed twice'],
    [account.distinctSequences === account.confirmed, 'every confirmation has a sequence of its own in its opening'],
    [account.distinctOrders === account.confirmed, 'every confirmation has an order of its own']
  ]
}

/** For a service that keeps nothing there is nothing to prove. */
export const unproven = async (): Promise<Proof> => proof({}, [])

/**
 * sold == confirmed == rows in Postgres == events on the public stream; nothing twice, nothing beyond stock. To be called
 * once the last confirmed order has arrived everywhere.
 */
export async function proveSale(world: World, place: SoldPlace, account: Account): Promise<Proof> {
  const { campaign, stock, soldBefore } = place
  const state = await readState(world.file, campaign)
  const orders = await world.database.query(
    `select count(*)::int as rows, coalesce(sum(quantity), 0)::int as units, count(distinct (shard, epoch, sequence))::int as sequences
     from orders where campaign_id = $1`,
    [campaign]
  )
  const decisions = await world.database.query(
    `select count(*)::int as rows, count(distinct (user_id, key))::int as keys,
       count(distinct (shard, epoch, batch))::int as frames
     from decisions where campaign_id = $1 and type = 'order.accepted'`,
    [campaign]
  )
  const { rows, units, sequences } = orders.rows[0] as { rows: number; units: number; sequences: number }
  const decided = decisions.rows[0] as { rows: number; keys: number; frames: number }
  const facts = {
    stock,
    sold: state.total - state.remaining,
    confirmed: account.confirmed + soldBefore,
    confirmedUnits: account.units + soldBefore,
    rows,
    rowUnits: units,
    sequences,
    decisions: decided.rows,
    keys: decided.keys,
    frames: decided.frames,
    events: await eventsOf(world, campaign, 'order.accepted')
  }
  return proof(facts, [
    ...clientClaims(account),
    [facts.sold === facts.confirmedUnits, 'the gate sold what was confirmed'],
    [facts.sold <= stock, 'nothing was sold beyond the stock'],
    [facts.rows === facts.confirmed && facts.rowUnits === facts.confirmedUnits, 'every confirmed order is a row, once'],
    [facts.sequences === facts.rows, 'every row has a sequence of its own in its opening'],
    [facts.decisions === facts.confirmed && facts.keys === facts.decisions, 'every key was decided once'],
    [facts.events === facts.confirmed, 'every confirmed order is an event, once']
  ])
}

/** The same for the peer, as far as it has these parts. */
export async function provePeer(world: World, place: SoldPlace, account: Account): Promise<Proof> {
  const { rows } = await world.database.query(
    `select count(*)::int as rows, coalesce(sum(quantity), 0)::int as units, count(distinct position)::int as positions,
       (select (total - remaining)::int from bench_peer.stock where campaign = $1) as sold
     from bench_peer.orders where campaign = $1`,
    [place.campaign]
  )
  const found = rows[0] as { rows: number; units: number; positions: number; sold: number }
  const facts = { stock: place.stock, ...found, confirmed: account.confirmed, confirmedUnits: account.units }
  return proof(facts, [
    ...clientClaims(account),
    [facts.sold === facts.confirmedUnits && facts.sold <= place.stock, 'the stock went down by what was confirmed'],
    [facts.rows === facts.confirmed && facts.units === facts.confirmedUnits, 'every confirmed order is a row, once'],
    [facts.positions === facts.rows, 'every order has a position of its own']
  ])
}

/** What Redis counted down, for services that keep nothing else. */
export async function proveRedisSale(world: World, place: SoldPlace, account: Account): Promise<Proof> {
  const sold = place.stock - (await redisStock(world.file.redisUrl, place.campaign))
  const facts = { stock: place.stock, sold, confirmed: account.confirmed, confirmedUnits: account.units }
  return proof(facts, [
    ...clientClaims(account),
    [sold === account.units && sold <= place.stock, 'the stock went down by what was confirmed']
  ])
}

export interface TakenPlace {
  readonly campaign: string
  /** the types of its decisions, as a pattern of SQL and as one of subjects */
  readonly types: { readonly like: string; readonly events: string }
}

/**
 * Spins and claims: confirmed == decisions == events, nothing twice; what the gate says was taken, of prizes, stock and
 * balances, is what Postgres summed from the journal. To be called once the last one has arrived everywhere.
 */
export async function proveTaken(world: World, place: TakenPlace, account: Account): Promise<Proof> {
  const { campaign, types } = place
  const decided = await world.database.query(
    `select count(*)::int as decisions, count(distinct (user_id, key))::int as keys,
       count(distinct (shard, epoch, batch))::int as frames
     from decisions where campaign_id = $1 and type like $2`,
    [campaign, types.like]
  )
  const books = await world.database.query(
    `select (select count(*)::int from stock where campaign_id = $1 and remaining < 0) as oversold,
       (select coalesce(sum(paid), 0)::int from stock where campaign_id = $1) as taken,
       (select count(*)::int from wins w join stock s on s.campaign_id = w.campaign_id and s.activity_id = w.activity_id
          and s.session_id = w.prize_id where w.campaign_id = $1) as wins,
       (select coalesce(sum(quantity), 0)::int from claims where campaign_id = $1) as claimed,
       (select count(*)::int from (select user_id, scope, unit, sum(delta) as summed from ledger group by 1, 2, 3) l
          full join balances b using (user_id, scope, unit)
          where l.summed is distinct from b.balance) as unbalanced`,
    [campaign]
  )
  const { decisions, keys, frames } = decided.rows[0] as { decisions: number; keys: number; frames: number }
  const books0 = books.rows[0] as { oversold: number; taken: number; wins: number; claimed: number; unbalanced: number }
  const events = await eventsOf(world, campaign, types.events)
  const facts = { confirmed: account.confirmed, decisions, keys, frames, events, ...books0 }
  return proof(facts, [
    ...clientClaims(account),
    [decisions === account.confirmed && keys === decisions, 'every confirmed key was decided once'],
    [events === account.confirmed, 'every confirmed decision is an event, once'],
    [facts.oversold === 0, 'nothing was taken beyond its quota'],
    [facts.taken === facts.wins + facts.claimed, 'prizes and units taken are wins and claims'],
    [facts.unbalanced === 0, 'every balance is the sum of its ledger']
  ])
}
