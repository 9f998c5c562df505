import { type Static, type TSchema, Type } from 'typebox'
import { EVENT_ID, listOf, NullableTime, Order, Pending, RefundDue, refusals, Time } from '../wire/schemas.ts'

// Answers about draws, redemptions, tasks and wins: validated nowhere, serialised from these shapes, shown in OpenAPI.

/** An object or null without `anyOf`, which would make the serialiser validate each value. */
function orNull<S extends TSchema>(schema: S) {
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

const Balances = Type.Unsafe<Balances>({
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

const Credited = Type.Unsafe<Credited>({
  type: 'object',
  description: 'points and other units, chances by draw, an entitlement, a doubler',
  properties: {
    chances: { type: 'object', additionalProperties: { type: 'integer' } },
    entitlement: { type: 'string' },
    doubler: Doubler
  },
  additionalProperties: { type: 'integer' }
})

const Amounts = Type.Record(Type.String(), Type.Integer(), { description: 'by unit' })

const PrizeName = Type.Object({
  id: Type.String(),
  tier: Type.Integer(),
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
const WinState = Type.Object(winState)
export type WinState = Static<typeof WinState>

const pending = Type.Optional(
  Type.Boolean({ description: 'true: the last change is not journaled yet, so it is not promised' })
)
const code = Type.Optional(Type.String({ description: 'for its owner only' }))

export const Win = Type.Object(
  {
    ...winState,
    campaign: Type.String(),
    draw: Type.String(),
    prize: PrizeName,
    given: Credited,
    wonAt: Time,
    code,
    pending
  },
  { title: 'Win' }
)
export type Win = Static<typeof Win>

export const Spin = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    draw: Type.String(),
    prize: orNull(PrizeName),
    win: orNull(WinState),
    cost: Amounts,
    credited: Credited,
    balances: Balances,
    number: Type.String({ description: 'the number by which the prize was picked, 13 hex digits' }),
    why: Type.Optional(
      Type.String({
        description:
          'why the prize is another one than the number picked: exhausted, unreleased, capped, early, guaranteed'
      })
    ),
    spunAt: Time
  },
  { title: 'Spin' }
)
export type Spin = Static<typeof Spin>

export const Claim = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    item: Type.String(),
    quantity: Type.Integer(),
    cost: Amounts,
    balances: Type.Optional(Balances),
    acceptedAt: Time,
    code,
    codes: Type.Optional(Type.Array(Type.String(), { description: 'the codes, where more than one unit was claimed' })),
    pending
  },
  { title: 'Claim' }
)
export type Claim = Static<typeof Claim>

export const Completion = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    task: Type.String(),
    period: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'the local day that it counts for; null for a task that is done once a campaign'
    }),
    credited: Credited,
    cappedBy: Type.Optional(
      Type.String({
        description: 'what was not credited in full because its daily cap was reached, such as "chances:wheel"'
      })
    ),
    doubled: Type.Optional(Type.Integer({ description: 'factor of the card that multiplied what was credited' })),
    streak: Type.Optional(
      Type.Object({
        length: Type.Integer({ description: 'days in a row' }),
        bonus: Type.Boolean({ description: 'a step of the streak was reached' })
      })
    ),
    balances: Balances,
    completedAt: Time
  },
  { title: 'Completion' }
)
export type Completion = Static<typeof Completion>

const revocation = Type.Object({
  takenBack: Credited,
  shortfall: Type.Record(Type.String(), Type.Integer(), {
    description: 'what could not be taken back because it was spent already, by unit'
  })
})

const head = {
  outcome: Type.Literal('confirmed'),
  requestId: Type.String({ description: 'the Idempotency-Key' }),
  sequence: Type.Integer(),
  eventId: EVENT_ID
}

export const ConfirmedSpin = Type.Object({ ...head, spin: Spin }, { title: 'ConfirmedSpin' })
export const ConfirmedClaim = Type.Object({ ...head, claim: Claim }, { title: 'ConfirmedClaim' })
export const ConfirmedCompletion = Type.Object({ ...head, completion: Completion }, { title: 'ConfirmedCompletion' })
export const ConfirmedWin = Type.Object(
  { ...head, win: Win, revocation: Type.Optional(revocation) },
  { title: 'ConfirmedWin' }
)

/** Whatever was decided: exactly one of the last members is there. */
export const ConfirmedAny = Type.Object(
  {
    ...head,
    order: Type.Optional(Order),
    spin: Type.Optional(Spin),
    claim: Type.Optional(Claim),
    completion: Type.Optional(Completion),
    win: Type.Optional(Win),
    revocation: Type.Optional(revocation),
    refundDue: Type.Optional(RefundDue)
  },
  { title: 'ConfirmedAny' }
)
export type ConfirmedAny = Static<typeof ConfirmedAny>

export const WinList = listOf(Win, 'WinList')
export const ClaimList = listOf(Claim, 'ClaimList')

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
