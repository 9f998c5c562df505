import type { Queryable } from '../connection/transaction.ts'
import { type ArchiveRow, archiveColumns } from './archives.ts'
import { itemsOfJob, type JobProgress } from './job-items.ts'
import { type Job, jobColumns } from './jobs.ts'

/** A job as a list of them shows it. */
type ListedJob = Job & Pick<JobProgress, 'done' | 'left' | 'failed'>

/** Where a page of jobs and archives ended: the moment that it was asked for, microseconds since 1970, and its name. */
interface JobPlace {
  readonly at: number
  readonly name: string
}

interface Wanted {
  readonly campaign?: string | undefined
  readonly isOpen: boolean
  readonly before?: JobPlace | undefined
  readonly limit: number
}

const microseconds = (moment: string) => `(extract(epoch from ${moment}) * 1000000)::bigint`
const valuesOf = ({ campaign, isOpen, before, limit }: Wanted) => [
  campaign ?? null,
  isOpen,
  before?.at ?? null,
  before?.name ?? null,
  limit
]

/** Jobs, the newest first, with how far each has come. */
export async function listJobs(db: Queryable, wanted: Wanted): Promise<Array<ListedJob & JobPlace>> {
  const { rows } = await db.query<ListedJob & JobPlace>(
    // those that are forgotten are counted no more
    `select j.id, kind, campaign, asked, operator, reason, intent, state, marks, "askedAt", "doneAt", j.at, j.name, coalesce((outcome ->> 'done')::float8, n.done) as done, coalesce((outcome ->> 'failed')::float8, n.failed) as failed,
       coalesce((outcome ->> 'left')::float8, n.listed - n.done - n.failed) as left
     from (
       select ${jobColumns}, outcome, job_id, items_listed, items_done, items_failed, p.at::float8 as at, p.name
       from jobs cross join lateral (select ${microseconds('asked_at')} as at, kind || '-' || job_id as name) p
       where ($1::text is null or campaign_id = $1) and (not $2::boolean or state <> 'done')
         and ($3::bigint is null or (p.at, p.name collate "C") < ($3, $4::text))
       order by p.at desc, p.name collate "C" desc limit $5
     ) j left join lateral ${itemsOfJob} n on outcome is null
     order by j.at desc, j.name collate "C" desc`,
    valuesOf(wanted)
  )
  return rows
}

/** Archives likewise, each with how many shards have done with it. */
export async function listArchives(
  db: Queryable,
  wanted: Wanted
): Promise<Array<ArchiveRow & JobPlace & { readonly done: number; readonly left: number }>> {
  const { rows } = await db.query<ArchiveRow & JobPlace & { done: number; left: number }>(
    `select ${archiveColumns}, q.at::float8 as at, q.name, p.* from archives a cross join lateral (
       select count(*) filter (where step in ('forgetting', 'done'))::float8 as done,
         count(*) filter (where step not in ('forgetting', 'done'))::float8 as left
       from archive_parts where archive_parts.campaign_id = a.campaign_id
     ) p cross join lateral (select ${microseconds('requested_at')} as at, 'archive-' || a.campaign_id as name) q
     where ($1::text is null or a.campaign_id = $1) and (not $2::boolean or (done_at is null and stopped is null))
       and ($3::bigint is null or (q.at, q.name collate "C") < ($3, $4::text))
     order by q.at desc, q.name collate "C" desc limit $5`,
    valuesOf(wanted)
  )
  return rows
}
