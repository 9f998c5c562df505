import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import { kindOf } from '../../campaign/kinds/index.ts'
import { POINTS, scopeOf, type Units } from '../../campaign/parts/scope.ts'
import type { UserReader } from '../../gate/gate.ts'
import { progressOfUser } from '../../store/campaigns/progress.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import type { Turns } from '../answering/turns.ts'
import { identityOf, type OnRequest } from '../auth/storefront.ts'
import { titlesOf } from '../boards/titles.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { CampaignParams, OpenObject, refusals } from '../wire/schemas.ts'
import { expiringOf } from './expiring.ts'
import { earningOf } from './levels-view.ts'
import { standingView } from './me-view.ts'

interface MeOptions {
  readonly gate: Pick<UserReader, 'fieldsOf' | 'unstoredOf'>
  readonly pool: pg.Pool
  readonly finder: ActivityFinder
  readonly authenticate: OnRequest
  readonly now: () => number
  readonly turns: Turns
}

const accountUnits = (units: Units) =>
  new Set([POINTS, ...Object.keys(units)].filter((unit) => scopeOf(units, unit) === 'account'))

/** Counts towards goals, by `<task> <period>`. They come from Postgres; while it is away the answer has everything else. */
async function progressOf(pool: pg.Pool, campaign: CatalogueCampaign, user: string): Promise<Map<string, number>> {
  const counted = campaign.rules.activities.some((activity) => kindOf(activity).goal?.(activity))
  if (!counted) return new Map()
  const rows = await fromStore(progressOfUser(pool, user, campaign.id)).catch(() => [])
  return new Map(rows.map(({ task, period, count }) => [`${task} ${period}`, count]))
}

/**
 * Makes a view from only the fields that it needs. The view is first made without fields, to learn which it reads, and again
 * until it reads no new ones. So a user's hash is never read as a whole, and no separate list of fields has to be kept equal.
 */
async function viewOfFields<View>(
  read: (names: readonly string[]) => Promise<Readonly<Record<string, string>>>,
  view: (fields: Readonly<Record<string, string>>) => View
): Promise<View> {
  const known = new Map<string, string | undefined>()
  for (;;) {
    const missing = new Set<string>()
    const fields = new Proxy<Record<string, string>>(
      {},
      {
        get(_target, name) {
          if (!known.has(String(name))) missing.add(String(name))
          return known.get(String(name))
        }
      }
    )
    const made = view(fields)
    if (missing.size === 0) return made
    const found = await read([...missing])
    for (const name of missing) known.set(name, found[name])
  }
}

/** GET .../me: balances, chances, counts and limits of the signed-in user in a campaign. */
export const meRoute: FastifyPluginAsyncTypebox<MeOptions> = async (app, options) => {
  const { gate, pool, finder, authenticate, now, turns } = options
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
      const campaign = await finder.findCampaign(request.params.campaign)
      if (campaign === undefined) throw new ProblemError('NOT_FOUND')
      const { user, level } = identityOf(request)
      const language = pickLanguage(request.headers['accept-language'])
      const view = await turns.take(reply, user, async () => {
        const [expiring, progress, earning, titles] = await Promise.all([
          expiringOf({ pool, gate, catalogue: finder.catalogue }, user, accountUnits(campaign.rules.units)).catch(
            () => undefined
          ),
          progressOf(pool, campaign, user),
          earningOf(pool, campaign, user),
          titlesOf(pool, campaign, { user, language })
        ])
        const standing = { campaign, level, now: now(), progress, earning }
        return viewOfFields(
          (names) => gate.fieldsOf(user, names),
          (fields) => ({ ...standingView({ ...standing, fields }, titles), ...(expiring && { expiring }) })
        )
      })
      return reply.header('cache-control', 'no-store').send(view)
    }
  )
}
