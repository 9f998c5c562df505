import { type CatalogueCampaign, statusOf } from '../campaign/catalogue.ts'
import type { Gate } from '../gate/gate.ts'
import { logical } from '../gate/keys.ts'
import type { CatalogueSource } from './sales-directory.ts'

/** Units of a session. */
export interface SessionFigures {
  readonly total: number
  readonly remaining: number
}

/** What Redis says about a campaign at a moment. */
export interface CampaignFigures {
  readonly participants: number
  /** by `<activity>/<session>` */
  readonly sessions: ReadonlyMap<string, SessionFigures>
  /** ms since 1970 */
  readonly asOf: number
}

const EVERY_MS = 250
/** figures of what has ended hardly change */
const ENDED_EVERY_MS = 10_000

/**
 * Remaining units and participants of the published campaigns: one read of Redis at most every 250 ms, whatever the
 * audience. While Redis is away the last known figures stay.
 */
export class LiveFigures {
  readonly #gate: Pick<Gate, 'read'>
  readonly #catalogue: Pick<CatalogueSource, 'list'>
  readonly #now: () => number
  readonly #figures = new Map<string, CampaignFigures>()
  #readAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined
  /** counts the reads that succeeded: what was made of older figures is stale */
  generation = 0

  constructor(options: { gate: Pick<Gate, 'read'>; catalogue: Pick<CatalogueSource, 'list'>; now?: () => number }) {
    this.#gate = options.gate
    this.#catalogue = options.catalogue
    this.#now = options.now ?? Date.now
  }

  /** Sees to it that the figures are at most 250 ms old, as far as Redis answers. Never throws. */
  async refresh(): Promise<void> {
    if (this.#running === undefined && this.#now() - this.#readAt >= EVERY_MS) this.#running = this.#read()
    await this.#running
  }

  /** The last known figures; undefined where there never were any. */
  of(campaign: string): CampaignFigures | undefined {
    return this.#figures.get(campaign)
  }

  async #read(): Promise<void> {
    const now = this.#now()
    const due = this.#catalogue.list().filter((campaign) => this.#isDue(campaign, now))
    const keys = due.flatMap(({ id, rules }) => [
      logical.campaign(id),
      ...rules.activities.map((sale) => logical.stock(id, sale.id))
    ])
    try {
      const hashes = keys.length === 0 ? [] : await this.#gate.read(keys)
      let next = 0
      for (const campaign of due) {
        const own = hashes.slice(next, next + 1 + campaign.rules.activities.length)
        next += own.length
        this.#figures.set(campaign.id, figuresOf(campaign, own, now))
      }
      this.generation += 1
    } catch {
      // the figures stay as they were; the gate's health tells of Redis
    } finally {
      this.#readAt = this.#now()
      this.#running = undefined
    }
  }

  #isDue(campaign: CatalogueCampaign, now: number): boolean {
    const status = statusOf(campaign, now)
    if (status !== 'ended' && status !== 'settled') return true
    return now - (this.#figures.get(campaign.id)?.asOf ?? 0) >= ENDED_EVERY_MS
  }
}

function figuresOf(
  campaign: CatalogueCampaign,
  hashes: ReadonlyArray<Record<string, string>>,
  asOf: number
): CampaignFigures {
  const sessions = new Map<string, SessionFigures>()
  for (const [index, sale] of campaign.rules.activities.entries()) {
    const stock = hashes[index + 1] ?? {}
    for (const { id } of sale.sessions) {
      const total = stock[`${id}:total`]
      const remaining = stock[`${id}:remaining`]
      if (total === undefined || remaining === undefined) continue
      sessions.set(`${sale.id}/${id}`, { total: Number(total), remaining: Number(remaining) })
    }
  }
  return { participants: Number(hashes[0]?.participants ?? 0), sessions, asOf }
}
