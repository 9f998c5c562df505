import { type Move, numberOrNull, reportParts } from './moves.ts'

/** What a completion of a task says about itself. */
interface CompletionReport {
  readonly kind: 'completion'
  /** the local day that it counts for, days since 1970; null where the task is done once a campaign */
  readonly day: number | null
  /** length of the row of days with this one; null where the task has no streak */
  readonly streak: number | null
  /** whether a step of the streak was reached */
  readonly bonus: boolean
  /** the unit that a cap of the day cut, '' where none did */
  readonly cappedBy: string
  /** of the card that multiplied what was given, before any cap; 1 without one, null where an older version did not say it */
  readonly factor: number | null
  readonly moves: readonly Move[]
}

/** Reads `<day or ''>,<streak or ''>,<bonus 0|1>,<capped unit or ''>,<factor>|<move>...`; older versions wrote no factor. */
export function decodeCompletion(text: string): CompletionReport {
  const { facts, moves } = reportParts(text)
  const [day, streak, bonus, cappedBy = '', factor] = facts
  return {
    kind: 'completion',
    day: numberOrNull(day),
    streak: numberOrNull(streak),
    bonus: bonus === '1',
    cappedBy,
    factor: numberOrNull(factor),
    moves
  }
}
