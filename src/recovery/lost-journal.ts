import type { Redis } from 'ioredis'
import { failPoint } from '../config/fail-points.ts'
import { shardKeys } from '../gate/keys.ts'
import type { JournalConnection } from '../journal/connection.ts'
import { frameId } from '../journal/frame.ts'
import { createPublisher } from '../journal/publisher.ts'
import type { Names } from '../journal/subjects.ts'

/** A frame that Redis holds: not journaled yet, or journaled and not in Postgres. */
export interface LooseFrame {
  /** `<epoch>-<batch>` */
  readonly entry: string
  readonly payload: string
}

function place(entry: string): [epoch: number, batch: number] {
  const [epoch, batch] = entry.split('-')
  return [Number(epoch), Number(batch)]
}

/** What outbox and kept hold, together, in the order of the batches. @throws Error when Redis does not answer */
export async function readLooseFrames(redis: Redis, prefix: string): Promise<LooseFrame[]> {
  const [, outbox, kept] = shardKeys(prefix)
  const frames = new Map<string, string>()
  let cursor = '0'
  do {
    const [next, pairs] = await redis.hscan(kept, cursor, 'COUNT', 200)
    for (let i = 0; i + 1 < pairs.length; i += 2) frames.set(pairs[i] ?? '', pairs[i + 1] ?? '')
    cursor = next
  } while (cursor !== '0')
  for (const [entry, fields] of await redis.xrange(outbox, '-', '+')) frames.set(entry, fields[1] ?? '')
  return [...frames]
    .map(([entry, payload]) => ({ entry, payload }))
    .sort((a, b) => {
      const [epochA, batchA] = place(a.entry)
      const [epochB, batchB] = place(b.entry)
      return epochA - epochB || batchA - batchB
    })
}

interface RepublishParts {
  readonly connection: JournalConnection
  readonly shard: number
  readonly names: Names
}

/** Publishes frames on the stream of an opening, in order, with their own ids; every one must be acked. */
export async function republish(parts: RepublishParts, epoch: number, frames: readonly LooseFrame[]): Promise<void> {
  const { connection, shard, names } = parts
  const publisher = createPublisher(connection, 3000)
  try {
    for (const { entry, payload } of frames) {
      const result = await publisher.publish({
        subject: names.journalSubject(shard, epoch),
        stream: names.journalStream(shard, epoch),
        id: frameId(shard, entry),
        payload,
        republished: true
      })
      if (!result.acked) throw new Error(`The journal did not take frame ${entry} again: ${result.reason}`)
      if (failPoint) await failPoint('X6')
    }
  } finally {
    publisher.close()
  }
}
