import type { ChainableCommander, Redis } from 'ioredis'
import { withDeadline } from '../../base/deadline.ts'
import { UnavailableError } from '../../base/errors.ts'
import { shardKeys } from '../../record/keys.ts'
import { type InRedis, type RawEntry, type WaitingFrame, waitingFrame } from '../redis/outbox.ts'

const DEADLINE = { part: 'Redis', ms: 1000 } as const

type ShardWords = readonly [epoch: string | null, open: string | null]

/** When Redis was wiped or is being written, a missing hash does not mean that there is none. @throws UnavailableError */
function assertOpen([epoch, open]: ShardWords): void {
  if (epoch === null || epoch !== open) throw new UnavailableError('Redis does not hold the shard at the moment')
}

/** Replies of one transaction, after the shard's own state in the same transaction. @throws UnavailableError */
async function inOneMoment(transaction: ChainableCommander): Promise<unknown[]> {
  const replies = await withDeadline(transaction.exec(), DEADLINE)
  return (replies ?? []).map(([error, value]) => {
    if (error) throw new UnavailableError(`Redis refused: ${error.message}`)
    return value
  })
}

/** Whole hashes by logical key, in one round trip, of a shard that is open. @throws UnavailableError */
export async function readHashes(
  redis: Redis,
  prefix: string,
  keys: readonly string[]
): Promise<Array<Record<string, string>>> {
  if (keys.length === 0) return []
  const [shard] = shardKeys(prefix)
  const transaction = redis.multi().hmget(shard, 'epoch', 'open')
  for (const key of keys) transaction.hgetall(prefix + key)
  const [words, ...hashes] = await inOneMoment(transaction)
  assertOpen(words as ShardWords)
  return hashes as Array<Record<string, string>>
}

/** How many frames wait for the journal and for Postgres, also while the shard is being opened. @throws UnavailableError */
export async function readDepths(redis: Redis, prefix: string): Promise<{ outbox: number; kept: number }> {
  const [shard, outbox, kept] = shardKeys(prefix)
  const transaction = redis.multi().hget(shard, 'epoch').xlen(outbox).hlen(kept)
  const [epoch, waiting, stored] = await inOneMoment(transaction)
  if (epoch === null) throw new UnavailableError('Redis does not hold the shard at the moment')
  return { outbox: Number(waiting), kept: Number(stored) }
}

/** The frames that wait for the journal, and the epoch under which this Redis decides. */
interface Waiting {
  readonly opening: number
  readonly frames: readonly WaitingFrame[]
}

/**
 * The whole outbox, read at one moment with the opening that it belongs to. A Redis that was given up goes on to answer: it names an earlier one, and
 * nothing of a later one waits there.
 * @throws UnavailableError also when the shard is closed
 */
export async function readWaiting({ redis, prefix }: InRedis): Promise<Waiting> {
  const [shard, outbox] = shardKeys(prefix)
  const [words, entries] = await inOneMoment(redis.multi().hmget(shard, 'epoch', 'open').xrange(outbox, '-', '+'))
  assertOpen(words as ShardWords)
  const [epoch] = words as ShardWords
  return { opening: Number(epoch), frames: (entries as RawEntry[]).map(waitingFrame) }
}
