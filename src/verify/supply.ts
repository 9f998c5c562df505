/** A journaled frame whose gives may not be usable yet: all of them become usable at one moment, its settle. */
export interface GivingFrame {
  readonly batch: number
  /** ms since 1970 */
  readonly at: number
  settled: boolean
}

interface Lot {
  readonly frame: GivingFrame
  readonly units: number
}

/** Subsets of so many lots are tried one by one; beyond that the least that is proven is a bound, not exact. */
const MOST_SUBSETS = 12

/**
 * A number that is taken from at once and given to later. What the gate had before it at a decision lies between `least`
 * and `most`: gives of earlier epochs are in both, gives of this very batch in neither, and gives of other frames of this
 * epoch in `most` alone until a decision proves that their frame was settled.
 */
export class Supply {
  #certain = 0
  #lots: Lot[] = []
  /** at least so many units of the lots are usable, without it being known of which */
  #proven = 0

  take(units: number): void {
    this.#certain -= units
  }

  give(frame: GivingFrame, units: number): void {
    if (units > 0) this.#lots.push({ frame, units })
  }

  least(): number {
    this.#sort()
    return this.#certain + this.#proven
  }

  most(batch: number): number {
    this.#sort()
    return this.#certain + sumOf(this.#candidates(batch))
  }

  /** When the oldest of the gives was journaled that need not be usable yet, ms since 1970. */
  openSince(batch: number): number | undefined {
    this.#sort()
    return this.#candidates(batch)[0]?.frame.at
  }

  /** A decision of this batch shows that the gate had `value` or more. */
  reached(value: number, batch: number): void {
    this.#sort()
    const candidates = this.#candidates(batch)
    const proven = leastSum(candidates, Math.max(this.#proven, value - this.#certain))
    this.#proven = Math.max(this.#proven, proven)
    this.#conclude(candidates)
  }

  /**
   * A decision of this batch says that the gate had exactly `value`.
   * @param less whether decisions that are missing may have taken something
   * @returns whether that can be
   */
  was(value: number, batch: number, less: boolean): boolean {
    if (value > this.most(batch) || (!less && value < this.least())) return false
    const usable = value - this.#certain
    if (!less && leastSum(this.#candidates(batch), usable) !== usable) return false
    this.reached(value, batch)
    return true
  }

  #candidates(batch: number): Lot[] {
    return this.#lots.filter(({ frame }) => frame.batch < batch)
  }

  /** Lots of settled frames are certain. */
  #sort(): void {
    if (this.#lots.length === 0) return
    const settled = sumOf(this.#lots.filter(({ frame }) => frame.settled))
    if (settled === 0) return
    this.#lots = this.#lots.filter(({ frame }) => !frame.settled)
    this.#certain += settled
    this.#proven = Math.max(0, this.#proven - settled)
  }

  /** A lot without which the others cannot make up what is proven was settled, and with it everything of its frame. */
  #conclude(candidates: readonly Lot[]): void {
    const sum = sumOf(candidates)
    for (const { frame, units } of candidates) if (sum - units < this.#proven) frame.settled = true
    this.#sort()
  }
}

function sumOf(lots: readonly Lot[]): number {
  return lots.reduce((sum, { units }) => sum + units, 0)
}

/**
 * The smallest sum of some of the lots that is not below `wanted`; `wanted` where it is too long to try them all. Lots of
 * one unit each need no trying: any number of them can be had.
 */
function leastSum(lots: readonly Lot[], wanted: number): number {
  if (wanted <= 0) return Math.max(0, wanted)
  const large = lots.filter(({ units }) => units > 1).map(({ units }) => units)
  const ones = lots.length - large.length
  if (large.length > MOST_SUBSETS) return wanted
  let least = Number.POSITIVE_INFINITY
  for (let subset = 0; subset < 1 << large.length; subset++) {
    const sum = large.reduce((total, units, index) => (subset & (1 << index) ? total + units : total), 0)
    if (sum + ones >= wanted) least = Math.min(least, Math.max(sum, wanted))
  }
  return least
}
