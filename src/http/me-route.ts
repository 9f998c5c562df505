import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import type { CatalogueCampaign } from '../campaign/catalogue.ts'
import { fromStore } from '../gate/from-store.ts'
import type { Gate } from '../gate/gate.ts'
import { logical } from '../gate/keys.ts'
import { progressOfUser } from '../store/progress.ts'
import { claimsOf, type OnRequest } from './auth.ts'
import { standingView } from './me-view.ts'
import { ProblemError } from './problems.ts'
import type { Directory } from './sales-directory.ts'
import { CampaignParams, OpenObject, refusals } from './schemas.ts'

export interface MeOptions {
  readonly gate: Gate
  readonly pool: pg.Pool
  readonly directory: Directory
  readonly authenticate: OnRequest
  readonly now: () => number
}

/** Counts towards goals, by `<task> <period>`. They are of Postgres, without which the rest is told all the same. */
async function progressOf(pool: pg.Pool, campaign: CatalogueCampaign, user: string): Promise<Map<string, number>> {
  const counted = campaign.rules.activities.some((activity) => activity.kind === 'task' && activity.goal !== null)
  if (!counted) return new Map()
  const rows = await fromStore(progressOfUser(pool, user, campaign.id)).catch(() => [])
  return new Map(rows.map(({ task, period, count }) => [`${task} ${period}`, count]))
}

/** GET .../me: balances, chances, counts and limits of the signed-in user in a campaign. */
export const meRoute: FastifyPluginAsyncTypebox<MeOptions> = async (app, options) => {
  const { gate, pool, directory, authenticate, now } = options
  app.get(
    '/v1/campaigns/:campaign/me',
    {
      onRequest: authenticate,
      schema: {
        summary: 'My balances, chances and counts, and the limits left in a campaign',
        tags: ['campaigns'],
        security: [{ storefront: [] }],
        params: CampaignParams,
        response: { 200: OpenObject, ...refusals }
      }
    },
    async (request, reply) => {
      const campaign = await directory.findCampaign(request.params.campaign)
      if (campaign === undefined) throw new ProblemError('NOT_FOUND')
      const { user, level } = claimsOf(request)
      const [[fields = {}], progress] = await Promise.all([
        gate.read([logical.user(user)]),
        progressOf(pool, campaign, user)
      ])
      const view = standingView({ campaign, level, fields, now: now(), progress })
      return reply.header('cache-control', 'no-store').send(view)
    }
  )
}
