import { decisionId } from '../../journal/frame.ts'
import { decodeSpin } from '../../record/reports/spin.ts'
import { type Data, type Decided, orNull } from './decided.ts'
import { winData } from './win.ts'

/** With the number and all that it was drawn with, so that a draw can be checked from its events. */
export function spinData(decided: Decided): Data {
  const { frame, decision, report } = decided
  const { prize, sub, number, previous, picked, why, level, moves } = decodeSpin(report)
  return {
    spin: decisionId(frame, decision.seq),
    draw: decision.activity,
    prize: orNull(prize),
    subPrize: orNull(sub),
    win: null,
    ...winData(decided),
    number: orNull(number),
    previousNumber: orNull(previous),
    picked: orNull(picked),
    reason: orNull(why),
    level,
    moves
  }
}
