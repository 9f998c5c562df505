import { decisionId } from '../../journal/frame.ts'
import { decodeCompletion } from '../../record/reports/completion.ts'
import { type Data, type Decided, orNull } from './decided.ts'

export function completionData({ frame, decision, report }: Decided): Data {
  const { day, streak, bonus, cappedBy, factor, moves } = decodeCompletion(report)
  return {
    completion: decisionId(frame, decision.seq),
    task: decision.activity,
    day,
    streak,
    streakBonus: bonus,
    cappedBy: orNull(cappedBy),
    factor,
    moves
  }
}
