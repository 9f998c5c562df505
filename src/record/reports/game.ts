import { type Move, numberOrNull, reportParts } from './moves.ts'

/** What the result of an attempt at a game says about itself. */
interface GameReport {
  readonly kind: 'game'
  readonly outcome: string
  /** the local day on which it was played, days since 1970 */
  readonly day: number
  /** attempts that the user had left on that day; null without a limit */
  readonly attemptsLeft: number | null
  /** the unit that a cap of the day cut, '' where none did */
  readonly cappedBy: string
  readonly moves: readonly Move[]
}

/** Reads `<outcome>,<day>,<attempts left or ''>,<capped unit or ''>|<move>...` */
export function decodeGame(text: string): GameReport {
  const { facts, moves } = reportParts(text)
  const [outcome = '', day, left, cappedBy = ''] = facts
  return { kind: 'game', outcome, day: Number(day), attemptsLeft: numberOrNull(left), cappedBy, moves }
}
