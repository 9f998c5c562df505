import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { type Static, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { ID, ID_PATTERN } from '../../base/shapes.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { type JobProgress, progressOf } from '../../store/campaigns/job-items.ts'
import { findJob, type Job, type JobKind } from '../../store/campaigns/jobs.ts'
import { listArchives, listJobs } from '../../store/campaigns/listed-jobs.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { ARCHIVE_JOB, archiveJobView } from './archive.ts'
import { asProblem } from './views/campaign-answers.ts'
import { PageQuery } from './views/pages.ts'

interface JobOptions {
  readonly campaigns: Campaigns
  readonly pool: Pool
}

/** An archive is named by its campaign, which has one; other jobs by their number. */
const NUMBERED = /^(cancellation|disqualification|expiry)-([1-9][0-9]{0,14})$/
const JobParams = Type.Object({
  job: Type.String({ pattern: `^(${ARCHIVE_JOB}${ID}|(cancellation|disqualification|expiry)-[1-9][0-9]{0,14})$` })
})

export const jobName = ({ kind, id }: Pick<Job, 'kind' | 'id'>) => `${kind}-${id}`

/** How far a job in bulk has come, without what failed. */
function listedView({ done, left, failed, ...job }: Job & Pick<JobProgress, 'done' | 'left' | 'failed'>) {
  return {
    id: jobName(job),
    kind: job.kind,
    campaign: job.campaign,
    state: job.state === 'done' ? 'done' : 'running',
    // until everything is listed nobody knows how much is left
    listed: job.state !== 'listing',
    done,
    left,
    failedCount: failed,
    asked: job.asked,
    reason: job.reason,
    requestedBy: job.operator,
    requestedAt: job.askedAt.toISOString(),
    doneAt: job.doneAt?.toISOString() ?? null
  }
}

function jobView(job: Job, { done, left, failed, failures }: JobProgress) {
  return { ...listedView({ ...job, done, left, failed }), failed: failures }
}

/** A job and how far it has come. @throws UnavailableError, ProblemError NOT_FOUND */
export async function readJob(pool: Pool, kind: JobKind, id: number) {
  const job = await fromStore(findJob(pool, kind, id))
  if (job === undefined) throw new ProblemError('NOT_FOUND')
  return jobView(job, await fromStore(progressOf(pool, id)))
}

const JobsQuery = Type.Object(
  {
    limit: PageQuery.properties.limit,
    cursor: Type.Optional(Type.String({ pattern: `^[1-9][0-9]{0,15}(_[a-z]+-${ID})?$` })),
    campaign: Type.Optional(Type.String({ pattern: ID_PATTERN })),
    state: Type.Optional(Type.String({ enum: ['running'], description: 'those that are not done' }))
  },
  { additionalProperties: false }
)
type Asked = { Querystring: Static<typeof JobsQuery> }

type ListedArchive = Awaited<ReturnType<typeof listArchives>>[number]

/** An archive as a list of jobs shows it. */
function archiveItem(row: ListedArchive) {
  return {
    id: `${ARCHIVE_JOB}${row.campaign}`,
    kind: 'archive',
    campaign: row.campaign,
    state: row.stopped !== null ? 'failed' : row.doneAt === null ? 'running' : 'done',
    listed: true,
    done: row.done,
    left: row.left,
    failedCount: row.stopped === null ? 0 : 1,
    reason: row.reason,
    requestedBy: row.operator,
    requestedAt: row.requestedAt.toISOString(),
    doneAt: row.doneAt?.toISOString() ?? null
  }
}

/** A page of jobs and archives together, the newest first. @throws UnavailableError */
async function listPage(pool: Pool, { campaign, state, limit: asked = '20', cursor }: Asked['Querystring']) {
  const limit = Number(asked)
  const [at, name = ''] = cursor?.split('_') ?? []
  const before = at === undefined ? undefined : { at: Number(at), name }
  const wanted = { campaign, isOpen: state === 'running', before, limit: limit + 1 }
  const jobs = (await fromStore(listJobs(pool, wanted))).map((row) => ({ place: row, item: listedView(row) }))
  const archives = await fromStore(listArchives(pool, wanted))
  const all = [...jobs, ...archives.map((row) => ({ place: row, item: archiveItem(row) }))].toSorted(
    (a, b) => b.place.at - a.place.at || (a.place.name < b.place.name ? 1 : -1)
  )
  const shown = all.slice(0, limit)
  const last = shown.at(-1)?.place
  const nextCursor = all.length > limit && last !== undefined ? `${last.at}_${last.name}` : null
  return { items: shown.map(({ item }) => item), nextCursor }
}

/** GET .../jobs and .../jobs/{job}: what operators asked for and the worker does. */
export async function jobRoute(app: FastifyInstance, { campaigns, pool }: JobOptions): Promise<void> {
  app.get<Asked>(
    '/admin/v1/jobs',
    { preHandler: requireRole('viewer'), schema: { querystring: JobsQuery } },
    ({ query }) => listPage(pool, query)
  )

  app.get<{ Params: { job: string } }>(
    '/admin/v1/jobs/:job',
    { preHandler: requireRole('viewer'), schema: { params: JobParams } },
    async (request) => {
      const { job } = request.params
      const [, kind, id] = NUMBERED.exec(job) ?? []
      if (kind !== undefined) return readJob(pool, kind as JobKind, Number(id))
      return archiveJobView(await asProblem(campaigns.archiving(job.slice(ARCHIVE_JOB.length))))
    }
  )
}
