import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { CatalogueCampaign } from '../campaign/catalogue.ts'
import type { Gate } from '../gate/gate.ts'
import { claimsOf, type OnRequest } from './auth.ts'
import { currentOrNext, visibleActivities } from './campaign-view.ts'
import { ProblemError } from './problems.ts'
import type { Directory } from './sales-directory.ts'
import { CampaignParams, OpenObject, refusals } from './schemas.ts'
import type { Claims } from './storefront-token.ts'

export interface MeOptions {
  readonly gate: Gate
  readonly directory: Directory
  readonly authenticate: OnRequest
  readonly now: () => number
}

/** Units taken against a limit per user; limit and left are null where there is none. */
function allowance(taken: string | undefined, limit: number) {
  const count = Number(taken ?? 0)
  return { count, limit: limit || null, left: limit > 0 ? Math.max(0, limit - count) : null }
}

/** Where a user stands in a campaign. `fields` is the user's hash in Redis. */
function standingView(
  campaign: CatalogueCampaign,
  claims: Claims,
  { fields, now }: { fields: Record<string, string>; now: number }
) {
  const { id, rules } = campaign
  const prefix = `e:${id}/`
  const entitlements = Object.entries(fields).filter(([field, held]) => field.startsWith(prefix) && Number(held) > 0)
  return {
    campaign: id,
    level: claims.level,
    disqualified: fields[`dq:${id}`] === '1',
    balances: {},
    chances: {},
    titles: [],
    streak: null,
    entitlements: entitlements.map(([field]) => field.slice(prefix.length)),
    units: allowance(fields[`n:${id}`], rules.unitsPerUser),
    activities: visibleActivities(campaign, now).map((activity) => {
      const session = currentOrNext(activity, now)
      return {
        id: activity.id,
        units: allowance(fields[`n:${id}/${activity.id}`], 'unitsPerUser' in activity ? activity.unitsPerUser : 0),
        session:
          session === undefined
            ? null
            : { id: session.id, units: allowance(fields[`n:${id}/${activity.id}/${session.id}`], session.unitsPerUser) }
      }
    })
  }
}

/** GET .../me: counts and limits of the signed-in user in a campaign. */
export const meRoute: FastifyPluginAsyncTypebox<MeOptions> = async (app, { gate, directory, authenticate, now }) => {
  app.get(
    '/v1/campaigns/:campaign/me',
    {
      onRequest: authenticate,
      schema: {
        summary: 'My counts and the limits left in a campaign',
        tags: ['campaigns'],
        security: [{ storefront: [] }],
        params: CampaignParams,
        response: { 200: OpenObject, ...refusals }
      }
    },
    async (request, reply) => {
      const campaign = await directory.findCampaign(request.params.campaign)
      if (campaign === undefined) throw new ProblemError('NOT_FOUND')
      const claims = claimsOf(request)
      const [fields = {}] = await gate.read([`u:${claims.user}`])
      return reply.header('cache-control', 'no-store').send(standingView(campaign, claims, { fields, now: now() }))
    }
  )
}
