import { decodeRedemption } from '../../../record/reports/redemption.ts'
import type { ClaimRow } from '../../../store/projection/rows.ts'
import type { Decided, RowKind } from './row-kind.ts'

function claimRow({ shard, row }: Decided): ClaimRow {
  const { quantity, pool, unit, cost } = decodeRedemption(row.report)
  return {
    claim_id: `${shard}-${row.epoch}-${row.sequence}`,
    campaign_id: row.campaign,
    activity_id: row.activity,
    user_id: row.user,
    quantity,
    unit,
    cost,
    pool,
    epoch: row.epoch,
    sequence: row.sequence,
    accepted_at: row.at
  }
}

export const redemptions: RowKind = {
  check(_name, report) {
    const { quantity, moves } = decodeRedemption(report)
    if (quantity < 1 || ![quantity, ...moves.map(({ delta }) => delta)].every(Number.isSafeInteger)) {
      throw new Error(`The report of a claim is not readable: ${JSON.stringify(report)}`)
    }
  },
  add(rows, decided) {
    rows.claims.push(claimRow(decided))
  }
}
