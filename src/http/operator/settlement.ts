import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { etagOf } from '../../campaign/lifecycle/lifecycle.ts'
import { handedOver } from '../../store/reading/fulfilments.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { CampaignParams, OpenObject, refusals } from '../wire/schemas.ts'
import { actorOf, asProblem } from './views/campaign-answers.ts'
import { campaignItem } from './views/campaign-views.ts'
import { type Dry, DryRunQuery, type Named } from './views/pages.ts'
import '../wire/request-types.ts'

interface SettlementOptions {
  readonly campaigns: Campaigns
  /** ms since 1970 */
  readonly now?: () => number
}

const Body = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false })

/** Settles a campaign: at once where nothing is left to do, else 202 with what it waits for, and the worker carries on. */
export async function settlementRoute(app: FastifyInstance, options: SettlementOptions): Promise<void> {
  const { campaigns, now = Date.now } = options
  app.post<Named & Dry>(
    '/admin/v1/campaigns/:campaign/settlement',
    {
      preHandler: requireRole('admin'),
      schema: { params: CampaignParams, querystring: DryRunQuery },
      config: { takes: Body }
    },
    async (request, reply) => {
      const id = request.params.campaign
      const checked = checkBody(Body, request.body ?? {})
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      if (request.query.dryRun === 'true') {
        const { campaign, left } = await asProblem(campaigns.planSettlement(id))
        return { dryRun: true, campaign: campaignItem(campaign, now()), left, canBeTakenBack: false }
      }
      const { campaign, settlement } = await asProblem(campaigns.settle(id, actorOf(request, checked.body.reason)))
      reply.header('etag', etagOf(campaign))
      const item = campaignItem(campaign, now())
      if (campaign.settled) return { outcome: 'confirmed', campaign: item }
      const waitsFor = settlement?.waitsFor ?? null
      return reply.code(202).send({ outcome: 'pending', campaign: item, waitsFor, retryAfterMs: 1000 })
    }
  )
}

interface OwedOptions {
  readonly pool: Pool
  readonly campaigns: Campaigns
  /** ms since 1970 */
  readonly now: () => number
}

/** What is owed and what is issued of a campaign. */
export async function owedRoute(app: FastifyInstance, { pool, campaigns, now }: OwedOptions): Promise<void> {
  app.get<{ Params: { campaign: string } }>(
    '/admin/v1/campaigns/:campaign/fulfilment',
    {
      preHandler: requireRole('viewer', 'wins:read'),
      schema: { params: CampaignParams, response: { 200: OpenObject, ...refusals } }
    },
    async (request) => {
      const { id } = await asProblem(campaigns.get(request.params.campaign))
      const at = now()
      return { campaign: id, asOf: new Date(at).toISOString(), prizes: await fromStore(handedOver(pool, id, at)) }
    }
  )
}
