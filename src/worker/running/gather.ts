import { setTimeout as delay } from 'node:timers/promises'
import type { SharingReader } from '../../journal/shared-journal.ts'

/** Frames gather this long before they are read: some in one go cost one pull, one transaction and one chain of events. */
const GATHER_MS = 20
/** While there are many, longer: a transaction of thirty frames costs Postgres little more than one of five. */
const GATHER_BUSY_MS = 80
const BUSY_FRAMES = 4
/** The longest that events wait for rows, and how often they look. */
const NEAR_MS = 100
const LOOK_MS = 5

/** What of a reader says how soon it reads again. */
type Reads = Pick<SharingReader, 'hasMore' | 'isAhead'>

/** What was read last, and beside what. */
interface Gathered {
  /** one order at rest is not later for it */
  readonly frames: number
  /** how many times as long they gather for the shards of this process: each has transactions of its own, so many shards would make many small ones of the same orders */
  readonly spread: number
}

/** Waits until it is worth reading again: at once while more is there. */
export async function gather({ hasMore }: Pick<Reads, 'hasMore'>, { frames, spread }: Gathered): Promise<void> {
  if (hasMore) return
  await delay(frames < BUSY_FRAMES ? GATHER_MS : GATHER_BUSY_MS * spread)
}

/**
 * The same for events, which are made sooner than rows. While much waits they let the rows come near, because what these read by
 * themselves would be read and parsed a second time; a Postgres that is slow or away is soon out of reach and holds them up no longer.
 */
export async function gatherNear(reader: Reads, gathered: Gathered): Promise<void> {
  const end = performance.now() + NEAR_MS
  while (reader.hasMore && reader.isAhead && performance.now() < end) await delay(LOOK_MS)
  await gather(reader, gathered)
}
