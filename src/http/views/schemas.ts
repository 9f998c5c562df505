import { type Static, type TObject, type TSchema, Type } from 'typebox'
import { EVENT_ID, listOf, NullableTime, Pending, refusals, Time } from '../wire/schemas.ts'

// Shapes of answers about decisions and of wins. They are used to serialize and for OpenAPI, never to validate.

/** An object or null, without `anyOf`, because that makes the serializer validate each value. */
export function orNull<S extends TSchema>(schema: S) {
  return Type.Unsafe<Static<S> | null>({ ...schema, type: ['object', 'null'] })
}

const Chances = Type.Object({
  daily: Type.Optional(Type.Integer({ description: 'left of this local day' })),
  extra: Type.Optional(Type.Integer({ description: 'earned or granted, and not used yet' }))
})

/** Balances by unit, as `{"points": 90, "chances": {"wheel": {"extra": 2}}}`. */
export interface Balances {
  [unit: string]: number | Record<string, Static<typeof Chances>>
}

export const Balances = Type.Unsafe<Balances>({
  type: 'object',
  description:
    'balances that the decision changed, as they were right after it: points and other units, and chances by draw',
  properties: { chances: { type: 'object', additionalProperties: Chances } },
  additionalProperties: { type: 'integer' }
})

const Doubler = Type.Object({ factor: Type.Integer(), until: Type.Optional(Time) })

/** What was credited, in the form of a reward. */
export interface Credited {
  [unit: string]: number | string | Record<string, number> | Static<typeof Doubler>
}

export const Credited = Type.Unsafe<Credited>({
  type: 'object',
  description: 'points and other units, chances by draw, an entitlement, a doubler',
  properties: {
    chances: { type: 'object', additionalProperties: { type: 'integer' } },
    entitlement: { type: 'string' },
    doubler: Doubler
  },
  additionalProperties: { type: 'integer' }
})

export const CappedBy = Type.Optional(
  Type.String({
    description: 'what was not credited in full because its daily cap was reached, such as "chances:wheel"'
  })
)

export const Amounts = Type.Record(Type.String(), Type.Integer(), { description: 'by unit' })

export const PrizeName = Type.Object({
  id: Type.String(),
  tier: Type.Integer({ description: '0 for a prize of a reward, which is of no tier' }),
  title: Type.String(),
  type: Type.String(),
  sub: Type.Optional(Type.Object({ id: Type.String(), title: Type.String() }))
})
export type PrizeName = Static<typeof PrizeName>

const winState = {
  id: Type.String(),
  status: Type.Unsafe<'won' | 'given' | 'claimed' | 'revoked'>({
    type: 'string',
    enum: ['won', 'given', 'claimed', 'revoked'],
    description: 'won: waits to be claimed; given: was credited with the spin'
  }),
  claimBy: NullableTime,
  claimRequires: Type.Array(Type.String(), { description: 'fields that the body of its claim must have' })
}

/** A win as the answer to its spin shows it. */
export const WinState = Type.Object(winState)
export type WinState = Static<typeof WinState>

export const pending = Type.Optional(
  Type.Boolean({ description: 'true: the last change is not journaled yet, so it is not promised' })
)
export const code = Type.Optional(Type.String({ description: 'for its owner only' }))

/** How far a claimed win is handed over. */
const HandedOver = Type.Object(
  {
    state: Type.Unsafe<string>({
      type: 'string',
      enum: ['approved', 'shipped', 'ready-for-pickup', 'credited', 'delivered', 'failed', 'reissued']
    }),
    at: Time,
    carrier: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    trackingNumber: Type.Unsafe<string | null>({ type: ['string', 'null'] })
  },
  { description: 'how far it is handed over; absent while nothing is told of it' }
)
export type HandedOver = Static<typeof HandedOver>

export const Win = Type.Object(
  {
    ...winState,
    campaign: Type.String(),
    draw: Type.String({ description: 'the activity: a draw, or one whose reward held the prize' }),
    prize: PrizeName,
    given: Credited,
    wonAt: Time,
    instructions: Type.Optional(Type.String({ description: 'how to use the prize; for its owner only' })),
    code,
    fulfilment: Type.Optional(HandedOver),
    pickupCode: Type.Optional(
      Type.String({ description: 'by which it can be picked up, while it lies ready; for its owner only' })
    ),
    pending
  },
  { title: 'Win' }
)
export type Win = Static<typeof Win>

export const revocation = Type.Object({
  takenBack: Credited,
  shortfall: Type.Record(Type.String(), Type.Integer(), {
    description: 'what could not be taken back because it was spent already, by unit'
  })
})

/** The first members of the body of every 201. */
export const confirmedHead = {
  outcome: Type.Literal('confirmed'),
  requestId: Type.String({ description: 'the Idempotency-Key' }),
  sequence: Type.Integer(),
  eventId: EVENT_ID
}

/** The body of a 201: its head, and the view of the decision. */
export type ConfirmedBody = Static<TObject<typeof confirmedHead>> & Readonly<Record<string, unknown>>

export const ConfirmedWin = Type.Object(
  { ...confirmedHead, win: Win, revocation: Type.Optional(revocation) },
  { title: 'ConfirmedWin' }
)

export const WinList = listOf(Win, 'WinList')

const LedgerEntry = Type.Object({
  eventId: Type.String({ description: 'the decision that changed the balance; one decision may change several' }),
  type: Type.String({ description: 'entity.verb of that decision' }),
  campaign: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'null for an imported balance' }),
  activity: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
  unit: Type.String({ description: 'points or another unit, or chances:<draw>' }),
  scope: Type.Unsafe<'account' | 'campaign'>({ type: 'string', enum: ['account', 'campaign'] }),
  delta: Type.Integer(),
  at: Time,
  pending
})
export type LedgerEntry = Static<typeof LedgerEntry>
export const LedgerList = listOf(LedgerEntry, 'Ledger')

const Winner = Type.Object({
  user: Type.String({ description: 'the user, with a part of the id hidden' }),
  draw: Type.String(),
  prize: PrizeName,
  wonAt: Time
})
export type Winner = Static<typeof Winner>
export const WinnerList = listOf(Winner, 'WinnerList')

/** The answers of a route that submits a command. */
export const answersOf = <S extends TSchema>(confirmed: S) => ({ 201: confirmed, 202: Pending, ...refusals })
