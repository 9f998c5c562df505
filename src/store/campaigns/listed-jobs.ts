import type { Queryable } from '../connection/transaction.ts'
import { type ArchiveRow, archiveColumns } from './archives.ts'
import { itemsOfJob, type JobProgress } from './job-items.ts'
import { type Job, jobColumns } from './jobs.ts'

/** A job as a list of them shows it. */
export type ListedJob = Job & Pick<JobProgress, 'done' | 'left' | 'failed'>

/** Jobs, the newest first, with how far each has come. @param wanted.before the number of a job */
export async function listJobs(
  db: Queryable,
  wanted: {
    readonly campaign?: string | undefined
    readonly isOpen: boolean
    readonly before?: number
    readonly limit: number
  }
): Promise<ListedJob[]> {
  const { campaign, isOpen, before, limit } = wanted
  const { rows } = await db.query<ListedJob>(
    // those that are forgotten are counted no more
    `select ${jobColumns}, coalesce((outcome ->> 'done')::float8, n.done) as done, coalesce((outcome ->> 'failed')::float8, n.failed) as failed,
       coalesce((outcome ->> 'left')::float8, n.listed - n.done - n.failed) as left
     from jobs j left join lateral ${itemsOfJob} n on outcome is null
     where ($1::text is null or campaign_id = $1) and (not $2::boolean or state <> 'done') and ($3::bigint is null or job_id < $3)
     order by job_id desc limit $4`,
    [campaign ?? null, isOpen, before ?? null, limit]
  )
  return rows
}

/** The newest archives, or those that are not done; of one campaign, or of all. */
export async function listArchives(
  db: Queryable,
  {
    campaign,
    isOpen,
    limit
  }: { readonly campaign?: string | undefined; readonly isOpen: boolean; readonly limit: number }
): Promise<Array<ArchiveRow & { readonly done: number; readonly left: number }>> {
  const { rows } = await db.query<ArchiveRow & { done: number; left: number }>(
    `select ${archiveColumns}, p.* from archives a cross join lateral (
       select count(*) filter (where step in ('forgetting', 'done'))::float8 as done,
         count(*) filter (where step not in ('forgetting', 'done'))::float8 as left
       from archive_parts where archive_parts.campaign_id = a.campaign_id
     ) p
     where ($1::text is null or a.campaign_id = $1) and (not $2::boolean or (done_at is null and stopped is null))
     order by requested_at desc limit $3`,
    [campaign ?? null, isOpen, limit]
  )
  return rows
}
