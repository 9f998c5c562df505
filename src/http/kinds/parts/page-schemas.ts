import { type TSchema, Type } from 'typebox'
import { NullableTime, Time } from '../../wire/schemas.ts'

// The parts that schemas of pages and standings share. Pages are serialized by hand, so nothing is compiled from these schemas:
// they appear in the OpenAPI document and below /schemas/, and tests compare them with the views.

export const nullable = (type: 'integer' | 'string', description?: string) =>
  Type.Unsafe<number | string | null>({ type: [type, 'null'], ...(description !== undefined && { description }) })

export const limit = (what: string) => nullable('integer', `${what}; null where there is no limit`)
export const left = nullable('integer', 'units left; null while it is not known')
export const optional = <S extends TSchema>(schema: S) => Type.Optional(schema)
export const words = <const Word extends string>(...names: Word[]) => Type.Unsafe<Word>({ type: 'string', enum: names })
export const Amounts = Type.Record(Type.String(), Type.Integer(), { description: 'by unit' })
export const ByName = (description: string) => Type.Record(Type.String(), Type.Number(), { description })

const HeldPrize = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    type: Type.String(),
    value: Type.Optional(Type.Integer({ description: 'minor units' })),
    quota: nullable('integer', 'how many there are; null: no end'),
    remaining: Type.Optional(nullable('integer', 'how many are left; null while it is not known')),
    claimWithinDays: Type.Optional(Type.Integer())
  },
  { description: 'becomes a win of the user; where none is left, the rest of the reward is given' }
)

export const Reward = Type.Unsafe<object>({
  type: 'object',
  description: 'points and other units, chances by draw, an entitlement, a doubler card, a prize',
  properties: {
    chances: { type: 'object', additionalProperties: { type: 'integer' } },
    entitlement: { type: 'string' },
    doubler: Type.Object({
      factor: Type.Integer(),
      hours: Type.Number(),
      activities: optional(Type.Array(Type.String()))
    }),
    prize: HeldPrize
  },
  additionalProperties: { type: 'integer' }
})

const sessionTimes = {
  id: Type.String(),
  opensAt: Time,
  closesAt: Time,
  unitsPerUser: optional(Type.Integer()),
  paused: Type.Boolean()
}

const Session = Type.Object(
  { ...sessionTimes, total: optional(nullable('integer')), remaining: optional(left) },
  { title: 'Session' }
)
const SessionTerms = Type.Object(sessionTimes, { title: 'SessionTerms' })

/** The last member of an activity, in its page and in its rules view. */
export const sessions = { sessions: Type.Array(Session) }
export const sessionsOfRules = { sessions: Type.Array(SessionTerms) }

/** When an activity can be used. */
export const opening = {
  paused: Type.Boolean(),
  currentSession: nullable('string', 'the session that is open'),
  nextOpensAt: NullableTime
}

/** The members that every kind of activity shows. @param kind its name */
export function common<const Name extends string>(kind: Name) {
  return {
    id: Type.String(),
    title: Type.String(),
    description: optional(Type.String()),
    category: optional(Type.String()),
    sort: Type.Integer(),
    image: optional(Type.String({ description: 'address of a picture' })),
    spec: optional(Type.Record(Type.String(), Type.String(), { description: 'what it is like, by property' })),
    requires: optional(
      Type.Object({
        entitlement: optional(Type.String()),
        level: optional(Type.Integer()),
        reservation: optional(Type.String()),
        ticket: optional(Type.Boolean({ description: 'each request needs a Floodgate-Ticket' }))
      })
    ),
    ...opening,
    kind: Type.Literal(kind)
  }
}
