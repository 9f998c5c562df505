import type { Client } from 'pg'
import { writeRows } from '../connection/copy.ts'
import { issuedUser } from '../connection/user-name.ts'
import { demandVersion, KNOWS } from '../shard/shards.ts'

/** What a decision took out of Redis for good, as far as Postgres has sums of it. */
export interface Removal {
  readonly campaign_id: string
  /** whose fields of the campaign are gone, balances of its scope among them */
  readonly users: readonly string[]
  /** activities whose stock is gone (of a pool, `pool/<pool>`) */
  readonly activities: readonly string[]
}

const moveBalances = `
  with moved as (
    delete from balances b using json_to_recordset($2::json) as r(campaign_id text, users json), json_array_elements_text(r.users) as u(name)
    where b.shard = $1 and b.user_id = u.name and b.scope = r.campaign_id
    returning b.user_id, b.scope, b.unit, b.shard, b.balance, b.beyond
  )
  insert into archived_balances (user_id, scope, unit, shard, balance, beyond) select * from moved
  on conflict on constraint archived_balances_pkey do nothing`

const moveStock = `
  with moved as (
    delete from stock s using json_to_recordset($2::json) as r(campaign_id text, activities json),
      json_array_elements_text(r.activities) as a(name)
    where s.shard = $1 and s.campaign_id = r.campaign_id and s.activity_id = a.name
    returning s.shard, s.campaign_id, s.activity_id, s.session_id, s.total, s.remaining, s.held, s.paid, s.beyond
  )
  insert into archived_stock (shard, campaign_id, activity_id, session_id, total, remaining, held, paid, beyond) select * from moved
  on conflict on constraint archived_stock_pkey do nothing`

/**
 * Moves the sums of what is gone aside, in the transaction that stores the decisions: what stays is compared with Redis. From then on no
 * version that knows nothing of removals may own the shard.
 */
export async function storeRemovals(session: Client, shard: number, removals: readonly Removal[]): Promise<void> {
  if (removals.length === 0) return
  const rows = removals.map((removal) => ({ ...removal, users: removal.users.map(issuedUser) }))
  await writeRows(session, shard, { text: moveBalances, rows })
  await writeRows(session, shard, { text: moveStock, rows })
  await demandVersion(session, shard, KNOWS.removals)
}
