import { decodeCredit } from '../../record/reports/credit.ts'
import { askedIn, type Data, type Decided, orNull } from './decided.ts'

/** A reward for what somebody else did: what it is about, and what a cap left of it. */
export function creditedData({ decision, report }: Decided): Data {
  const { cappedBy, about, moves } = decodeCredit(report)
  return { ...askedIn(decision), about: orNull(about), cappedBy: orNull(cappedBy), moves }
}
