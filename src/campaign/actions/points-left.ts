import type { Movement } from '../../store/reading/ledger.ts'

/** What was earned at once, and what is left of it. */
interface Lot {
  readonly campaign: string
  /** when it was earned, ms since 1970 */
  readonly at: number
  left: number
}

/** Lots of which the oldest go first, up to `first` all of them. */
interface Queue {
  readonly lots: Lot[]
  first: number
}

/** Takes an amount off the oldest. @returns what they do not have */
function takenOff(queue: Queue, amount: number): number {
  let missing = amount
  for (let lot = queue.lots[queue.first]; lot !== undefined && missing > 0; lot = queue.lots[queue.first]) {
    const taken = Math.min(missing, lot.left)
    lot.left -= taken
    missing -= taken
    if (lot.left === 0) queue.first += 1
  }
  return missing
}

/**
 * What a user earned, oldest first, with what is left of it: what was earned first is spent first, whichever campaign gave it. What expired of a
 * campaign's, or was taken back, was the oldest of that campaign's, and spent nothing else as far as it had given that much. So what it gave
 * after its moment stays.
 * @param movements of one balance, oldest first
 */
export function lotsOf(movements: readonly Movement[]): Lot[] {
  const all: Queue = { lots: [], first: 0 }
  const byCampaign = new Map<string, Queue>()
  for (const { campaign, delta, isTakenBack, at } of movements) {
    const own = byCampaign.get(campaign) ?? { lots: [], first: 0 }
    byCampaign.set(campaign, own)
    if (delta > 0) {
      const lot = { campaign, at, left: delta }
      all.lots.push(lot)
      own.lots.push(lot)
    } else takenOff(all, isTakenBack ? takenOff(own, -delta) : -delta)
  }
  return all.lots
}

/** What is left of what a campaign gave up to a moment. @param movements of one balance, oldest first */
export function leftOf(movements: readonly Movement[], campaign: string, until: number): number {
  const lots = lotsOf(movements).filter((lot) => lot.campaign === campaign && lot.at <= until)
  return lots.reduce((sum, { left }) => sum + left, 0)
}

/** The newest decision by which a campaign gave something up to a moment; '' for none. @param movements of one balance, oldest first */
export function newestUpTo(
  movements: ReadonlyArray<Movement & { readonly id: string }>,
  campaign: string,
  until: number
): string {
  return movements.findLast((one) => one.campaign === campaign && one.delta > 0 && one.at <= until)?.id ?? ''
}
