import { decodeAssist } from '../../../record/reports/assist.ts'
import type { RowKind } from './row-kind.ts'

export const assists: RowKind = {
  check(_name, report) {
    const { share, sharer } = decodeAssist(report)
    if (share === '' || sharer === '') {
      throw new Error(`The report of an assist is not readable: ${JSON.stringify(report)}`)
    }
  },
  add(rows, { shard, row }) {
    const { share, sharer } = decodeAssist(row.report)
    rows.assists.push({
      assist_id: `${shard}-${row.epoch}-${row.sequence}`,
      campaign_id: row.campaign,
      activity_id: row.activity,
      share_id: share,
      sharer_id: sharer,
      user_id: row.user,
      epoch: row.epoch,
      sequence: row.sequence,
      given_at: row.at
    })
  }
}
