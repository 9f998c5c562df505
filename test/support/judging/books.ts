import type { Redis } from 'ioredis'
import pg from 'pg'
import { shardNumbers, shardOf } from '../../../src/base/shards.ts'
import { summed } from '../../../src/gate/shard/summed.ts'
import { keyPrefix, logical, userOfKey } from '../../../src/record/keys.ts'
import { redisHolding } from '../servers/redis-cluster.ts'

/** A balance as the three books have it: summed from the ledger, kept in Postgres, kept in Redis. */
export interface BalanceRow {
  readonly user: string
  readonly unit: string
  readonly scope: string
  readonly ledger: number | null
  readonly postgres: number | null
  readonly redis: number
}

/** Redis may be killed and started again meanwhile. */
const PATIENT = { maxRetriesPerRequest: 20 }

interface BooksPlaces {
  readonly databaseUrl: string
  readonly redisUrl: string
  /** that of a stack unless said */
  readonly namespace?: string
}

/** Postgres and Redis of a deployment, for what a test asks them itself. */
export class Books {
  readonly #pool: pg.Pool
  readonly #redisUrl: string
  /** by the prefix of a shard: in a cluster each may be elsewhere */
  readonly #redis = new Map<string, Promise<Redis>>()
  readonly #namespace: string
  #count: Promise<number> | undefined

  constructor({ databaseUrl, redisUrl, namespace = 'floodgate' }: BooksPlaces) {
    this.#pool = new pg.Pool({ connectionString: databaseUrl, max: 2, options: `-c search_path=${namespace}` })
    this.#pool.on('error', () => {})
    this.#redisUrl = redisUrl
    this.#namespace = namespace
  }

  async rows<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#pool.query<Row>(text, values)).rows
  }

  /** No frame waits for the journal or for Postgres. */
  async atRest(): Promise<boolean> {
    for (const prefix of await this.#prefixes()) {
      const redis = await this.#of(prefix)
      if ((await redis.xlen(`${prefix}outbox`)) + (await redis.hlen(`${prefix}kept`)) > 0) return false
    }
    return true
  }

  /** A user's hash from their shard; anything else from all of them, with figures added up. */
  async hash(key: string): Promise<Record<string, string>> {
    const user = userOfKey(key)
    const prefixes = user === undefined ? await this.#prefixes() : [await this.#prefixOf(user)]
    return summed(
      key,
      await Promise.all(prefixes.map(async (prefix) => (await this.#of(prefix)).hgetall(prefix + key)))
    )
  }

  #of(prefix: string): Promise<Redis> {
    const known = this.#redis.get(prefix)
    if (known !== undefined) return known
    const opened = redisHolding(this.#redisUrl, prefix, PATIENT).then((redis) => redis.on('error', () => {}))
    this.#redis.set(prefix, opened)
    return opened
  }

  async #prefixes(): Promise<string[]> {
    return shardNumbers(await this.#shards()).map((shard) => keyPrefix(this.#namespace, shard))
  }

  async #prefixOf(user: string): Promise<string> {
    return keyPrefix(this.#namespace, shardOf(user, await this.#shards()))
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
      const held = async (row: (typeof part)[number]) => {
        const prefix = await this.#prefixOf(row.user)
        return (await this.#of(prefix)).hget(prefix + logical.user(row.user), fieldOf(row))
      }
      const found = await Promise.all(part.map(held))
      for (const [index, row] of part.entries()) {
        const redis = Number(found[index] ?? 0)
        if (row.ledger !== row.postgres || row.postgres !== redis) different.push({ ...row, redis })
      }
    }
    return different
  }

  async close(): Promise<void> {
    for (const opened of this.#redis.values()) (await opened).disconnect()
    await this.#pool.end()
  }
}

function fieldOf({ unit, scope }: { readonly unit: string; readonly scope: string }): string {
  if (unit.startsWith('chances:')) return `ch:${scope}/${unit.slice('chances:'.length)}`
  return scope === '' ? `b:${unit}` : `b:${scope}/${unit}`
}
