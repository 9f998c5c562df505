import type { Pool } from 'pg'
import type { Shards } from '../../gate/gate.ts'
import { hasReadUntil } from '../../store/boards/freezing.ts'
import { aloneName, type ListenerName, readFollowerPlaces } from '../../store/following/places.ts'
import { type Position, readShard } from '../../store/shard/shards.ts'

/** For so long nothing may wait in Redis until a shard that decides nothing counts as quiet: longer than it takes to see a lost Redis. */
const QUIET_MS = 5000

interface FollowedParts {
  readonly pool: Pool
  readonly gate: Pick<Shards, 'depths'>
  readonly shard: number
  /** of Redis, ms since 1970: no decision from now on is older */
  readonly clock: () => Promise<number>
}

interface Quiet {
  readonly epoch: number
  /** the clock of Redis when it was first seen so */
  readonly since: number
}

const isSame = (a: Position | undefined, b: Position) => a?.epoch === b.epoch && a.sequence === b.sequence

/**
 * Knows whether a listener has met all decisions up to a moment. On a shard that decides, a later decision shows it. On one that
 * does not, nothing waits in Redis and the listener stands where the journal ends, for some seconds: a Redis that was wiped
 * is empty too, and is noticed sooner.
 */
export class FollowedTime {
  readonly #parts: FollowedParts
  #quiet: Quiet | undefined

  constructor(parts: FollowedParts) {
    this.#parts = parts
  }

  /** @param moment ms since 1970. @throws what Postgres and Redis throw */
  async hasPassed(listener: ListenerName, moment: number): Promise<boolean> {
    const { pool, shard } = this.#parts
    const isQuietSince = await this.#quietSince()
    const { together, alone } = await readFollowerPlaces(pool, shard)
    if (together === undefined || alone.has(aloneName(listener))) return false
    if (isQuietSince !== undefined && isQuietSince >= moment) return true
    return hasReadUntil(pool, { shard, place: together, moment })
  }

  /** The moment from which on the shard is seen to be quiet; undefined while it is not, or not for long enough. */
  async #quietSince(): Promise<number | undefined> {
    const { pool, gate, shard, clock } = this.#parts
    const now = await clock()
    const row = await readShard(pool, shard)
    const { outbox, kept } = await gate.depths(shard)
    // read last: what was journaled before is projected and followed, if nothing waited
    const { together, projected } = await readFollowerPlaces(pool, shard)
    const isQuiet = row?.state === 'open' && outbox === 0 && kept === 0 && isSame(together, projected)
    if (!isQuiet) this.#quiet = undefined
    else if (this.#quiet?.epoch !== row.epoch) this.#quiet = { epoch: row.epoch, since: now }
    const since = this.#quiet?.since
    return since !== undefined && now - since >= QUIET_MS ? since : undefined
  }
}
