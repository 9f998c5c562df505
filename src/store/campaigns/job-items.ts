import type { Pool } from 'pg'
import { inTransaction, type Queryable } from '../connection/transaction.ts'

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

/** How far a job has come; what is told of it stays the same once its items are forgotten. */
export async function progressOf(db: Queryable, job: number): Promise<JobProgress> {
  const { rows } = await db.query<{ outcome: JobProgress | null }>('select outcome from jobs where job_id = $1', [job])
  return rows[0]?.outcome ?? countItems(db, job)
}

async function countItems(db: Queryable, job: number): Promise<JobProgress> {
  const { rows } = await db.query<Omit<JobProgress, 'failures' | 'wins'> & { wins: string[] | null }>(
    `select count(*) filter (where state = 'done')::float8 as done, count(*) filter (where state = 'due')::float8 as left,
       count(*) filter (where state = 'failed')::float8 as failed,
       array_agg(item order by split_part(item, '-', 2)::bigint desc, split_part(item, '-', 3)::bigint desc)
         filter (where state = 'done' and kind = 'win') as wins
     from job_items where job_id = $1`,
    [job]
  )
  const { rows: failures } = await db.query<{ id: string; reason: string }>(
    `select item as id, refusal as reason from job_items where job_id = $1 and state = 'failed' order by item limit ${FAILED}`,
    [job]
  )
  const { done = 0, left = 0, failed = 0, wins = null } = rows[0] ?? {}
  return { done, left, failed, failures, wins: wins ?? [] }
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
