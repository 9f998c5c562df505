import type { Pool } from 'pg'
import { inTransaction, type Queryable } from '../connection/transaction.ts'
import { storedUser } from '../connection/user-name.ts'
import type { Job } from './jobs.ts'

/** Failed items that an answer names. */
const FAILED = 1000

export interface JobProgress {
  readonly done: number
  readonly left: number
  readonly failed: number
  /** the first of them */
  readonly failures: ReadonlyArray<{ readonly id: string; readonly reason: string }>
  /** of wins that were revoked */
  readonly wins: readonly string[]
}

/** Of the items of a job `j`: how many there are, are done and failed. Jobs that an earlier version noted have no counts of their own. */
export const itemsOfJob = `(
  select j.items_listed as listed, j.items_done as done, j.items_failed as failed where j.items_listed is not null
  union all select count(*), count(*) filter (where state = 'done'), count(*) filter (where state = 'failed')
    from job_items where job_id = j.job_id and j.items_listed is null having j.items_listed is null)`

/** How far a job has come; what is told of it stays the same once its items are forgotten. */
export async function progressOf(db: Queryable, job: number): Promise<JobProgress> {
  const { rows } = await db.query<{ outcome: JobProgress | null }>('select outcome from jobs where job_id = $1', [job])
  return rows[0]?.outcome ?? countItems(db, job)
}

async function countItems(db: Queryable, job: number): Promise<JobProgress> {
  const { rows } = await db.query<Omit<JobProgress, 'failures' | 'wins'>>(
    `select n.done::float8 as done, (n.listed - n.done - n.failed)::float8 as left, n.failed::float8 as failed
     from jobs j cross join lateral ${itemsOfJob} n where j.job_id = $1`,
    [job]
  )
  // only what is to be revoked of one user has wins: that is never much
  const { rows: revoked } = await db.query<{ wins: string[] | null }>(
    `select array_agg(item order by split_part(item, '-', 2)::bigint desc, split_part(item, '-', 3)::bigint desc) as wins
     from job_items where job_id = (select job_id from jobs where job_id = $1 and kind = 'disqualification') and state = 'done' and kind = 'win'`,
    [job]
  )
  const { rows: failures } = await db.query<{ id: string; reason: string }>(
    `select item as id, refusal as reason from job_items where job_id = $1 and state = 'failed' order by item limit ${FAILED}`,
    [job]
  )
  const { done = 0, left = 0, failed = 0 } = rows[0] ?? {}
  return { done, left, failed, failures, wins: revoked[0]?.wins ?? [] }
}

/** Items that are deleted at once. */
const PAGE = 1000

/**
 * Forgets items of the job that was done longest ago, if that is more than `keepSeconds` ago: a thousand at most, once what became of them is
 * kept with the job. @returns how many items, or jobs, it looked at; 0: nothing is left
 */
export function forgetItems(pool: Pool, keepSeconds: number): Promise<number> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: number; isKept: boolean }>(
      `select job_id::float8 as id, outcome is not null as "isKept" from jobs
       where state = 'done' and forgotten_at is null and done_at < now() - $1 * interval '1 second'
       order by done_at limit 1 for update skip locked`,
      [keepSeconds]
    )
    const [job] = rows
    if (job === undefined) return 0
    if (!job.isKept) {
      const outcome = JSON.stringify(await countItems(client, job.id))
      await client.query('update jobs set outcome = $2 where job_id = $1', [job.id, outcome])
    }
    const { rowCount } = await client.query(
      `delete from job_items where job_id = $1 and item = any(array(
         select item from job_items where job_id = $1 order by item limit ${PAGE}))`,
      [job.id]
    )
    const forgotten = rowCount ?? 0
    if (forgotten < PAGE) await client.query('update jobs set forgotten_at = now() where job_id = $1', [job.id])
    return Math.max(1, forgotten)
  })
}

/** Rows of the ledger, whatever they are of: where the next page begins, and who earned something that expires. */
interface LedgerPage {
  readonly looked: number
  /** of the last row, as JSON */
  readonly end: string | null
  readonly users: readonly string[] | null
}

/**
 * Lists the next users to whom a campaign gave something that expires, and moves the job's place on: along the ledger, of which all rows up to that
 * moment have to be stored. Items are users' names inside the program.
 * @param client inside a transaction
 * @returns how many rows of the ledger it looked at
 */
export async function listEarners(
  client: Queryable,
  job: Job & { readonly kind: 'expiry' },
  most: number
): Promise<number> {
  const { id, campaign, asked } = job
  const place = await client.query<{ at: string }>(
    `select coalesce(nullif(listed_order, ''), '[0,0,0,"","",""]') as at from jobs where job_id = $1 and state = 'listing' for update`,
    [id]
  )
  const [from] = place.rows
  if (from === undefined) return 0
  const { rows } = await client.query<LedgerPage>(
    `with page as materialized (
       select l.shard, l.epoch, l.sequence, l.user_id, l.scope, l.unit,
         campaign_id = $2 and l.scope = '' and l.unit = $3 and delta > 0 and at <= to_timestamp($4 / 1000.0) as expires
       from ledger l where (l.shard, l.epoch, l.sequence, l.user_id, l.scope, l.unit) > (($1::json ->> 0)::integer, ($1::json ->> 1)::bigint,
         ($1::json ->> 2)::bigint, $1::json ->> 3, $1::json ->> 4, $1::json ->> 5)
       order by l.shard, l.epoch, l.sequence, l.user_id, l.scope, l.unit limit $5
     )
     select count(*)::float8 as looked, array_agg(distinct user_id) filter (where expires) as users,
       (select json_build_array(shard, epoch, sequence, user_id, scope, unit)::text from page
        order by shard desc, epoch desc, sequence desc, user_id desc, scope desc, unit desc limit 1) as "end"
     from page`,
    [from.at, campaign, asked.unit, asked.at, most]
  )
  const { looked = 0, end = null, users = null } = rows[0] ?? {}
  await client.query(
    `insert into job_items (job_id, item, kind, phase) select $1, item, 'user', 1 from unnest($2::text[]) item on conflict do nothing`,
    [id, (users ?? []).map(storedUser)]
  )
  await client.query('update jobs set listed_order = coalesce($2, listed_order) where job_id = $1', [id, end])
  return looked
}
