import type { ForgottenPlace } from '../../gate/redis/base.ts'
import { type Give, type InRedis, parseGives } from '../../gate/redis/outbox.ts'
import { readInstant } from '../../gate/redis/state.ts'
import { type Frame, parseFrame } from '../../journal/frame.ts'

/** A frame that Redis holds: in the outbox, where its gives are not settled yet, or in kept. */
interface HeldFrame {
  readonly frame: Frame
  /** gives that are not settled yet */
  readonly gives: readonly Give[]
}

/** Hashes of a shard and its held frames, all of one instant. */
export interface Snapshot {
  readonly epoch: number
  readonly isOpen: boolean
  /** batch number of the last frame that was decided */
  readonly batch: number
  /** the replays up to this decision are forgotten */
  readonly forgotten: ForgottenPlace
  readonly held: readonly HeldFrame[]
  /** by logical key; an absent hash is empty */
  readonly hashes: ReadonlyMap<string, Readonly<Record<string, string>>>
}

function heldFrame(payload: string, gives: string): HeldFrame[] {
  const parsed = parseFrame(payload)
  // a frame that cannot be read becomes a dead letter, with an alarm, in the projection
  return parsed.ok ? [{ frame: parsed.frame, gives: parseGives(gives) }] : []
}

/**
 * Reads hashes, outbox and kept in one instant.
 * @param keys logical, a few hundred at most
 * @throws the error of Redis
 */
export async function takeSnapshot(place: InRedis, keys: readonly string[]): Promise<Snapshot> {
  const { epoch, isOpen, batch, forgotten, outbox, kept, hashes } = await readInstant(place, keys)
  return {
    epoch: Number(epoch),
    isOpen,
    batch,
    forgotten,
    held: [
      ...outbox.flatMap(({ payload, gives }) => heldFrame(payload, gives)),
      ...kept.flatMap((payload) => heldFrame(payload, ''))
    ],
    hashes: new Map(keys.map((key, index) => [key, hashes[index] ?? {}]))
  }
}
