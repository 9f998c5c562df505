import type { Frame, FrameDecision } from '../../journal/frame.ts'
import { LENT } from '../../record/decisions.ts'
import { loanMoveOf } from '../../record/loan.ts'
import type { LoanRow } from '../../store/projection/rows.ts'
import { itemOf } from './item.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What a decision says about a loan between its shard and another one; undefined for nearly every one. */
export function loanRowOf(
  { shard, epoch }: Pick<Frame, 'shard' | 'epoch'>,
  decision: FrameDecision
): LoanRow | undefined {
  const move = loanMoveOf(decision)
  if (move === undefined || !UUID.test(move.loan)) return undefined
  const item = itemOf(move)
  const isLend = move.type === LENT
  if (item === undefined || shard !== (isLend ? move.from : move.to) || move.from === move.to) return undefined
  const id = `${shard}-${epoch}-${decision.seq}`
  return {
    loan_id: move.loan,
    campaign_id: move.campaign,
    activity_id: item.activity,
    session_id: item.session,
    key: move.key,
    field: move.field,
    from_shard: move.from,
    to_shard: move.to,
    asked: move.units,
    lent: move.moved,
    lent_by: isLend ? id : null,
    received_by: isLend ? null : id
  }
}
