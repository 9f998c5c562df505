import { decodeShare } from '../../../record/reports/share.ts'
import type { RowKind } from './row-kind.ts'

export const shares: RowKind = {
  check(_name, report) {
    const { channel, subjectType, subject } = decodeShare(report)
    if (channel === '' || subjectType === '' || subject === '') {
      throw new Error(`The report of a share is not readable: ${JSON.stringify(report)}`)
    }
  },
  add(rows, { shard, row }) {
    const { channel, subjectType, subject } = decodeShare(row.report)
    rows.shares.push({
      share_id: `${shard}-${row.epoch}-${row.sequence}`,
      campaign_id: row.campaign,
      activity_id: row.activity,
      user_id: row.user,
      channel,
      subject_type: subjectType,
      subject_id: subject,
      key: row.key,
      hash: row.hash,
      epoch: row.epoch,
      sequence: row.sequence,
      created_at: row.at
    })
  }
}
