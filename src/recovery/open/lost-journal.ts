import { setTimeout as delay } from 'node:timers/promises'
import { failPoint } from '../../config/fail-points.ts'
import { type InRedis, readKept, readOutbox } from '../../gate/redis/outbox.ts'
import type { JournalConnection } from '../../journal/connection.ts'
import { frameId } from '../../journal/frame.ts'
import { createPublisher, type Publication } from '../../journal/publisher.ts'
import type { Names } from '../../journal/subjects.ts'

/** A frame that Redis holds: either not journaled yet, or journaled and not in Postgres yet. */
interface LooseFrame {
  /** `<epoch>-<batch>` */
  readonly entry: string
  readonly payload: string
}

function epochAndBatch(entry: string): [epoch: number, batch: number] {
  const [epoch, batch] = entry.split('-')
  return [Number(epoch), Number(batch)]
}

/** All frames of outbox and kept, in the order of their batches. @throws Error when Redis does not answer */
export async function readLooseFrames(from: InRedis): Promise<LooseFrame[]> {
  const frames = await readKept(from)
  for (const { entry, payload } of await readOutbox(from)) frames.set(entry, payload)
  return [...frames]
    .map(([entry, payload]) => ({ entry, payload }))
    .sort((a, b) => {
      const [epochA, batchA] = epochAndBatch(a.entry)
      const [epochB, batchB] = epochAndBatch(b.entry)
      return epochA - epochB || batchA - batchB
    })
}

/** All frames are published at once, so the deadline is that of one frame. */
const OUTBOX_MS = 1000
/** NATS may be busy for seconds; a frame that it does not take would cost a rebuild, and its user the decision. */
const OUTBOX_LONGEST_MS = 10_000
const OUTBOX_PAUSE_MS = 100

interface RepublishParts {
  readonly connection: JournalConnection
  readonly shard: number
  readonly names: Names
}

function publication({ shard, names }: RepublishParts, epoch: number, { entry, payload }: LooseFrame): Publication {
  return {
    subject: names.journalSubject(shard, epoch),
    stream: names.journalStream(shard, epoch),
    id: frameId(shard, entry),
    payload
  }
}

/**
 * Publishes the outbox of a closed gate, each frame on the stream of its own epoch, so that a planned opening loses no decision
 * that NATS still takes. A frame that is not acked in time becomes void: the next step, the fence, seals the stream.
 * @param isLive whether the stream of an epoch may still take frames: one that is gone or sealed takes none, however often it is asked
 * @returns how many frames the outbox held, and how many of them the journal has now
 * @throws Error when Redis or NATS does not answer
 */
export async function publishOutbox(
  parts: RepublishParts & InRedis,
  isLive: (epoch: number) => Promise<boolean>
): Promise<{ frames: number; journaled: number }> {
  const frames = await readOutbox(parts)
  const publisher = createPublisher(parts.connection, OUTBOX_MS)
  const publish = async (frame: LooseFrame) => {
    const [epoch] = epochAndBatch(frame.entry)
    const { acked } = await publisher.publish(publication(parts, epoch, frame))
    return { frame, epoch, acked }
  }
  try {
    const deadline = performance.now() + OUTBOX_LONGEST_MS
    let waiting: readonly LooseFrame[] = frames
    for (;;) {
      const refused = (await Promise.all(waiting.map(publish))).filter(({ acked }) => !acked)
      waiting = refused.map(({ frame }) => frame)
      const [first] = refused
      // all frames of an outbox are of one epoch
      if (first === undefined || performance.now() > deadline || !(await isLive(first.epoch))) break
      await delay(OUTBOX_PAUSE_MS)
    }
    return { frames: frames.length, journaled: frames.length - waiting.length }
  } finally {
    publisher.close()
  }
}

/**
 * Publishes frames in order, with their own ids, on the stream of a later epoch; every one must be acked.
 * @returns sequence of the last frame, 0 without frames
 */
export async function republish(parts: RepublishParts, epoch: number, frames: readonly LooseFrame[]): Promise<number> {
  let last = 0
  const publisher = createPublisher(parts.connection, 3000)
  try {
    for (const frame of frames) {
      const result = await publisher.publish({ ...publication(parts, epoch, frame), republished: true })
      if (!result.acked) throw new Error(`The journal did not take frame ${frame.entry} again: ${result.reason}`)
      last = Math.max(last, result.sequence)
      if (failPoint) await failPoint('X6')
    }
    return last
  } finally {
    publisher.close()
  }
}
