import type { Pool } from 'pg'
import type { Shards } from '../../gate/gate.ts'
import { hasReadUntil } from '../../store/boards/freezing.ts'
import { aloneName, readFollowerPlaces } from '../../store/following/places.ts'
import { type Position, readShard } from '../../store/shard/shards.ts'

/** For so long nothing may wait in Redis until a shard that decides nothing counts as quiet: longer than it takes to notice a lost Redis. */
const QUIET_MS = 5000

interface FollowedParts {
  readonly pool: Pool
  readonly gate: Pick<Shards, 'depths'>
  readonly shard: number
  /** of this shard, ms since 1970: no decision from now on is older */
  readonly clock: () => Promise<number>
}

interface Quiet {
  readonly epoch: number
  /** by our own clock when each look found it so, and what was then later than all decisions; without those that are of no use any more */
  readonly looks: Array<{ readonly seenMs: number; readonly after: number }>
}

/** Decisions of one millisecond cannot be told apart by it; of a clock that was put back all are of one. */
const later = async (clock: () => Promise<number>) => (await clock()) + 1

const isSame = (a: Position | undefined, b: Position) => a?.epoch === b.epoch && a.sequence === b.sequence

/**
 * Knows whether all listeners of a campaign have met all decisions up to a moment. On a shard that decides, a later decision shows
 * it. On one that does not, nothing waits in Redis and the listeners stand where the journal ends, for some seconds: a Redis that was wiped
 * is empty too, and is noticed sooner.
 */
class FollowedTime {
  readonly #parts: FollowedParts
  #quiet: Quiet | undefined

  constructor(parts: FollowedParts) {
    this.#parts = parts
  }

  /** @param moment ms since 1970. @throws what Postgres and Redis throw */
  async hasPassed(campaign: string, moment: number): Promise<boolean> {
    const { pool, shard } = this.#parts
    const quietAt = await this.#lastQuiet()
    const { together, alone } = await readFollowerPlaces(pool, shard)
    const isBehind = [...alone.keys()].some((name) => name.startsWith(aloneName({ campaign, name: '' })))
    if (together === undefined || isBehind) return false
    if (quietAt !== undefined && quietAt >= moment) return true
    return hasReadUntil(pool, { shard, place: together, moment })
  }

  /** The latest moment at which the shard was quiet for certain: it still is, and since then a Redis that was wiped would have been noticed. */
  async #lastQuiet(): Promise<number | undefined> {
    const { pool, gate, shard, clock } = this.#parts
    const [seenMs, after] = [performance.now(), await later(clock)]
    const row = await readShard(pool, shard)
    const { outbox, kept } = await gate.depths(shard)
    // read last: what was journaled before is projected and followed, if nothing waited
    const { projected, together = projected } = await readFollowerPlaces(pool, shard)
    const isQuiet = row?.state === 'open' && outbox === 0 && kept === 0 && isSame(together, projected)
    if (!isQuiet) {
      this.#quiet = undefined
      return undefined
    }
    const { epoch } = row
    const looks = this.#quiet?.epoch === epoch ? this.#quiet.looks : []
    looks.push({ seenMs, after })
    // the clock of a shard may stand still for long
    while (looks[1] !== undefined && looks[1].seenMs <= seenMs - QUIET_MS) looks.shift()
    this.#quiet = { epoch, looks }
    return looks.find((look) => look.seenMs <= seenMs - QUIET_MS)?.after
  }
}

interface AllParts extends Pick<FollowedParts, 'pool'> {
  readonly gate: Pick<Shards, 'depths'>
  /** by number of the shard */
  readonly clocks: ReadonlyArray<FollowedParts['clock']>
}

/** Knows it of all shards: users of each are on the same boards. */
export class FollowedTimes {
  readonly #clocks: AllParts['clocks']
  readonly #each: readonly FollowedTime[]

  constructor({ pool, gate, clocks }: AllParts) {
    this.#clocks = clocks
    this.#each = clocks.map((clock, shard) => new FollowedTime({ pool, gate, shard, clock }))
  }

  /** ms since 1970: later than every decision so far. @throws what Redis throws */
  async clock(): Promise<number> {
    return Math.max(...(await Promise.all(this.#clocks.map(later))))
  }

  /** @param moment ms since 1970. @throws what Postgres and Redis throw */
  async hasPassed(campaign: string, moment: number): Promise<boolean> {
    const passed = await Promise.all(this.#each.map((followed) => followed.hasPassed(campaign, moment)))
    return passed.every((has) => has)
  }
}
