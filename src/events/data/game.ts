import { dateOfDay } from '../../base/day.ts'
import { decisionId } from '../../journal/frame.ts'
import { decodeGame } from '../../record/reports/game.ts'
import { type Data, type Decided, orNull } from './decided.ts'

export function gameData({ frame, decision, report }: Decided): Data {
  const { outcome, day, attemptsLeft, cappedBy, moves } = decodeGame(report)
  return {
    result: decisionId(frame, decision.seq),
    game: decision.activity,
    outcome,
    day: dateOfDay(day),
    attemptsLeft,
    cappedBy: orNull(cappedBy),
    moves
  }
}
