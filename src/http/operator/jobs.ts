import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { ID } from '../../base/shapes.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { type JobProgress, progressOf } from '../../store/campaigns/job-items.ts'
import { findJob, type Job, type JobKind } from '../../store/campaigns/jobs.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { ARCHIVE_JOB, archiveJobView } from './archive.ts'
import { asProblem } from './campaign-answers.ts'

interface JobOptions {
  readonly campaigns: Campaigns
  readonly pool: Pool
}

/** An archive is named by its campaign, which has one; other jobs by their number. */
const NUMBERED = /^(cancellation|disqualification)-([1-9][0-9]{0,14})$/
const JobParams = Type.Object({
  job: Type.String({ pattern: `^(${ARCHIVE_JOB}${ID}|(cancellation|disqualification)-[1-9][0-9]{0,14})$` })
})

export const jobName = ({ kind, id }: Pick<Job, 'kind' | 'id'>) => `${kind}-${id}`

/** How far a job in bulk has come. */
function jobView(job: Job, progress: JobProgress) {
  const { done, left, failed, failures } = progress
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
    failed: failures,
    asked: job.asked,
    reason: job.reason,
    requestedBy: job.operator,
    requestedAt: job.askedAt.toISOString(),
    doneAt: job.doneAt?.toISOString() ?? null
  }
}

/** A job and how far it has come. @throws UnavailableError, ProblemError NOT_FOUND */
export async function readJob(pool: Pool, kind: JobKind, id: number) {
  const job = await fromStore(findJob(pool, kind, id))
  if (job === undefined) throw new ProblemError('NOT_FOUND')
  return jobView(job, await fromStore(progressOf(pool, id)))
}

/** GET .../jobs/{job}: what operators asked for and the worker does. */
export async function jobRoute(app: FastifyInstance, { campaigns, pool }: JobOptions): Promise<void> {
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
