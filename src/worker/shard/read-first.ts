import type { JetStreamManager } from 'nats'
import type { Pool } from 'pg'
import { streamInfo } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import { type Position, readShard } from '../../store/shard/shards.ts'

interface ReadFirstParts {
  readonly pool: Pool
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly shards: readonly number[]
}

/**
 * Knows whether Postgres has what the journals of some shards held when this was made. Before that nobody may act on what Postgres lists as
 * not done: one that was restored from a backup lists what was done long ago, and Redis may have forgotten that it was. (A shard that is
 * closed is read to the end before it is opened.)
 */
export class ReadFirst {
  readonly #parts: ReadFirstParts
  #ends: Promise<ReadonlyMap<number, Position>> | undefined
  readonly #read = new Set<number>()

  constructor(parts: ReadFirstParts) {
    this.#parts = parts
  }

  /** False also while NATS or Postgres does not say. @param shards some of them; absent: all */
  async isRead(shards: readonly number[] = this.#parts.shards): Promise<boolean> {
    const wanted = shards.filter((shard) => !this.#read.has(shard))
    if (wanted.length === 0) return true
    this.#ends ??= this.#look()
    try {
      const ends = await this.#ends
      for (const shard of wanted) {
        const end = ends.get(shard)
        if (end !== undefined && !(await this.#hasPassed(shard, end))) return false
        this.#read.add(shard)
      }
      return true
    } catch {
      this.#ends = undefined
      return false
    }
  }

  async #look(): Promise<ReadonlyMap<number, Position>> {
    const { pool, jsm, names, shards } = this.#parts
    const ends = new Map<number, Position>()
    for (const shard of shards) {
      const row = await readShard(pool, shard)
      const info = row?.state === 'open' ? await streamInfo(jsm, names.journalStream(shard, row.epoch)) : undefined
      if (row && info) ends.set(shard, { epoch: row.epoch, sequence: info.state.last_seq })
    }
    return ends
  }

  async #hasPassed(shard: number, end: Position): Promise<boolean> {
    const row = await readShard(this.#parts.pool, shard)
    if (row === undefined || row.epoch !== end.epoch || end.sequence === 0) return true
    const { position } = row
    return position.epoch > end.epoch || (position.epoch === end.epoch && position.sequence >= end.sequence)
  }
}
