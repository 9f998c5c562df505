import { Gauge, Registry } from 'prom-client'
import { type CatalogueCampaign, statusOf } from '../../campaign/carrying/catalogue.ts'
import { stockItems } from '../../campaign/definition/stock.ts'
import type { CatalogueSource } from '../answering/find-activity.ts'
import type { LiveFigures } from '../campaigns/live-figures.ts'

/** Each item is two series: a definition may have a thousand sessions, and there may be many campaigns. */
const ITEMS_MAX = 500
/** A session is shown from this time before it opens until it closes. */
const BEFORE_MS = 3_600_000

interface StockMetricsOptions {
  readonly figures: Pick<LiveFigures, 'refresh' | 'of'>
  readonly catalogue: Pick<CatalogueSource, 'list'>
  /** ms since 1970 */
  readonly now?: () => number
}

/** What can be taken soon: prizes of a campaign that is not over, and sessions that are open or open within an hour. */
function itemsOf(campaign: CatalogueCampaign, now: number) {
  const status = statusOf(campaign, now)
  if (status === 'ended' || status === 'settled') return []
  return campaign.rules.activities.flatMap((activity) => {
    const isNear = (item: string) => {
      const session = activity.sessions.find(({ id }) => id === item)
      return session === undefined || (session.opensAt - BEFORE_MS <= now && now < session.closesAt)
    }
    const items = stockItems(activity).filter(({ id }) => isNear(id))
    return items.map(({ id }) => ({ campaign: campaign.id, activity: activity.id, item: id }))
  })
}

/** Units that are left, by what they are units of; while Redis is away those that were read last. */
export function createStockMetrics({ figures, catalogue, now = Date.now }: StockMetricsOptions): Registry {
  const registry = new Registry()
  const labelNames = ['campaign', 'activity', 'item'] as const
  const gauge = (name: string, help: string) => {
    return new Gauge({ name: `floodgate_stock_${name}`, help, labelNames, registers: [registry] })
  }
  const near = `sessions from an hour before they open until they close, and prizes; at most ${ITEMS_MAX}`
  const remaining = gauge('remaining_units', `Units that are left of ${near}`)
  const total = gauge('total_units', `Units that there were of ${near}`)
  const leftOut = new Gauge({
    name: 'floodgate_stock_left_out_items',
    help: 'Sessions and prizes that would be shown and are too many',
    registers: [registry]
  })
  const metrics = registry.metrics.bind(registry)
  registry.metrics = async () => {
    await figures.refresh()
    registry.resetMetrics()
    const items = catalogue.list().flatMap((campaign) => itemsOf(campaign, now()))
    leftOut.set(Math.max(0, items.length - ITEMS_MAX))
    for (const labels of items.slice(0, ITEMS_MAX)) {
      const known = figures.of(labels.campaign)?.stock.get(`${labels.activity}/${labels.item}`)
      if (known === undefined) continue
      remaining.set(labels, known.remaining)
      total.set(labels, known.total)
    }
    return metrics()
  }
  return registry
}
