import { type Static, Type } from 'typebox'
import { MOMENT_FORM, MOMENT_PATTERN } from '../../base/moment.ts'
import { ID_PATTERN } from '../../base/shapes.ts'

/** The `description` of each schema is the text that an operator gets when a value does not fit the schema. */
const closed = { additionalProperties: false }

export const MAX_UNITS = 1_000_000_000
const MAX_PRICE = 1_000_000_000
const MAX_UNITS_PER_USER = 999_999

export const Id = Type.String({
  pattern: ID_PATTERN,
  description:
    'must be an id of 1 to 32 characters: lower-case letters, digits and hyphens, not beginning with a hyphen'
})

/** A moment with its offset. A later check finds moments that the calendar does not have. */
export const Moment = Type.String({ pattern: MOMENT_PATTERN, description: MOMENT_FORM })

const WallClock = Type.String({
  pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
  description: 'must be a time of day, such as "10:00"'
})
const WallClockEnd = Type.String({
  pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$',
  description: 'must be a time of day, such as "10:10", at most "24:00"'
})

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '\\S' })

/** One text for everybody, or one for each language. */
const translated = (maxLength: number) =>
  Type.Union([text(maxLength), Type.Object({ en: text(maxLength), 'zh-CN': text(maxLength) }, closed)], {
    description: `must be a text of 1 to ${maxLength} characters, or {"en": ..., "zh-CN": ...} with one for each language`
  })

export const Title = translated(200)
export const Description = translated(5000)

/** The address of a picture. */
export const Image = Type.String({
  pattern: '^https://\\S+$',
  maxLength: 500,
  description: 'must be an https address of at most 500 characters'
})

/** What an article is like, by property. */
export const Spec = Type.Record(Id, translated(200), {
  ...closed,
  minProperties: 1,
  maxProperties: 20,
  description: 'must be 1 to 20 texts by id, such as {"colour": "black"}'
})

export const whole = (minimum: number, maximum: number, what = 'a whole number') =>
  Type.Integer({ minimum, maximum, description: `must be ${what} from ${grouped(minimum)} to ${grouped(maximum)}` })

/** A number as people read it: `1,000`. */
export const grouped = (value: number) => value.toLocaleString('en-US')

export const Count = whole(1, MAX_UNITS)
export const Stock = whole(0, MAX_UNITS, 'a whole number of units')
export const Price = whole(0, MAX_PRICE, 'an amount in minor units (cents, fen), a whole number')
export const UnitsPerUser = whole(1, MAX_UNITS_PER_USER, 'a whole number of units')

export const oneOf = <const Value extends string>(...values: Value[]) =>
  Type.Unsafe<Value>({
    type: 'string',
    enum: values,
    description: `must be ${values.map((value) => JSON.stringify(value)).join(' or ')}`
  })

export const Flag = Type.Boolean({ description: 'must be true or false' })

/** Weights are whole numbers: a hundred of the largest add up to far less than 2^52, the numbers that are drawn. */
export const Weight = whole(0, MAX_UNITS)

export const Weights = Type.Record(Id, Weight, {
  ...closed,
  minProperties: 1,
  description: 'must be weights by prize, such as {"first": 2}'
})

export const Requires = Type.Object(
  {
    entitlement: Type.Optional(Id),
    level: Type.Optional(whole(1, 100)),
    reservation: Type.Optional(Id),
    ticket: Type.Optional(Flag)
  },
  { ...closed, minProperties: 1, description: 'must ask for an entitlement, a level, a reservation or a ticket' }
)

/** An amount of one unit: `points`, or another unit that the campaign declares. A later check finds units that it does not declare. */
export const Cost = Type.Record(Id, Count, {
  ...closed,
  minProperties: 1,
  maxProperties: 1,
  description: 'must be an amount of one unit, such as {"points": 10}'
})

/** A card that multiplies what later tasks give, all of them or those named. */
export const Doubler = Type.Object(
  {
    factor: whole(2, 10),
    hours: whole(1, 366 * 24),
    activities: Type.Optional(
      Type.Array(Id, { minItems: 1, maxItems: 100, description: 'must be a list of 1 to 100 tasks' })
    )
  },
  closed
)

/** The fields of a reward that are not units; no unit may have one of these names. */
export const REWARD_WORDS = ['chances', 'entitlement', 'doubler', 'prize'] as const

/** Types of prizes that rewards may hold: those that users claim. What is credited at once is a reward by itself. */
const heldTypes = ['cash', 'coupon', 'physical', 'membership', 'e-card'] as const

/** Types of prizes whose claim may be answered with a code. */
export const codeTypes: ReadonlySet<string> = new Set(['coupon', 'e-card', 'membership'])

/** A prize that a reward holds, and that becomes a win of its user. */
const HeldPrize = Type.Object(
  {
    id: Id,
    title: Title,
    type: oneOf(...heldTypes),
    value: Type.Optional(Price),
    quota: Type.Optional(Stock),
    pool: Type.Optional(Id),
    claimWithinDays: Type.Optional(whole(1, 366)),
    supplier: Type.Optional(Id),
    instructions: Type.Optional(Description)
  },
  closed
)

const credits = {
  chances: Type.Optional(
    Type.Record(Id, Count, {
      ...closed,
      minProperties: 1,
      maxProperties: 20,
      description: 'must be chances by draw, such as {"wheel": 1}, of 1 to 20 draws'
    })
  ),
  entitlement: Type.Optional(Id),
  doubler: Type.Optional(Doubler)
}

/** Amounts by unit, chances by draw, an entitlement, a doubler: what a prize of a draw credits at once. */
export const Credits = Type.Object(credits, {
  additionalProperties: Count,
  minProperties: 1,
  description: 'must give points (or another unit), chances, an entitlement or a doubler'
})

/** The same and a prize: what a task or an invitation gives. */
export const Reward = Type.Object(
  { ...credits, prize: Type.Optional(HeldPrize) },
  {
    additionalProperties: Count,
    minProperties: 1,
    description: 'must give points (or another unit), chances, an entitlement, a doubler or a prize'
  }
)

export const Admission = Type.Object({ ratePerSecond: whole(1, 10_000_000), burst: whole(1, 100_000_000) }, closed)

export const Session = Type.Object(
  { id: Id, opensAt: Moment, closesAt: Moment, stock: Stock, unitsPerUser: Type.Optional(UnitsPerUser) },
  closed
)

export const Daily = Type.Object(
  {
    from: WallClock,
    to: WallClockEnd,
    stock: Stock,
    unitsPerUser: Type.Optional(UnitsPerUser),
    on: Type.Optional(oneOf('every', 'workdays', 'holidays'))
  },
  closed
)

/** A reward also holds amounts by unit under any other name, which no TypeScript type can say. */
export type RewardDefinition = Static<typeof Reward>

/** A prize that a reward holds. */
export type HeldPrizeDefinition = Static<typeof HeldPrize>

export type SessionDefinition = Static<typeof Session>

export type Localized = Static<typeof Title>
