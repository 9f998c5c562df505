import { isoTime } from '../../base/iso-time.ts'
import { decisionId } from '../../journal/frame.ts'
import { decodeReservation } from '../../record/reports/reservation.ts'
import { type Data, type Decided, orNull } from './decided.ts'

export function reservationData({ frame, decision, report }: Decided): Data {
  const { session, remindAt } = decodeReservation(report)
  return { reservation: decisionId(frame, decision.seq), session: orNull(session), remindAt: isoTime(remindAt) }
}
