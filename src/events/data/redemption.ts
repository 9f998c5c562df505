import { decisionId } from '../../journal/frame.ts'
import { decodeRedemption } from '../../record/reports/redemption.ts'
import { type Data, type Decided, orNull } from './decided.ts'

export function redemptionData({ frame, decision, report }: Decided): Data {
  const { quantity, pool, moves } = decodeRedemption(report)
  return {
    claim: decisionId(frame, decision.seq),
    item: decision.activity,
    quantity,
    pool: orNull(pool),
    moves
  }
}
