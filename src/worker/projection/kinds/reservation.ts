import { ID } from '../../../base/shapes.ts'
import { decodeReservation } from '../../../record/reports/reservation.ts'
import type { ReservationRow } from '../../../store/projection/rows.ts'
import type { Decided, RowKind } from './row-kind.ts'

const SESSION = new RegExp(`^${ID}$`)

function reservationRow({ shard, row }: Decided): ReservationRow {
  const { session, first } = decodeReservation(row.report)
  return {
    reservation_id: `${shard}-${row.epoch}-${row.sequence}`,
    campaign_id: row.campaign,
    activity_id: row.activity,
    session_id: session,
    first_session: first,
    user_id: row.user,
    epoch: row.epoch,
    sequence: row.sequence,
    made_at: row.at
  }
}

export const reservations: RowKind = {
  check(_name, report) {
    const { session, remindAt, first } = decodeReservation(report)
    if ((session === '' || session === first) && SESSION.test(first) && Number.isSafeInteger(remindAt)) return
    throw new Error(`The report of a reservation is not readable: ${JSON.stringify(report)}`)
  },
  add(rows, decided) {
    rows.reservations.push(reservationRow(decided))
  }
}
