import { type CatalogueCampaign, statusOf } from '../../campaign/carrying/catalogue.ts'
import { stockItems } from '../../campaign/definition/stock.ts'
import { unpackSessions } from '../../campaign/parts/packed.ts'
import type { HashReader } from '../../gate/gate.ts'
import { logical } from '../../record/keys.ts'
import type { CatalogueSource } from '../answering/find-activity.ts'
import { httpKindOf } from '../kinds/index.ts'
import type { CampaignFigures, StockFigures } from '../kinds/parts/page.ts'

/** A little less than the pause between two turns of those who watch: each of their turns then finds new figures. */
const EVERY_MS = 200
/** figures of ended campaigns hardly change */
const ENDED_EVERY_MS = 10_000

/**
 * Remaining units and participants of the published campaigns: at most five reads of Redis a second, for any
 * number of watchers. While Redis is away the last known figures stay.
 */
export class LiveFigures {
  readonly #gate: HashReader
  readonly #catalogue: Pick<CatalogueSource, 'list'>
  readonly #now: () => number
  readonly #figures = new Map<string, CampaignFigures>()
  #readAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined
  /** counts successful reads: a page made from older figures is stale */
  generation = 0

  constructor(options: { gate: HashReader; catalogue: Pick<CatalogueSource, 'list'>; now?: () => number }) {
    this.#gate = options.gate
    this.#catalogue = options.catalogue
    this.#now = options.now ?? Date.now
  }

  /** Reads the figures if the last read began 200 ms ago and Redis answers. Never throws. */
  async refresh(): Promise<void> {
    if (this.#running === undefined && this.#now() - this.#readAt >= EVERY_MS) {
      // not within the read: one that has nothing to ask for is over before it is noted here, and would stay noted
      this.#running = this.#read().finally(() => {
        this.#running = undefined
      })
    }
    await this.#running
  }

  /** The last known figures; undefined before the first read. */
  of(campaign: string): CampaignFigures | undefined {
    return this.#figures.get(campaign)
  }

  async #read(): Promise<void> {
    const now = this.#now()
    this.#readAt = now
    const due = this.#catalogue.list().filter((campaign) => this.#isDue(campaign, now))
    const keys = due.map(keysOf)
    try {
      const hashes = keys.length === 0 ? [] : await this.#gate.read(keys.flat())
      let next = 0
      for (const [index, campaign] of due.entries()) {
        const own = keys[index] ?? []
        const found = new Map(own.map((key, at) => [key, hashes[next + at] ?? {}]))
        next += own.length
        this.#figures.set(campaign.id, figuresOf(campaign, found, now))
      }
      this.generation += 1
    } catch {
      // the figures stay as they were; the gate's health reports Redis
    }
  }

  #isDue(campaign: CatalogueCampaign, now: number): boolean {
    const status = statusOf(campaign, now)
    if (status !== 'ended' && status !== 'settled') return true
    const known = this.#figures.get(campaign.id)
    // read until Redis knows the end of the campaign, because its draws then show their seeds
    if (known === undefined || (campaign.ended && !known.ended)) return true
    return now - known.asOf >= ENDED_EVERY_MS
  }
}

function keysOf({ id, rules }: CatalogueCampaign): string[] {
  return [
    logical.campaign(id),
    ...rules.activities.flatMap((activity) => [
      ...(stockItems(activity).length > 0 || httpKindOf(activity).page.hasCounts
        ? [logical.stock(id, activity.id)]
        : []),
      ...(httpKindOf(activity).page.waitsForClosing ? [logical.activity(id, activity.id)] : [])
    ])
  ]
}

type Hashes = ReadonlyMap<string, Record<string, string>>

function stockFigures({ id, rules }: CatalogueCampaign, hashes: Hashes): Map<string, StockFigures> {
  const figures = new Map<string, StockFigures>()
  for (const activity of rules.activities) {
    const stock = hashes.get(logical.stock(id, activity.id)) ?? {}
    for (const item of stockItems(activity)) {
      const total = stock[`${item.id}:total`]
      const remaining = stock[`${item.id}:remaining`]
      if (total === undefined || remaining === undefined) continue
      const [held = 0, paid = 0] = ['held', 'paid'].map((name) => Number(stock[`${item.id}:${name}`] ?? 0))
      figures.set(`${activity.id}/${item.id}`, { total: Number(total), remaining: Number(remaining), held, paid })
    }
  }
  return figures
}

function countsOf({ id, rules }: CatalogueCampaign, hashes: Hashes): Map<string, number> {
  const counting = rules.activities.filter((activity) => httpKindOf(activity).page.hasCounts)
  return new Map(
    counting.flatMap((activity) => {
      const fields = Object.entries(hashes.get(logical.stock(id, activity.id)) ?? {})
      return fields.map(([field, count]) => [`${activity.id}/${field}`, Number(count)] as const)
    })
  )
}

/** The latest closing time in packed sessions, at most the campaign's; undefined if they cannot be read. */
function closingOf(rules: Record<string, string>, campaignClosesAt: string | undefined): number | undefined {
  try {
    const closings = unpackSessions(rules.sessions ?? '').map(({ closesAt }) => closesAt)
    const closing = Math.min(Math.max(...closings), Number(campaignClosesAt))
    return Number.isFinite(closing) ? closing : undefined
  } catch {
    return undefined
  }
}

function figuresOf(campaign: CatalogueCampaign, hashes: Hashes, asOf: number): CampaignFigures {
  const own = hashes.get(logical.campaign(campaign.id)) ?? {}
  const closings = new Map<string, number>()
  for (const { id } of campaign.rules.activities) {
    // only activities whose page needs the closing time were read
    const rules = hashes.get(logical.activity(campaign.id, id))
    const closing = rules && closingOf(rules, own.closes_at)
    if (closing !== undefined) closings.set(id, closing)
  }
  return {
    participants: Number(own.participants ?? 0),
    stock: stockFigures(campaign, hashes),
    counts: countsOf(campaign, hashes),
    ended: own.ended === '1',
    closings,
    asOf
  }
}
