import { prizeIn } from '../../record/reports/moves.ts'
import { creditedData } from './credit.ts'
import type { Data, Decided } from './decided.ts'

/** The reward of a rank: beside what every credit says, the prize that is owed because no unit or code of it was left. */
export function awardData(decided: Decided): Data {
  const prize = prizeIn(decided.report)
  return { ...creditedData(decided), owed: prize?.given === false ? prize.id : null }
}
