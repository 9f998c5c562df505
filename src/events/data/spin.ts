import { decisionId } from '../../journal/frame.ts'
import { endedBy } from '../../record/replay.ts'
import { decodeSpin } from '../../record/reports/spin.ts'
import { type Data, type Decided, orNull } from './decided.ts'
import { winData } from './win.ts'

/** What it was drawn with, so that a draw can be checked from its events. */
function rolled({ report }: Decided): Data {
  const { number, previous, picked, why, level, moves } = decodeSpin(report)
  return {
    number: orNull(number),
    previousNumber: orNull(previous),
    picked: orNull(picked),
    reason: orNull(why),
    level,
    moves
  }
}

export function spinData(decided: Decided): Data {
  const { frame, decision, report } = decided
  const { prize, sub } = decodeSpin(report)
  const drawn = endedBy(decision.key)
  return {
    spin: decisionId(frame, decision.seq),
    draw: decision.activity,
    prize: orNull(prize),
    subPrize: orNull(sub),
    win: null,
    ...winData(decided),
    ...rolled(decided),
    ...(drawn !== undefined && { drawn })
  }
}

/** It has no prize yet, and is told because its price is taken: who adds up moves misses none. */
export function drawnData(decided: Decided): Data {
  const { frame, decision } = decided
  return { spin: decisionId(frame, decision.seq), draw: decision.activity, ...rolled(decided) }
}
