/** What was read of an item: units that are left. */
export interface Reading {
  readonly here: number
  /** by shard; undefined where one did not answer */
  readonly others: ReadonlyMap<number, number | undefined>
  /** a loan of the item was open while the others were read, or came in between: units on their way are with nobody */
  readonly isMoving: boolean
}

interface Plan {
  /** which shards are asked for how many units */
  readonly loans: ReadonlyArray<{ readonly from: number; readonly asked: number }>
  /** what the others have, for those who want more than that; absent: nothing can be said */
  readonly elsewhere?: number | 'unknown' | undefined
}

/**
 * What a shard does about an item that it has too few of.
 * @param wanted how many units are missing here for those who wait, each size once: the largest alone would let the others starve
 * @param isLow units run out soon, though nobody waits yet
 */
export function planLoans(reading: Reading, wanted: readonly number[], isLow: boolean): Plan {
  const { here, others, isMoving } = reading
  const units = [...others].map(([from, there]) => ({ from, there: there ?? 0 })).sort((a, b) => b.there - a.there)
  const known = units.reduce((sum, { there }) => sum + there, 0)
  const most = Math.max(0, ...wanted.filter((missing) => missing <= known))
  const loans = most > 0 ? borrowFrom(units, most) : isLow ? evenOut(units, here) : []
  if (wanted.every((missing) => missing <= known)) return { loans }
  if ([...others.values()].includes(undefined)) return { loans, elsewhere: 'unknown' }
  return { loans, elsewhere: isMoving ? undefined : known }
}

interface Units {
  readonly from: number
  readonly there: number
}

/**
 * Those with the most first, each for half of what it has, so that a shard that sells the last units alone needs few loans for it; rounded up,
 * so that the last one comes; and at least for what is still missing.
 */
function borrowFrom(units: readonly Units[], missing: number): Plan['loans'] {
  const loans: Array<Plan['loans'][number]> = []
  let still = missing
  for (const { from, there } of units) {
    if (still <= 0) break
    const asked = Math.min(there, Math.max(Math.ceil(there / 2), still))
    loans.push({ from, asked })
    still -= asked
  }
  return loans
}

/** Half of what the richest one has more: half of all it has would send the last units to and fro. */
function evenOut([richest]: readonly Units[], here: number): Plan['loans'] {
  const asked = richest ? Math.floor((richest.there - here) / 2) : 0
  return richest && asked > 0 ? [{ from: richest.from, asked }] : []
}
