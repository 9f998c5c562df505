import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import type { Archiving } from '../../campaign/lifecycle/archive.ts'
import { type Campaigns, etagOf } from '../../campaign/lifecycle/lifecycle.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { CampaignParams } from '../wire/schemas.ts'
import { actorOf, asProblem } from './views/campaign-answers.ts'
import { campaignItem } from './views/campaign-views.ts'
import { type Dry, DryRunQuery, type Named } from './views/pages.ts'
import '../wire/request-types.ts'

interface ArchiveOptions {
  readonly campaigns: Campaigns
  /** ms since 1970 */
  readonly now?: () => number
}

const Body = Type.Object(
  { reason: Reason, sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'of the lines of the file' }) },
  { additionalProperties: false }
)

/** The job of an archive is named by its campaign: each campaign has one. */
export const ARCHIVE_JOB = 'archive-'

const stateOf = ({ archive, campaign }: Archiving) => {
  if (archive.stopped !== null) return 'failed'
  return campaign.archived ? 'done' : 'running'
}

/** How far the job has come: by shard, users and hashes that left Redis and decisions that left Postgres. */
export function archiveJobView(archiving: Archiving) {
  const { campaign, archive, parts } = archiving
  const isOver = (step: string) => step === 'forgetting' || step === 'done'
  return {
    id: `${ARCHIVE_JOB}${campaign.id}`,
    kind: 'archive',
    campaign: campaign.id,
    state: stateOf(archiving),
    done: parts.filter(({ step }) => isOver(step)).length,
    left: parts.filter(({ step }) => !isOver(step)).length,
    failed: archive.stopped === null ? [] : [{ id: campaign.id, reason: archive.stopped }],
    requestedBy: archive.operator,
    requestedAt: archive.requestedAt.toISOString(),
    comparedAt: archive.comparedAt?.toISOString() ?? null,
    doneAt: archive.doneAt?.toISOString() ?? null,
    sha256: archive.sha256,
    shards: parts.map(({ shard, step, waitsFor, users, decisions }) => ({ shard, step, waitsFor, users, decisions }))
  }
}

/** Archives a final campaign: 202 with a job, which the worker does, and 409 with what it waits for. */
export async function archiveRoutes(app: FastifyInstance, options: ArchiveOptions): Promise<void> {
  const { campaigns, now = Date.now } = options

  app.post<Named & Dry>(
    '/admin/v1/campaigns/:campaign/archive',
    {
      preHandler: requireRole('admin'),
      schema: { params: CampaignParams, querystring: DryRunQuery },
      config: { takes: Body }
    },
    async (request, reply) => {
      const id = request.params.campaign
      const isDry = request.query.dryRun === 'true'
      if (isDry) {
        const { campaign, waitsFor } = await asProblem(campaigns.planArchive(id))
        return { dryRun: true, campaign: campaignItem(campaign, now()), waitsFor, canBeTakenBack: false }
      }
      const checked = checkBody(Body, request.body ?? {})
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const { reason, sha256 } = checked.body
      const archiving = await asProblem(campaigns.archive({ id, sha256 }, actorOf(request, reason)))
      const { campaign } = archiving
      const answer = { campaign: campaignItem(campaign, now()), job: archiveJobView(archiving) }
      reply.header('etag', etagOf(campaign))
      if (campaign.archived) return { outcome: 'confirmed', ...answer }
      return reply.code(202).send({ outcome: 'pending', ...answer, retryAfterMs: 1000 })
    }
  )
}
