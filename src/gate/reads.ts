import type { Redis } from 'ioredis'
import { UnavailableError } from './gate.ts'
import { shardKeys } from './keys.ts'

const DEADLINE_MS = 1000

/** @throws UnavailableError when Redis fails or takes too long */
export function withDeadline<T>(work: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new UnavailableError(`Redis did not answer in time: ${what}`)), DEADLINE_MS)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: Error) => {
        clearTimeout(timer)
        reject(new UnavailableError(`Redis refused: ${error.message}`))
      }
    )
  })
}

/** Whole hashes by logical key, in one round trip. @throws UnavailableError */
export async function readHashes(
  redis: Redis,
  prefix: string,
  keys: readonly string[]
): Promise<Array<Record<string, string>>> {
  if (keys.length === 0) return []
  const pipeline = redis.pipeline()
  for (const key of keys) pipeline.hgetall(prefix + key)
  const replies = await withDeadline(pipeline.exec(), 'reading rules and stock')
  return (replies ?? []).map(([error, value]) => {
    if (error) throw new UnavailableError(`Redis refused: ${error.message}`)
    return value as Record<string, string>
  })
}

/** How many frames wait for the journal and for Postgres. @throws UnavailableError */
export async function readDepths(redis: Redis, prefix: string): Promise<{ outbox: number; kept: number }> {
  const [, outbox, kept] = shardKeys(prefix)
  const lengths = Promise.all([redis.xlen(outbox), redis.hlen(kept)])
  const [waiting, stored] = await withDeadline(lengths, 'reading the depths')
  return { outbox: waiting, kept: stored }
}
