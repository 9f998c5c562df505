import type { Redis } from 'ioredis'
import { type Frame, parseFrame } from '../../journal/frame.ts'
import { shardKeys } from '../../record/keys.ts'

/** A frame that Redis holds: in the outbox (what it gives is not given yet) or in kept. */
export interface HeldFrame {
  readonly frame: Frame
  /** gives that are not applied yet, `[physical key, field, delta]` */
  readonly gives: ReadonlyArray<readonly [key: string, field: string, delta: number]>
}

/** Hashes of a shard and the frames on their way, all of one instant. */
export interface Snapshot {
  readonly epoch: number
  readonly isOpen: boolean
  /** the last frame that was decided */
  readonly batch: number
  readonly held: readonly HeldFrame[]
  /** by logical key; an absent one is empty */
  readonly hashes: ReadonlyMap<string, Readonly<Record<string, string>>>
}

interface RawSnapshot {
  readonly shard: Array<string | null>
  readonly outbox: Array<[entry: string, fields: string[]]>
  readonly kept: Record<string, string>
  readonly hashes: Array<Record<string, string>>
}

function heldFrame(payload: string, gives: string): HeldFrame[] {
  const parsed = parseFrame(payload)
  // what cannot be read will be a dead letter, with an alarm there
  if (!parsed.ok) return []
  return [{ frame: parsed.frame, gives: gives === '' ? [] : (JSON.parse(gives) as HeldFrame['gives']) }]
}

/**
 * Reads hashes, outbox and kept in one transaction of Redis, so that all of it is of one instant. Some hundred keys at a
 * time: Redis does nothing else meanwhile.
 * @param keys logical
 * @throws what Redis says
 */
export async function takeSnapshot(redis: Redis, prefix: string, keys: readonly string[]): Promise<Snapshot> {
  const [shardKey, outboxKey, keptKey] = shardKeys(prefix)
  const transaction = redis
    .multi()
    .hmget(shardKey, 'epoch', 'open', 'batch')
    .xrange(outboxKey, '-', '+')
    .hgetall(keptKey)
  for (const key of keys) transaction.hgetall(prefix + key)
  const replies = (await transaction.exec()) ?? []
  const values = replies.map(([error, value]) => {
    if (error) throw error
    return value
  })
  const [shard, outbox, kept, ...hashes] = values as [
    RawSnapshot['shard'],
    RawSnapshot['outbox'],
    RawSnapshot['kept'],
    ...RawSnapshot['hashes']
  ]
  return {
    epoch: Number(shard[0] ?? 0),
    isOpen: shard[0] !== null && shard[0] === shard[1],
    batch: Number(shard[2] ?? 0),
    held: [
      ...outbox.flatMap(([, fields]) => heldFrame(fields[1] ?? '', fields[5] ?? '')),
      ...Object.values(kept).flatMap((payload) => heldFrame(payload, ''))
    ],
    hashes: new Map(keys.map((key, index) => [key, hashes[index] ?? {}]))
  }
}
