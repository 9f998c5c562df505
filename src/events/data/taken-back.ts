import { decodeTakenBack } from '../../record/reports/taken-back.ts'
import { askedIn, type Data, type Decided } from './decided.ts'

/** What was taken back of a reward, and what of it its user had spent before. */
export function takenBackData({ frame, decision, report }: Decided): Data {
  const { givenBy, shortfall, moves } = decodeTakenBack(report)
  return { ...askedIn(decision), credit: `${frame.shard}-${givenBy}`, moves, shortfall }
}
