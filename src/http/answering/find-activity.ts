import { UnavailableError } from '../../base/errors.ts'
import type { Kind } from '../../base/kinds.ts'
import type { CatalogueActivity, CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'

/** The part of the catalogue that the routes use. */
export interface CatalogueSource {
  list(): CatalogueCampaign[]
  get(id: string): CatalogueCampaign | undefined
  findActivity(campaign: string, activity: string): CatalogueActivity | undefined
  refresh(): Promise<void>
}

const REFRESH_PAUSE_MS = 100

/** The catalogue, which is read again before an unknown id is refused. */
export interface ActivityFinder {
  readonly catalogue: CatalogueSource
  /** @throws UnavailableError while no catalogue could be read at all */
  findCampaign(id: string): Promise<CatalogueCampaign | undefined>
  /** An activity; a promise only if the catalogue does not know it, because the hot path must not pay for one. @throws UnavailableError */
  findActivity(campaign: string, activity: string): CatalogueActivity | Promise<CatalogueActivity | undefined>
  /** The activity of a kind of which a campaign has one at most. @throws UnavailableError */
  findOnly(campaign: string, kind: Kind): CatalogueActivity | Promise<CatalogueActivity | undefined>
  /** Reads the catalogue, at most every 100 ms for all callers together. @throws UnavailableError while none could be read at all */
  refresh(): Promise<void>
}

/**
 * A campaign published a moment ago must not be "not found" until the next regular read of the catalogue, and an empty
 * catalogue after a start without Postgres does not mean that nothing exists. Hidden activities do not exist for the public yet.
 */
export function createActivityFinder(catalogue: CatalogueSource, now: () => number = Date.now): ActivityFinder {
  let loaded = false
  let readAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined

  async function read(): Promise<void> {
    try {
      await catalogue.refresh()
      loaded = true
    } catch (error) {
      if (!loaded && catalogue.list().length === 0)
        throw new UnavailableError('the catalogue could not be read', { cause: error })
    } finally {
      readAt = now()
      running = undefined
    }
  }

  function refresh(): Promise<void> {
    if (running === undefined && loaded && now() - readAt < REFRESH_PAUSE_MS) return Promise.resolve()
    running ??= read()
    return running
  }

  const isVisible = (from: number | undefined) => from === undefined || from <= now()

  function knownActivity(campaign: string, activity: string): CatalogueActivity | undefined {
    const found = catalogue.findActivity(campaign, activity)
    return isVisible(found?.activity.visibleFrom) ? found : undefined
  }

  function knownOnly(id: string, kind: Kind): CatalogueActivity | undefined {
    const campaign = catalogue.get(id)
    const activity = campaign?.rules.activities.find((each) => each.kind === kind)
    return campaign && activity && isVisible(activity.visibleFrom) ? { campaign, activity } : undefined
  }

  return {
    catalogue,
    refresh,
    findOnly(campaign, kind) {
      return knownOnly(campaign, kind) ?? refresh().then(() => knownOnly(campaign, kind))
    },
    async findCampaign(id) {
      if (catalogue.get(id) === undefined) await refresh()
      return catalogue.get(id)
    },
    findActivity(campaign, activity) {
      return knownActivity(campaign, activity) ?? refresh().then(() => knownActivity(campaign, activity))
    }
  }
}
