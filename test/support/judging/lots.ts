import type { Movement } from '../../../src/store/reading/ledger.ts'

interface Lot {
  readonly campaign: string
  readonly at: number
  left: number
}

/** What a user earned, oldest first, with what is left of each after these decisions. */
export class Lots {
  readonly lots: Lot[] = []

  /** What is taken back is the campaign's own as far as there is any. @returns how many points were spent that were not there */
  add({ campaign, at, delta, isTakenBack }: Movement, spentFirst: 'oldest' | 'newest' = 'oldest'): number {
    if (delta > 0) this.lots.push({ campaign, at, left: delta })
    if (delta >= 0) return 0
    const mine = isTakenBack ? [...this.lots.filter((lot) => lot.campaign === campaign), ...this.lots] : this.lots
    let missing = -delta
    for (const lot of spentFirst === 'oldest' ? mine : mine.toReversed()) {
      const used = Math.min(missing, lot.left)
      lot.left -= used
      missing -= used
    }
    return missing
  }

  /** @param until of what was earned up to that moment */
  leftOf(campaign: string, until: number): number {
    const lots = this.lots.filter((lot) => lot.campaign === campaign && lot.at <= until)
    return lots.reduce((sum, { left }) => sum + left, 0)
  }
}
