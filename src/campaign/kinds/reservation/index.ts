import type { KindRules } from '../../parts/kind.ts'
import { type ReservationDefinition, ReservationSchema } from './definition.ts'
import {
  checkReservation,
  compileReservation,
  compileTargets,
  type Reservation,
  reservationDefinition,
  reservationRules
} from './rules.ts'

/** A user reserves a session of a sale or draw, to be reminded of it, and where the sale asks for it to buy at all. */
export const reservation: KindRules<ReservationDefinition, Reservation> = {
  schema: ReservationSchema,
  frozen: ['of', 'remindMs', 'perUser'] satisfies ReadonlyArray<keyof Reservation>,
  check: checkReservation,
  rules: reservationRules,
  definition: reservationDefinition,
  compile: compileReservation,
  reserves: ({ of, remindMs }) => ({ of, remindMs }),
  windowFields: compileTargets
}
