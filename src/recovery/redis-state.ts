import type { Redis } from 'ioredis'
import { shardKeys } from '../gate/keys.ts'
import type { StockDelta } from '../store/projection.ts'
import type { Fold } from './fold.ts'
import type { OpeningScripts } from './scripts.ts'

/** Another recovery has taken over, or Redis was exchanged: this one ends here. */
export class SupersededError extends Error {}

/** What is in Redis is not what Postgres says: the shard stays closed. */
export class VerificationError extends Error {}

const HASHES_PER_CALL = 200
const CALLS_IN_FLIGHT = 4

export interface RestoreTarget {
  readonly redis: Redis
  readonly prefix: string
  readonly scripts: OpeningScripts
}

async function restore(
  target: RestoreTarget,
  hashes: ReadonlyArray<readonly [key: string, fields: string[]]>
): Promise<void> {
  const [shard] = shardKeys(target.prefix)
  const args: Array<string | number> = []
  for (const [, fields] of hashes) {
    args.push(fields.length / 2)
    for (const field of fields) args.push(field)
  }
  const reply = await target.scripts.run('restore', [shard, ...hashes.map(([key]) => key)], args)
  if (reply !== 'OK') throw new SupersededError('Another recovery has taken over the shard.')
}

/** Runs `work` over chunks, a few at a time. */
async function inChunks<T>(items: Iterable<T>, work: (chunk: T[]) => Promise<void>): Promise<void> {
  let running: Array<Promise<void>> = []
  let chunk: T[] = []
  const start = async () => {
    running.push(work(chunk))
    chunk = []
    if (running.length < CALLS_IN_FLIGHT) return
    await Promise.all(running)
    running = []
  }
  for (const item of items) {
    chunk.push(item)
    if (chunk.length === HASHES_PER_CALL) await start()
  }
  if (chunk.length > 0) await start()
  await Promise.all(running)
}

async function scanKeys({ redis, prefix }: RestoreTarget): Promise<string[]> {
  const [shard] = shardKeys(prefix)
  const keys = new Set<string>()
  let cursor = '0'
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', `${prefix.replace(/[{}[\]*?\\]/g, '\\$&')}*`, 'COUNT', 2000)
    for (const key of found) if (key !== shard) keys.add(key)
    cursor = next
  } while (cursor !== '0')
  return [...keys]
}

/** Deletes every key of the shard but its own hash; what is not journaled is void. @throws SupersededError */
export async function wipe(target: RestoreTarget): Promise<number> {
  const keys = await scanKeys(target)
  await inChunks(keys, (chunk) =>
    restore(
      target,
      chunk.map((key) => [key, []] as const)
    )
  )
  return keys.length
}

/** Writes the folded hashes. @throws SupersededError */
export async function writeHashes(target: RestoreTarget, fold: Fold): Promise<number> {
  await inChunks(fold.hashes, (chunk) =>
    restore(
      target,
      chunk.map(
        ([key, fields]) =>
          [target.prefix + key, [...fields].flatMap(([field, value]) => [field, String(value)])] as const
      )
    )
  )
  return fold.hashes.size
}

/**
 * Reads back: as many keys as were folded, and stock as Postgres summed it frame by frame, which is another way than the
 * fold. @throws VerificationError listing what differs
 */
export async function verify(target: RestoreTarget, fold: Fold, stock: readonly StockDelta[]): Promise<void> {
  const differences: string[] = []
  const keys = await scanKeys(target)
  if (keys.length !== fold.hashes.size) differences.push(`${keys.length} keys in Redis, ${fold.hashes.size} folded`)
  for (const row of stock) {
    const key = `${target.prefix}s:${row.campaign_id}:${row.activity_id}`
    const counters = ['total', 'remaining', 'held', 'paid'] as const
    const values = await target.redis.hmget(key, ...counters.map((counter) => `${row.session_id}:${counter}`))
    counters.forEach((counter, index) => {
      const found = Number(values[index] ?? 0)
      if (found !== row[counter]) {
        differences.push(`${key} ${row.session_id}:${counter} is ${found} in Redis, ${row[counter]} in Postgres`)
      }
    })
  }
  if (differences.length > 0) {
    throw new VerificationError(
      `Redis differs from Postgres, the shard stays closed: ${differences.slice(0, 20).join('; ')}`
    )
  }
}
