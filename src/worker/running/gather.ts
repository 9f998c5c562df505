/** Frames gather this long before they are read: some in one go cost one pull, one transaction and one chain of events. */
const GATHER_MS = 20
/** While there are many, longer: a transaction of thirty frames costs Postgres little more than one of five. */
const GATHER_BUSY_MS = 80
const BUSY_FRAMES = 4

/** How long to wait before the next frames are read. @param frames how many were read last: one order at rest is not later for it */
export function gatherMs(frames: number): number {
  return frames < BUSY_FRAMES ? GATHER_MS : GATHER_BUSY_MS
}
