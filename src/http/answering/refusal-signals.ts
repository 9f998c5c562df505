import type { FastifyRequest } from 'fastify'
import type { Kind } from '../../base/kinds.ts'
import type { CatalogueActivity } from '../../campaign/carrying/catalogue.ts'
import type { RefusalSink, SignalCounts } from '../running/signals.ts'
import type { ActivityFinder } from './find-activity.ts'
import '../wire/request-types.ts'

/** A route by which users take part in activities of a kind. */
interface Route {
  readonly kind: Kind
  /** the parameter that names the activity; undefined where a campaign has one of the kind at most */
  readonly param: string | undefined
}

type Catalogue = ActivityFinder['catalogue']

function onlyOne(catalogue: Catalogue, campaignId: string, kind: Kind): CatalogueActivity | undefined {
  const campaign = catalogue.get(campaignId)
  const activity = campaign?.rules.activities.find((each) => each.kind === kind)
  return campaign && activity && { campaign, activity }
}

/** The activity that a path names, where the catalogue knows it: names that it does not know are counted nowhere. */
function namedIn(request: FastifyRequest, catalogue: Catalogue, { kind, param }: Route): CatalogueActivity | undefined {
  const params = request.params as Readonly<Record<string, string>>
  const { campaign = '', [param ?? '']: activity = '' } = params
  const found = param === undefined ? onlyOne(catalogue, campaign, kind) : catalogue.findActivity(campaign, activity)
  return found?.activity.kind === kind ? found : undefined
}

/** Reports refusals of a route: those of the gate, and those of a request that did not get there. */
export function refusalSink(
  signals: SignalCounts,
  { catalogue }: Pick<ActivityFinder, 'catalogue'>,
  route: Route
): RefusalSink<FastifyRequest> {
  return {
    refused(request, code, members) {
      const asked = request.found ?? namedIn(request, catalogue, route)
      if (asked === undefined) return
      signals.refused(asked, { user: request.identity?.user, key: request.idempotencyKey, code, members })
    }
  }
}
