import { type Give, type InRedis, parseGives } from '../../gate/redis/outbox.ts'
import { readInstant } from '../../gate/redis/state.ts'
import { type Frame, parseFrame } from '../../journal/frame.ts'

/** A frame that Redis holds: in the outbox (what it gives is not given yet) or in kept. */
interface HeldFrame {
  readonly frame: Frame
  /** gives that are not applied yet */
  readonly gives: readonly Give[]
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

function heldFrame(payload: string, gives: string): HeldFrame[] {
  const parsed = parseFrame(payload)
  // what cannot be read will be a dead letter, with an alarm there
  return parsed.ok ? [{ frame: parsed.frame, gives: parseGives(gives) }] : []
}

/**
 * Reads hashes, outbox and kept of one instant.
 * @param keys logical, some hundred at most
 * @throws what Redis says
 */
export async function takeSnapshot(place: InRedis, keys: readonly string[]): Promise<Snapshot> {
  const { epoch, isOpen, batch, outbox, kept, hashes } = await readInstant(place, keys)
  return {
    epoch: Number(epoch),
    isOpen,
    batch,
    held: [
      ...outbox.flatMap(({ payload, gives }) => heldFrame(payload, gives)),
      ...kept.flatMap((payload) => heldFrame(payload, ''))
    ],
    hashes: new Map(keys.map((key, index) => [key, hashes[index] ?? {}]))
  }
}
