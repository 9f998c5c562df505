import { isoTime, isoTimeOrNull } from '../../../base/iso-time.ts'
import { madeItself } from '../../../record/entities.ts'
import { decodeWin, type WinRecord } from '../../../record/win.ts'
import type { DecisionRow, WinRow } from '../../../store/projection/rows.ts'
import type { RowKind } from './row-kind.ts'

/** The win that a decision made or moved. */
function winRow(win: WinRecord, row: DecisionRow): WinRow {
  const [epoch = '', sequence = ''] = row.entity.split('-')
  return {
    win_id: win.id,
    campaign_id: win.campaign,
    activity_id: win.draw,
    user_id: row.user,
    prize_id: win.prize,
    sub_prize: win.sub,
    tier: win.tier,
    type: win.type,
    status: win.status,
    epoch: Number(epoch),
    sequence: Number(sequence),
    won_at: isoTime(win.wonAt),
    claim_by: isoTimeOrNull(win.claimBy),
    updated_at: row.at,
    record: row.record
  }
}

export const wins: RowKind = {
  check(name, record) {
    const { tier, wonAt, claimBy } = decodeWin(name, record)
    if (!Number.isSafeInteger(tier)) throw new Error(`The tier of win ${name} is not a number`)
    isoTime(wonAt)
    isoTimeOrNull(claimBy)
  },
  add(rows, { row, entity: { win } }) {
    if (win !== undefined) rows.wins.set(win.id, winRow(win, row), madeItself(row))
  }
}
