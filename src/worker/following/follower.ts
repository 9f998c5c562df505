import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'
import { FloodgateError } from '../../base/errors.ts'
import { failPoint } from '../../config/fail-points.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { type Followed, readFollowed } from '../../store/following/followed.ts'
import {
  addListener,
  aloneName,
  type FollowerPlaces,
  joinTogether,
  knownListeners,
  type ListenerName,
  leaveTogether,
  lockTogether,
  movePlace,
  type Reader,
  readFollowerPlaces
} from '../../store/following/places.ts'
import type { Position } from '../../store/shard/shards.ts'
import type { Listener } from './listener.ts'
import type { ListenerPlan, ListenersByCampaign } from './plan.ts'

/** Frames in one transaction. */
const FRAMES = 100
/** The longest step, so that a worker can stop in time. */
const STEP_MS = 1000

/** Another process moved the place of a reader, or others read there now: what this one read is not stored. */
class PlaceMovedError extends FloodgateError {
  readonly code = 'place-moved'
  readonly meaning = 'Nothing of what was read was stored twice.'
  readonly remedy = 'Nothing to do: it is read again, by this worker or the other one.'
}

interface FollowerParts {
  readonly pool: Pool
  readonly shard: number
  readonly plan: ListenerPlan
  readonly logger: Logger
}

/** A listener and its campaign. */
interface Named extends ListenerName {
  readonly listener: Listener
}

/** A place to begin at, whose it is, and who reads on from there. */
interface Reading {
  readonly reader: Reader
  readonly from: Position
  readonly upTo: Position
  readonly listeners: readonly Named[]
  /** who reads alone at the time, by name */
  readonly apart: readonly string[]
}

/** The error of one listener; the others are to go on. */
class ListenerFailed extends FloodgateError {
  readonly code = 'listener-failed'
  readonly meaning = 'What it would have noted is not noted yet; nothing is lost.'
  readonly remedy = 'Nothing to do unless it goes on: it is tried again by itself.'
  readonly failed: Named

  constructor(failed: Named, cause: unknown) {
    super(`The listener ${aloneName(failed)} failed.`, { cause })
    this.failed = failed
  }
}

const isBefore = (a: Position, b: Position) => a.epoch < b.epoch || (a.epoch === b.epoch && a.sequence < b.sequence)

/**
 * Reads the decisions that Postgres has, and hands those of a campaign to its listeners. The place is stored in the same transaction as
 * what they write, so each decision is taken once, by whichever worker. Listeners that are up to date share one place. One that is new
 * reads the history of its campaign by itself first, and so does one that failed, from where it failed: neither stops the others.
 */
export class Follower {
  readonly #parts: FollowerParts
  #known: Set<string> | undefined
  #isListening = false

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  /** Whether anybody listened at the last step. */
  get isListening(): boolean {
    return this.#isListening
  }

  /**
   * @returns how many decisions were handed over
   * @throws what Postgres throws, and the first error of a listener that reads by itself, once all others have read
   */
  async step(): Promise<number> {
    const { pool, shard, plan } = this.#parts
    const byCampaign = await plan.read()
    this.#isListening = byCampaign.size > 0
    if (!this.#isListening) return 0
    const all = [...allOf(byCampaign)]
    await this.#addUnknown(all)
    const until = performance.now() + STEP_MS
    const errors: unknown[] = []
    const before = await readFollowerPlaces(pool, shard)
    const alone = all.flatMap((named) => this.#readingAlone(named, before) ?? [])
    let taken = 0
    const readOn = async (reading: Reading) => {
      taken += await this.#readOn(reading, until)
    }
    for (const reading of alone) await readOn(reading).catch((error: unknown) => errors.push(error))
    // who has caught up reads together from here on
    const places = alone.length === 0 ? before : await readFollowerPlaces(pool, shard)
    const listeners = all.filter((named) => !places.alone.has(aloneName(named)))
    const { together, projected } = places
    const apart = [...places.alone.keys()]
    if (together) await readOn({ reader: 'together', from: together, upTo: projected, listeners, apart })
    if (errors.length > 0) throw errors[0]
    return taken
  }

  /** Notes listeners that are not known yet; before the first of them nobody has a place. */
  async #addUnknown(all: readonly Named[]): Promise<void> {
    const { pool, shard } = this.#parts
    this.#known ??= new Set((await knownListeners(pool, shard)).map(aloneName))
    const known = this.#known
    const added = all.filter((named) => !known.has(aloneName(named)))
    if (added.length === 0) return
    await inTransaction(pool, async (session) => {
      // whoever moves it on next has to know them
      await lockTogether(session, shard)
      const { together, projected } = await readFollowerPlaces(session, shard)
      if (together === undefined)
        await movePlace(session, { shard, reader: 'together' }, { before: undefined, after: projected })
      for (const { campaign, name } of added) await addListener(session, shard, { campaign, name })
    })
    for (const named of added) known.add(aloneName(named))
  }

  /** From where a listener reads by itself, up to where the others are; undefined for one that reads with them. */
  #readingAlone(named: Named, { together, alone }: FollowerPlaces): Reading | undefined {
    const from = alone.get(aloneName(named))
    return from && together && { reader: named, from, upTo: together, listeners: [named], apart: [] }
  }

  /** @returns how many decisions were handed over */
  async #readOn(reading: Reading, until: number): Promise<number> {
    let taken = 0
    let { from } = reading
    const { reader, upTo } = reading
    const { pool, shard } = this.#parts
    if (reader !== 'together' && !isBefore(from, upTo))
      await inTransaction(pool, async (session) => {
        await lockTogether(session, shard)
        await joinTogether(session, shard, reader)
      })
    while (isBefore(from, upTo) && performance.now() < until) {
      const next = await this.#read({ ...reading, from })
      if (next === undefined) return taken
      from = next.place
      taken += next.taken
    }
    return taken
  }

  /**
   * @returns the place after what was read, and how many decisions that was; undefined when nothing can be read yet, because a frame that was
   * decided before is not stored, and when somebody failed, who reads by itself from now on
   */
  async #read(reading: Reading): Promise<{ readonly place: Position; readonly taken: number } | undefined> {
    const { pool, shard, logger } = this.#parts
    const { reader, from, upTo, listeners } = reading
    const campaigns = [...new Set(listeners.map(({ campaign }) => campaign))]
    const read = await readFollowed(pool, { shard, after: from, upTo, campaigns, most: FRAMES })
    if (!isBefore(from, read.place)) return undefined
    try {
      await inTransaction(pool, async (session) => {
        const isLast = !isBefore(read.place, upTo)
        if (reader !== 'together' && isLast) await lockTogether(session, shard)
        if (!(await movePlace(session, { shard, reader }, { before: from, after: read.place })))
          throw new PlaceMovedError('The place of the follower was moved by another worker.')
        if (reader === 'together') await this.#checkReaders(session, reading)
        await takeAll(session, listeners, read.decisions)
        if (reader !== 'together' && isLast) await joinTogether(session, shard, reader)
        if (failPoint && read.decisions.length > 0) await failPoint('F1')
      })
    } catch (error) {
      if (!(error instanceof ListenerFailed) || reader !== 'together') throw error
      logger.error({ alarm: 'LISTENER_FAILS', err: error }, 'a listener failed; it is tried again by itself')
      const { failed } = error
      await inTransaction(pool, (session) => leaveTogether(session, shard, { listener: failed, at: from }))
      return undefined
    }
    if (failPoint && read.decisions.length > 0) await failPoint('F2')
    await this.#tell(listeners, read.decisions)
    return { place: read.place, taken: read.decisions.length }
  }

  /**
   * Whoever moves the shared place on passes it for everybody who shares it. So in the transaction that holds it the rules must be those in
   * force, and nobody may have left it or come to it: a worker that stood still knows less. @throws PlaceMovedError
   */
  async #checkReaders(session: PoolClient, { apart }: Reading): Promise<void> {
    const { shard, plan } = this.#parts
    const { alone } = await readFollowerPlaces(session, shard)
    const isSame = alone.size === apart.length && apart.every((name) => alone.has(name))
    if (!isSame || !(await plan.isCurrent(session)))
      throw new PlaceMovedError('Others share the place of the follower by now.')
  }

  async #tell(listeners: readonly Named[], decisions: readonly Followed[]): Promise<void> {
    const campaigns = new Set(decisions.map(({ campaign }) => campaign))
    for (const { campaign, listener } of listeners) {
      if (!campaigns.has(campaign)) continue
      await listener.taken?.().catch((error: unknown) => {
        this.#parts.logger.warn({ err: error, campaign, listener: listener.name }, 'what follows is told again later')
      })
    }
  }
}

function* allOf(byCampaign: ListenersByCampaign): Generator<Named> {
  for (const [campaign, listeners] of byCampaign)
    for (const listener of listeners) yield { campaign, name: listener.name, listener }
}

async function takeAll(
  session: PoolClient,
  listeners: readonly Named[],
  decisions: readonly Followed[]
): Promise<void> {
  if (decisions.length === 0) return
  for (const named of listeners) {
    const own = decisions.filter(({ campaign }) => campaign === named.campaign)
    if (own.length === 0) continue
    try {
      await named.listener.take(session, own)
    } catch (error) {
      throw new ListenerFailed(named, error)
    }
  }
}
