import { commonDefinition, commonRules, iso, onlySession, wholeSession } from '../../parts/activity.ts'
import { type Context, checkOwnWindow, checkReserved } from '../../parts/check.ts'
import type { CampaignContext, Window } from '../../parts/context.ts'
import { type Fields, participationFields } from '../../parts/fields.ts'
import type { ActivityBase } from '../../parts/model.ts'
import { packSessions } from '../../parts/packed.ts'
import type { ReservationDefinition } from './definition.ts'

const MINUTE_MS = 60_000

/** A reservation in force: it is open from the campaign's opening until its own deadline, the close of its session. */
export interface Reservation extends ActivityBase {
  readonly kind: 'reservation'
  /** the activity whose sessions are reserved */
  readonly of: string
  readonly remindMs: number
  /** sessions that one user may reserve; 0 without a limit */
  readonly perUser: number
}

/** Checks what the schema of a reservation cannot say. */
export function checkReservation({ of, until }: ReservationDefinition, pointer: string, context: Context): void {
  checkReserved(of, `${pointer}/of`, context)
  // the deadline is the end of its window: errors name the field that the operator wrote
  const add = (path: string, detail: string) => context.add(path.replace(/closesAt$/, 'until'), detail)
  checkOwnWindow(until === undefined ? {} : { closesAt: until }, pointer, { ...context, add })
}

/** A reservation in force, as it is before any adjustment. */
export function reservationRules(reservation: ReservationDefinition, window: Window): Reservation {
  const { of, remindMinutes, until, perUser } = reservation
  return {
    ...commonRules(reservation),
    kind: 'reservation',
    of,
    remindMs: remindMinutes * MINUTE_MS,
    perUser: perUser ?? 0,
    sessions: [wholeSession(until === undefined ? {} : { closesAt: until }, window)]
  }
}

export function reservationDefinition(reservation: Reservation): ReservationDefinition {
  const { of, remindMs, perUser } = reservation
  return {
    ...commonDefinition(reservation),
    kind: 'reservation',
    of,
    remindMinutes: remindMs / MINUTE_MS,
    until: iso(onlySession(reservation).closesAt),
    ...(perUser > 0 ? { perUser } : {})
  }
}

/** The sessions that can be reserved, as the gate finds them: their pauses and limits are no matter of a reservation. */
export function compileTargets({ activities }: CampaignContext, { of }: Reservation): Fields {
  const sessions = activities.find(({ id }) => id === of)?.sessions ?? []
  return { targets: packSessions(sessions.map((session) => ({ ...session, unitsPerUser: 0, paused: false }))) }
}

/** The fields of `a:<campaign>:<reservation>` beside those of every kind. */
export function compileReservation(campaign: CampaignContext, reservation: Reservation): Fields {
  const { perUser, remindMs } = reservation
  return {
    ...participationFields,
    per_campaign: perUser,
    remind_ms: remindMs,
    ...compileTargets(campaign, reservation)
  }
}
