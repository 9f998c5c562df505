import { isoTimeOrNull } from '../../base/iso-time.ts'
import type { FrameDecision } from '../../journal/frame.ts'
import { decodeFulfilment } from '../../record/reports/fulfilment.ts'
import { decodeWinChange } from '../../record/reports/win-change.ts'
import { askedIn, type Data, type Decided, orNull } from './decided.ts'

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

/** How far a win is handed over, and what is said of it. */
export function fulfilmentData(decided: Decided): Data {
  const { state, nth } = decodeFulfilment(decided.report)
  const { carrier = null, trackingNumber = null, reason = null } = askedIn(decided.decision)
  return { ...winData(decided), state: state ?? '', attempt: nth, carrier, trackingNumber, reason }
}

/** Behind the win itself and its claim. */
export const fulfilledVersion = ({ report = '' }: FrameDecision): number => 2 + decodeFulfilment(report).nth
