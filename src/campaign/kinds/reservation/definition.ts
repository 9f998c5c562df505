import { type Static, Type } from 'typebox'
import { common } from '../../parts/common.ts'
import { Count, Id, Moment, whole } from '../../parts/shapes.ts'

/** Users reserve sessions of a sale or draw: they are reminded before it opens, and may have to reserve to take part. */
export const ReservationSchema = Type.Object(
  {
    ...common,
    kind: Type.Literal('reservation'),
    of: Id,
    remindMinutes: whole(1, 10_080, 'a number of minutes'),
    until: Type.Optional(Moment),
    perUser: Type.Optional(Count)
  },
  { additionalProperties: false }
)

export type ReservationDefinition = Static<typeof ReservationSchema>
