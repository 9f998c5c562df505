import { type CatalogueCampaign, statusOf } from '../../campaign/carrying/catalogue.ts'
import type { HashReader, Shards } from '../../gate/gate.ts'
import type { CatalogueSource } from '../answering/find-activity.ts'
import type { CampaignFigures } from '../kinds/parts/page.ts'
import { keysOf, type SeenFigures, type ShardFigures, shardFigures, together } from './shard-figures.ts'

/** A little less than the pause between two turns of those who watch: each of their turns then finds new figures. */
const EVERY_MS = 200
/** figures of ended campaigns hardly change */
const ENDED_EVERY_MS = 10_000

type FiguresGate = HashReader & Pick<Shards, 'numbers'>

/**
 * Remaining units and participants of the published campaigns: at most five reads of each shard a second, for any number of
 * watchers. Of a shard that does not answer the last known figures stay, and nobody waits for it until it answers again.
 */
export class LiveFigures {
  readonly #gate: FiguresGate
  readonly #catalogue: Pick<CatalogueSource, 'list'>
  readonly #now: () => number
  /** by campaign, and number of the shard */
  readonly #last = new Map<string, Array<ShardFigures | undefined>>()
  /** made of those when somebody asks */
  readonly #figures = new Map<string, SeenFigures>()
  /** shards that did not answer when they were read last */
  readonly #away = new Set<number>()
  readonly #reading = new Map<number, Promise<void>>()
  #readAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined
  /** counts successful reads: a page made from older figures is stale */
  generation = 0

  constructor(options: { gate: FiguresGate; catalogue: Pick<CatalogueSource, 'list'>; now?: () => number }) {
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

  /**
   * The last known figures of all shards together, as everybody may see them; undefined until each shard was read once. Units of some shards
   * are not the units that are left: such a sum says "sold out" where the others have some, and rises when they come.
   */
  of(campaign: string): CampaignFigures | undefined {
    const figures = this.seen(campaign)
    return figures?.readAt.includes(null) ? undefined : figures
  }

  /** The last known figures of those shards that were read, for who can be told which are missing; undefined before the first read. */
  seen(campaign: string): SeenFigures | undefined {
    const known = this.#figures.get(campaign)
    if (known !== undefined) return known
    const figures = together(this.lastOf(campaign))
    if (figures !== undefined) this.#figures.set(campaign, figures)
    return figures
  }

  /** The last known figures by number of the shard; undefined where it was not read yet. */
  lastOf(campaign: string): ReadonlyArray<ShardFigures | undefined> {
    const last = this.#last.get(campaign)
    return this.#gate.numbers.map((shard) => last?.[shard])
  }

  /** Whether a shard did not answer when it was read last. */
  isAway(shard: number): boolean {
    return this.#away.has(shard)
  }

  async #read(): Promise<void> {
    const now = this.#now()
    this.#readAt = now
    const due = this.#due(now)
    const { numbers } = this.#gate
    const reads = numbers.map((shard) => this.#readShard(shard, due, now))
    const answering = reads.filter((_, index) => !this.#away.has(numbers[index] ?? 0))
    await Promise.all(answering.length === 0 ? reads : answering)
  }

  /** Reads a shard, or waits for the read that is under way: one that hangs is not asked again and again. */
  #readShard(shard: number, due: readonly CatalogueCampaign[], now: number): Promise<void> {
    const running = this.#reading.get(shard)
    if (running !== undefined) return running
    const reading = this.#take(shard, due, now).finally(() => this.#reading.delete(shard))
    this.#reading.set(shard, reading)
    return reading
  }

  async #take(shard: number, due: readonly CatalogueCampaign[], now: number): Promise<void> {
    const keys = due.map(keysOf)
    try {
      const hashes = keys.length === 0 ? [] : await this.#gate.read(keys.flat(), shard)
      let next = 0
      for (const [index, campaign] of due.entries()) {
        const end = next + (keys[index]?.length ?? 0)
        this.#note(campaign.id, shard, shardFigures(campaign, hashes.slice(next, end), now))
        next = end
      }
      this.#away.delete(shard)
      this.generation += 1
    } catch {
      // its figures stay as they were; the gate's health reports Redis
      this.#away.add(shard)
    }
  }

  #note(campaign: string, shard: number, figures: ShardFigures): void {
    const last = this.#last.get(campaign) ?? []
    last[shard] = figures
    this.#last.set(campaign, last)
    this.#figures.delete(campaign)
  }

  /** The campaigns to be read now; what is known of those that are published no more is forgotten. */
  #due(now: number): CatalogueCampaign[] {
    const listed = this.#catalogue.list()
    const ids = new Set(listed.map(({ id }) => id))
    for (const id of this.#last.keys()) {
      if (ids.has(id)) continue
      this.#last.delete(id)
      this.#figures.delete(id)
    }
    return listed.filter((campaign) => this.#isDue(campaign, now))
  }

  #isDue(campaign: CatalogueCampaign, now: number): boolean {
    const status = statusOf(campaign, now)
    if (status !== 'ended' && status !== 'settled') return true
    const known = this.seen(campaign.id)
    // read until all of Redis knows the end of the campaign, because its draws then show their seeds
    if (known === undefined || known.readAt.includes(null) || (campaign.ended && !known.ended)) return true
    return now - known.asOf >= ENDED_EVERY_MS
  }
}
