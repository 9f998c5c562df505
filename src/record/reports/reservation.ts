import { reportParts } from './moves.ts'

/** What a reservation says about itself. */
interface ReservationReport {
  readonly kind: 'reservation'
  /** '' where all sessions are reserved */
  readonly session: string
  /** when its user is reminded at the latest, ms since 1970; of all sessions: of the next one */
  readonly remindAt: number
  /** the session that this time is of */
  readonly first: string
}

/** Reads `<session or ''>,<remindAt ms>,<session of that time>` */
export function decodeReservation(text: string): ReservationReport {
  const [session = '', remindAt, first = ''] = reportParts(text).facts
  return { kind: 'reservation', session, remindAt: Number(remindAt), first }
}
