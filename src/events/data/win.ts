import { isoTimeOrNull } from '../../base/iso-time.ts'
import { decodeWinChange } from '../../record/reports/win-change.ts'
import { type Data, type Decided, orNull } from './decided.ts'

/** A win right after the decision. */
export function winData({ after: { win } }: Decided): Data {
  if (win === undefined) return {}
  return {
    win: win.id,
    draw: win.draw,
    prize: win.prize,
    subPrize: orNull(win.sub),
    tier: win.tier,
    type: win.type,
    status: win.status,
    wonAt: isoTimeOrNull(win.wonAt),
    claimBy: isoTimeOrNull(win.claimBy),
    given: win.given.map(({ unit, amount }) => ({ unit, amount }))
  }
}

/** A revocation tells what it took back, and what of it was spent before. */
export function winChangeData(decided: Decided): Data {
  const { shortfall, moves } = decodeWinChange(decided.report)
  return { ...winData(decided), moves, ...(shortfall.length > 0 && { shortfall }) }
}
