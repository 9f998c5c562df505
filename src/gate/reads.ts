import type { Redis } from 'ioredis'
import { entityOf } from './batch.ts'
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

function ownerIn(payload: string, epoch: string, sequence: string): string | undefined {
  if (!payload.includes(`"epoch":${epoch},`)) return undefined
  const found = new RegExp(`\\{"seq":${sequence},"user":"([^"]*)"`).exec(payload)
  return found?.[1]
}

/**
 * Who placed an order that Postgres does not have yet: looked for in outbox and kept, which are short unless the worker is
 * away. @throws UnavailableError
 */
export async function ownerInFrames(redis: Redis, prefix: string, order: string): Promise<string | undefined> {
  const [epoch = '', sequence = ''] = entityOf(order).split('-')
  const [, outbox, kept] = shardKeys(prefix)
  const entries = await withDeadline(redis.xrange(outbox, '-', '+'), 'reading the outbox')
  for (const [, fields] of entries) {
    const owner = ownerIn(fields[1] ?? '', epoch, sequence)
    if (owner) return owner
  }
  let cursor = '0'
  do {
    const [next, pairs] = await withDeadline(redis.hscan(kept, cursor, 'COUNT', 50), 'reading kept frames')
    for (let i = 1; i < pairs.length; i += 2) {
      const owner = ownerIn(pairs[i] ?? '', epoch, sequence)
      if (owner) return owner
    }
    cursor = next
  } while (cursor !== '0')
  return undefined
}
