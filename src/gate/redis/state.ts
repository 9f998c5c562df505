import { shardKeys } from '../../record/keys.ts'
import { FORGOT, type ForgottenPlace, parseForgotten } from './base.ts'
import { type InRedis, type RawEntry, type WaitingFrame, waitingFrame } from './outbox.ts'

/** Logical keys of the shard but its own hash, as SCAN returns them: while Redis resizes its table a key may come twice. */
export async function* scanKeys({ redis, prefix }: InRedis): AsyncGenerator<string[]> {
  const [shard] = shardKeys(prefix)
  let cursor = '0'
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', `${prefix.replace(/[{}[\]*?\\]/g, '\\$&')}*`, 'COUNT', 2000)
    yield found.filter((key) => key !== shard).map((key) => key.slice(prefix.length))
    cursor = next
  } while (cursor !== '0')
}

/** How many keys the shard has beside its own hash. When SCAN returns more than expected, each key is counted once. */
export async function countKeys(from: InRedis, expected: number): Promise<number> {
  let count = 0
  for await (const page of scanKeys(from)) count += page.length
  if (count <= expected) return count
  const keys = new Set<string>()
  for await (const page of scanKeys(from)) for (const key of page) keys.add(key)
  return keys.size
}

/** A whole hash by its logical key; empty when there is none. @throws the error of Redis */
export function readHash({ redis, prefix }: InRedis, key: string): Promise<Record<string, string>> {
  return redis.hgetall(prefix + key)
}

/** Fields of one hash by its logical key; null for those that do not exist. @throws the error of Redis */
export function readFields(
  { redis, prefix }: InRedis,
  key: string,
  fields: readonly string[]
): Promise<Array<string | null>> {
  return redis.hmget(prefix + key, ...fields)
}

/** Up to which decision replays are forgotten. @throws the error of Redis */
export async function readForgotten({ redis, prefix }: InRedis): Promise<ForgottenPlace> {
  const [shard] = shardKeys(prefix)
  return parseForgotten(await redis.hget(shard, FORGOT))
}

/** One field of each of many hashes, in one round trip. @throws the error of Redis */
export async function readOfEach(
  { redis, prefix }: InRedis,
  places: ReadonlyArray<readonly [key: string, field: string]>
): Promise<Array<string | null>> {
  const reading = redis.pipeline()
  for (const [key, field] of places) reading.hget(prefix + key, field)
  const replies = (await reading.exec()) ?? []
  return places.map((_, index) => {
    const [error, value] = replies[index] ?? [new Error('Redis did not answer.')]
    if (error) throw error
    return value as string | null
  })
}

/** The state of a shard at one instant. */
interface Instant {
  /** '' when Redis does not hold the shard */
  readonly epoch: string
  readonly isOpen: boolean
  /** batch number of the last frame that was decided */
  readonly batch: number
  readonly forgotten: ForgottenPlace
  readonly outbox: readonly WaitingFrame[]
  /** payloads */
  readonly kept: readonly string[]
  /** in the order of the keys; an absent hash is empty */
  readonly hashes: ReadonlyArray<Record<string, string>>
}

type RawInstant = [
  shard: Array<string | null>,
  outbox: RawEntry[],
  kept: Record<string, string>,
  ...hashes: Array<Record<string, string>>
]

/**
 * Reads hashes, outbox and kept in one transaction of Redis, so all of it is of one instant. Pass a few hundred keys at most: Redis
 * does nothing else meanwhile.
 * @param keys logical
 * @throws the error of Redis
 */
export async function readInstant({ redis, prefix }: InRedis, keys: readonly string[]): Promise<Instant> {
  const [shardKey, outboxKey, keptKey] = shardKeys(prefix)
  const transaction = redis
    .multi()
    .hmget(shardKey, 'epoch', 'open', 'batch', FORGOT)
    .xrange(outboxKey, '-', '+')
    .hgetall(keptKey)
  for (const key of keys) transaction.hgetall(prefix + key)
  const replies = (await transaction.exec()) ?? []
  const values = replies.map(([error, value], index) => {
    // a hash of another type holds nothing that was decided: the comparison says so
    if (error && index > 2 && error.message.startsWith('WRONGTYPE')) return {}
    if (error) throw error
    return value
  })
  const [[epoch, open, batch, forgot], outbox, kept, ...hashes] = values as RawInstant
  return {
    epoch: epoch ?? '',
    isOpen: typeof epoch === 'string' && epoch === open,
    batch: Number(batch ?? 0),
    forgotten: parseForgotten(forgot ?? null),
    outbox: outbox.map(waitingFrame),
    kept: Object.values(kept),
    hashes
  }
}
