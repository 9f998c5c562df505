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

/** Waits until it is worth reading again: at once while more is there. @param frames how many were read last: one order at rest is not later for it */
export async function gather({ hasMore }: Pick<Reads, 'hasMore'>, frames: number): Promise<void> {
  if (!hasMore) await delay(frames < BUSY_FRAMES ? GATHER_MS : GATHER_BUSY_MS)
}

/**
 * The same for events, which are made sooner than rows. While much waits they let the rows come near, because what these read by
 * themselves would be read and parsed a second time; a Postgres that is slow or away is soon out of reach and holds them up no longer.
 */
export async function gatherNear(reader: Reads, frames: number): Promise<void> {
  const end = performance.now() + NEAR_MS
  while (reader.hasMore && reader.isAhead && performance.now() < end) await delay(LOOK_MS)
  await gather(reader, frames)
}
