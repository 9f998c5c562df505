import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import { stockItems } from '../../campaign/definition/stock.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { ActivityUse } from '../answering/activity-use.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { visibleActivities } from '../campaigns/campaign-view.ts'
import type { LiveFigures } from '../campaigns/live-figures.ts'
import type { CampaignFigures } from '../kinds/parts/page.ts'
import { localise, pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { cacheable } from '../wire/answer-headers.ts'
import { CampaignParams, ListQuery, listOf, refusals } from '../wire/schemas.ts'

interface HotOptions {
  readonly finder: ActivityFinder
  readonly figures: LiveFigures
  readonly use: ActivityUse
  readonly now: () => number
}

const DEFAULT_LIMIT = 20

const HotActivity = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  title: Type.String(),
  uses: Type.Integer({ description: 'how often it was used, at least' })
})

/** Units and prizes taken, as Redis counts them; it counts none for tasks and for prizes without a quota. */
function taken(activity: ActivityRules, figures: CampaignFigures | undefined): number {
  return stockItems(activity).reduce((sum, { id }) => {
    const stock = figures?.stock.get(`${activity.id}/${id}`)
    return sum + (stock === undefined ? 0 : stock.total - stock.remaining)
  }, 0)
}

const HotQuery = Type.Object({ limit: ListQuery.properties.limit }, { additionalProperties: false })

/**
 * GET .../activities/hot: the activities of a campaign, most used first. `uses` needs no further query: it is the larger of
 * the stock taken in Redis (figures that live pages read anyway) and of the confirmations of this gateway since its start,
 * all its processes together. So it is never too high; for tasks and fallback prizes each of several gateways knows only
 * its share. Exact counts are in the report.
 */
export const hotRoute: FastifyPluginAsyncTypebox<HotOptions> = async (app, { finder, figures, use, now }) => {
  function usesOf(campaign: CatalogueCampaign, activity: ActivityRules): number {
    return Math.max(taken(activity, figures.seen(campaign.id)), use.of(campaign.id, activity.id))
  }

  app.get(
    '/v1/campaigns/:campaign/activities/hot',
    {
      schema: {
        summary: 'The most used activities of a campaign',
        tags: ['campaigns'],
        description:
          'For tasks and prizes without a quota: what this gateway confirmed since it started. Several gateways behind one ' +
          'address each tell their own; what is taken from stock is the same at all of them.',
        params: CampaignParams,
        querystring: HotQuery,
        response: { 200: listOf(HotActivity, 'HotActivities'), ...refusals }
      }
    },
    async (request, reply) => {
      const campaign = await finder.findCampaign(request.params.campaign)
      if (campaign === undefined) throw new ProblemError('NOT_FOUND')
      await figures.refresh()
      const language = pickLanguage(request.headers['accept-language'])
      const items = visibleActivities(campaign, now())
        .map((activity) => ({ activity, uses: usesOf(campaign, activity) }))
        .sort((a, b) => b.uses - a.uses)
        .slice(0, Number(request.query.limit ?? DEFAULT_LIMIT))
        .map(({ activity: { id, kind, title }, uses }) => ({ id, kind, title: localise(title, language), uses }))
      cacheable(reply, 1)
      return { items, nextCursor: null }
    }
  )
}
