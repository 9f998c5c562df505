import type { Frame } from '../../journal/frame.ts'
import type { StoredMessage } from '../../journal/reader.ts'
import type { OpenedPlace } from '../../store/shard/opened.ts'
import type { Openings } from './openings.ts'
import { readFrame } from './read-frame.ts'

/** What one reader of the journal does with frames: the projection makes rows of them, the relay makes events. */
interface FrameCarrier<Made> {
  readonly shard: number
  /** of the stream that is read */
  readonly epoch: number
  /** what this reader has seen opened so far */
  readonly openings: Openings
  /** Asks Postgres which of some places are opened; only for what this reader has not seen itself. */
  readonly askOpened: (message: StoredMessage, places: readonly OpenedPlace[]) => Promise<readonly string[]>
  /** why no message of this stream counts; absent: they do */
  readonly refused?: string | undefined
  /** Takes a message that is no frame of ours, and why. */
  readonly refuse: (message: StoredMessage, reason: string) => void
  /** Makes of a frame what is stored. */
  readonly make: (frame: Frame, message: StoredMessage) => Made
  /** Stores what was made of all messages: rows in one transaction, events in order. */
  readonly store: (made: readonly Made[]) => Promise<void>
}

/**
 * The way of a frame from the journal to its row, and to its event. Two readers go it, each at a place of its own, so that neither waits
 * for the other; what the one cannot read, the other must not tell.
 * @throws what storing throws: the place of the reader stays, and the same messages are read again
 */
export async function carryFrames<Made>(
  messages: readonly StoredMessage[],
  carrier: FrameCarrier<Made>
): Promise<void> {
  const { shard, epoch, openings } = carrier
  const made: Made[] = []
  for (const message of messages) {
    if (carrier.refused !== undefined) {
      carrier.refuse(message, carrier.refused)
      continue
    }
    // it is a frame of this stream, and its records and reports are readable
    const parsed = readFrame(message, shard, epoch)
    if (!parsed.ok) {
      carrier.refuse(message, parsed.reason)
      continue
    }
    // it takes only from what an operator's decision opened before
    const stranger = await openings.unopened(parsed.frame, (places) => carrier.askOpened(message, places))
    if (stranger !== '') {
      carrier.refuse(message, `takes from ${stranger}, which nobody opened`)
      continue
    }
    // rows: `foldFrames`; events: `toEvents`
    made.push(carrier.make(parsed.frame, message))
  }
  // rows: `storeFrames`, with the place in the same transaction; events: the public stream, and the place afterwards
  await carrier.store(made)
}
