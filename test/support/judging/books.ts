import { Redis } from 'ioredis'
import pg from 'pg'
import { shardNumbers, shardOf } from '../../../src/base/shards.ts'
import { keyPrefix, logical, userOfKey } from '../../../src/record/keys.ts'

/** A balance as the three books have it: summed from the ledger, kept in Postgres, kept in Redis. */
export interface BalanceRow {
  readonly user: string
  readonly unit: string
  readonly scope: string
  readonly ledger: number | null
  readonly postgres: number | null
  readonly redis: number
}

interface BooksPlaces {
  readonly databaseUrl: string
  readonly redisUrl: string
  /** that of a stack unless said */
  readonly namespace?: string
}

/** Postgres and Redis of a deployment, for what a test asks them itself. */
export class Books {
  readonly #pool: pg.Pool
  readonly #redis: Redis
  readonly #namespace: string
  #count: Promise<number> | undefined

  constructor({ databaseUrl, redisUrl, namespace = 'floodgate' }: BooksPlaces) {
    this.#pool = new pg.Pool({ connectionString: databaseUrl, max: 2, options: `-c search_path=${namespace}` })
    this.#pool.on('error', () => {})
    this.#redis = new Redis(redisUrl, { maxRetriesPerRequest: 20 })
    this.#redis.on('error', () => {})
    this.#namespace = namespace
  }

  async rows<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#pool.query<Row>(text, values)).rows
  }

  /** No frame waits for the journal or for Postgres. */
  async atRest(): Promise<boolean> {
    for (const shard of shardNumbers(await this.#shards())) {
      const prefix = keyPrefix(this.#namespace, shard)
      if ((await this.#redis.xlen(`${prefix}outbox`)) + (await this.#redis.hlen(`${prefix}kept`)) > 0) return false
    }
    return true
  }

  /** A user's hash from their shard; of anything else that of the first shard. */
  async hash(key: string): Promise<Record<string, string>> {
    return this.#redis.hgetall((await this.#prefixOf(userOfKey(key))) + key)
  }

  async #prefixOf(user: string | undefined): Promise<string> {
    return keyPrefix(this.#namespace, user === undefined ? 0 : shardOf(user, await this.#shards()))
  }

  /** How many shards the deployment has. */
  #shards(): Promise<number> {
    this.#count ??= this.rows<{ count: number }>('select count(*)::int as count from shards').then(
      ([row]) => row?.count ?? 1
    )
    return this.#count
  }

  /** Every balance on which the books do not agree. */
  async unbalanced(): Promise<BalanceRow[]> {
    const rows = await this.rows<Omit<BalanceRow, 'redis'>>(
      `select user_id as user, unit, scope, l.summed::float8 as ledger, b.balance::float8 as postgres
       from (select user_id, scope, unit, sum(delta) as summed from ledger group by 1, 2, 3) l
       full join balances b using (user_id, scope, unit)`
    )
    const different: BalanceRow[] = []
    for (let from = 0; from < rows.length; from += 500) {
      const part = rows.slice(from, from + 500)
      const pipeline = this.#redis.pipeline()
      for (const row of part) pipeline.hget((await this.#prefixOf(row.user)) + logical.user(row.user), fieldOf(row))
      const found = (await pipeline.exec()) ?? []
      for (const [index, row] of part.entries()) {
        const redis = Number(found[index]?.[1] ?? 0)
        if (row.ledger !== row.postgres || row.postgres !== redis) different.push({ ...row, redis })
      }
    }
    return different
  }

  async close(): Promise<void> {
    this.#redis.disconnect()
    await this.#pool.end()
  }
}

function fieldOf({ unit, scope }: { readonly unit: string; readonly scope: string }): string {
  if (unit.startsWith('chances:')) return `ch:${scope}/${unit.slice('chances:'.length)}`
  return scope === '' ? `b:${unit}` : `b:${scope}/${unit}`
}
