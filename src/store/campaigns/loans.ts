import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { inTransaction, type Queryable } from '../connection/transaction.ts'

/** What can be lent: the place of stock, and the hash and the field that hold what is left of it. */
export interface LentItem {
  readonly campaign: string
  /** of a pool, `pool/<pool>` */
  readonly activity: string
  readonly session: string
  /** logical */
  readonly key: string
  readonly field: string
}

/** Units that one shard has asked another one for. */
export interface NewLoan extends LentItem {
  /** UUID, which never comes again */
  readonly id: string
  readonly from: number
  readonly to: number
  readonly asked: number
}

export interface OpenLoan extends NewLoan {
  /** what the lend took; null while no projection has met it */
  readonly lent: number | null
  /** the decision of the receipt, likewise */
  readonly receivedBy: string | null
  /** how long it has been open */
  readonly openMs: number
}

const columns = `loan_id as id, campaign_id as campaign, activity_id as activity, session_id as session, key, field, from_shard as "from",
  to_shard as "to", asked, lent, received_by as "receivedBy",
  (extract(epoch from clock_timestamp() - asked_at) * 1000)::float8 as "openMs"`

/** Loans of other items of the campaign are begun in milliseconds. */
const TRIES = 5
const PAUSE_MS = 20

/**
 * Begins a loan, where none of this item is open between the two shards, nobody takes stock of it away, and the campaign is not being
 * removed. Changes of stock and removals are asked for under the campaign's lock, too, so none of them is missed. Where somebody holds that
 * for long, whoever wants the loan comes again: it is not waited for, because each of many items would hold a connection meanwhile.
 * @returns false where it was not begun
 */
export async function beginLoan(pool: Pool, loan: NewLoan): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const begun = await tryLoan(pool, loan)
    if (begun !== 'locked') return begun
    if (tries === TRIES) return false
    await delay(PAUSE_MS)
  }
}

function tryLoan(pool: Pool, loan: NewLoan): Promise<boolean | 'locked'> {
  const { id, campaign, activity, session, key, field, from, to, asked } = loan
  return inTransaction(pool, async (client) => {
    const locked = await client.query(
      'select 1 from campaigns where campaign_id = $1 and not archived for no key update skip locked',
      [campaign]
    )
    if (locked.rowCount !== 1) {
      const there = await client.query('select 1 from campaigns where campaign_id = $1 and not archived', [campaign])
      return there.rowCount === 1 && 'locked'
    }
    const { rowCount } = await client.query(
      `insert into loans (loan_id, campaign_id, activity_id, session_id, key, field, from_shard, to_shard, asked)
       select $1, $2, $3, $4, $5, $6, $7, $8, $9
       where not exists (
           select from loans where campaign_id = $2 and activity_id = $3 and session_id = $4 and closing is null
             and ((from_shard = $7 and to_shard = $8) or (from_shard = $8 and to_shard = $7))
         ) and not exists (
           select from intents i, jsonb_array_elements(i.adds) as a
           where i.campaign_id = $2 and i.state = 'open' and a ->> 0 = $5 and a ->> 1 = $6 and (a ->> 2)::numeric < 0
         ) and not exists (select from archives where campaign_id = $2 and stopped is null)`,
      [id, campaign, activity, session, key, field, from, to, asked]
    )
    return rowCount === 1
  })
}

/** Of each shard that lends: one that does not answer keeps no loan of another one waiting. */
const OPEN = 500

/** The open loans to a shard, the oldest of each other one first. */
export async function openLoansTo(db: Queryable, shard: number): Promise<OpenLoan[]> {
  const { rows } = await db.query<OpenLoan>(
    `select ${columns} from (
       select *, row_number() over (partition by from_shard order by asked_at) as place from loans where to_shard = $1 and closing is null
     ) l where place <= ${OPEN} order by asked_at`,
    [shard]
  )
  return rows
}

/** Closes a loan: `received` once its receipt is settled, `void` where nothing was lent. @returns false when it was closed before */
export async function closeLoan(db: Queryable, id: string, state: 'received' | 'void'): Promise<boolean> {
  const { rowCount } = await db.query(
    `update loans set state = $2, closed_at = clock_timestamp(), closing = nextval('loans_closings')
     where loan_id = $1 and closing is null`,
    [id, state]
  )
  return rowCount === 1
}

/** The loans of an item at one moment. */
interface ItemLoans {
  readonly open: number
  /** rises whenever one is closed */
  readonly closing: number
}

/**
 * How many loans of some items are open, in the order of these. Looked at twice: where none was open either time and `closing` is the same, none
 * was open in between. One that was begun after the first look and is closed before the second has got a later closing.
 */
export async function loansOfItems(
  db: Queryable,
  items: ReadonlyArray<Pick<LentItem, 'campaign' | 'activity' | 'session'>>
): Promise<ItemLoans[]> {
  const { rows } = await db.query<ItemLoans>(
    `select (select count(*) from loans l where l.campaign_id = i.campaign and l.activity_id = i.activity and l.session_id = i.session
         and l.closing is null) as open,
       (select coalesce(max(l.closing), 0) from loans l where l.campaign_id = i.campaign and l.activity_id = i.activity
         and l.session_id = i.session) as closing
     from rows from (json_to_recordset($1::json) as (campaign text, activity text, session text))
       with ordinality as i(campaign, activity, session, place) order by place`,
    [JSON.stringify(items)]
  )
  return rows
}

/** How many loans of a campaign are open. */
export async function openLoans(db: Queryable, campaign: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select count(*) as count from loans where campaign_id = $1 and closing is null',
    [campaign]
  )
  return rows[0]?.count ?? 0
}

/** Whether a loan of one of some items of a campaign is open. */
export async function areLent(
  db: Queryable,
  campaign: string,
  items: ReadonlyArray<Pick<LentItem, 'key' | 'field'>>
): Promise<boolean> {
  const { rowCount } = await db.query(
    `select 1 from loans l join json_to_recordset($2::json) as i(key text, field text) using (key, field)
     where l.campaign_id = $1 and l.closing is null limit 1`,
    [campaign, JSON.stringify(items)]
  )
  return rowCount === 1
}

/** Deletes the loans of a campaign that has left. */
export async function deleteLoans(db: Queryable, campaign: string): Promise<void> {
  await db.query('delete from loans where campaign_id = $1 and closing is not null', [campaign])
}

/**
 * Units by place that are in the sum of no shard (lent, and not received as far as the projections have come), less those that are in two
 * of them. What all shards together have is the sum of `stock` and of these.
 */
export const onTheirWay = `(
  select campaign_id, activity_id, session_id, sum(case when lent_by is null then -lent else lent end)::bigint as units
  from loans where state <> 'void' and (lent_by is null) <> (received_by is null) group by campaign_id, activity_id, session_id)`
