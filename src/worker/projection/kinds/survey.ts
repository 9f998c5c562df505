import type { RowKind } from './row-kind.ts'

/** An answer of a survey. What was answered stands in no decision: Postgres kept it under the request. */
export const answers: RowKind = {
  check() {
    // whatever its report says, its row does not rest on it
  },
  add(rows, { shard, row }) {
    rows.answers.push({
      answer_id: `${shard}-${row.epoch}-${row.sequence}`,
      campaign_id: row.campaign,
      activity_id: row.activity,
      user_id: row.user,
      key: row.key,
      hash: row.hash,
      epoch: row.epoch,
      sequence: row.sequence,
      answered_at: row.at
    })
  }
}
