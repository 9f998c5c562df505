import type { Operations } from 'floodgate/client'
import type { Point } from './parts/draining.tsx'

/** An hour at a figure a second; of older ones every second goes, so that the whole stays seen. */
const MOST = 3600

const known = new Map<string, readonly Point[]>()

const thinned = (points: readonly Point[]): readonly Point[] =>
  points.length < MOST ? points : points.filter((_, index) => index % 2 === 0)

/** Notes how much is left of each activity. It stays while the tab does, so that another screen may be looked at. */
export function noteLeft({ campaign, asOf, activities }: Operations): void {
  const at = Date.parse(asOf) / 1000
  for (const { id, remaining, total } of activities) {
    if (remaining === null || total === null || total === 0) continue
    const name = `${campaign} ${id}`
    const before = known.get(name) ?? []
    if ((before.at(-1)?.at ?? 0) < at) known.set(name, thinned([...before, { at, left: remaining }]))
  }
}

/** What was seen of an activity since the tab first watched it. */
export const drained = (campaign: string, activity: string): readonly Point[] =>
  known.get(`${campaign} ${activity}`) ?? []
