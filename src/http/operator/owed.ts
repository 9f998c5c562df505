import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { handedOver } from '../../store/reading/fulfilments.ts'
import { requireRole } from '../auth/operator.ts'
import { CampaignParams, OpenObject, refusals } from '../wire/schemas.ts'
import { asProblem } from './campaign-answers.ts'

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
