import { type Static, Type } from 'typebox'
import { common, ownWindow, supplied } from '../../parts/common.ts'
import {
  Cost,
  Count,
  Credits,
  Description,
  Id,
  MAX_UNITS,
  oneOf,
  Price,
  Stock,
  Title,
  Weight,
  Weights,
  whole
} from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

export const prizeTypes = [
  'cash',
  'coupon',
  'physical',
  'points',
  'doubler',
  'membership',
  'e-card',
  'chances',
  'eligibility',
  'nothing'
] as const
export type PrizeType = (typeof prizeTypes)[number]

/** What a page needs to show a prize on a wheel; the draw does not use it. */
const Display = Type.Object(
  {
    image: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'must be an address of 1 to 500 characters' })
    ),
    color: Type.Optional(
      Type.String({ minLength: 1, maxLength: 32, description: 'must be a colour of 1 to 32 characters' })
    ),
    order: Type.Optional(whole(0, 1000))
  },
  closed
)

const SubPrize = Type.Object(
  { id: Id, title: Title, weight: Type.Optional(whole(1, MAX_UNITS)), reward: Type.Optional(Credits) },
  closed
)

const Prize = Type.Object(
  {
    id: Id,
    tier: whole(1, 100),
    title: Title,
    type: oneOf(...prizeTypes),
    quota: Type.Union([Stock, Type.Null()], { description: 'must be a whole number of prizes, or null for no quota' }),
    weight: Weight,
    value: Type.Optional(Price),
    minSpins: Type.Optional(whole(0, MAX_UNITS)),
    guaranteedAfter: Type.Optional(Count),
    release: Type.Optional(oneOf('even', 'atOnce')),
    claimWithinDays: Type.Optional(whole(1, 366)),
    reward: Type.Optional(Credits),
    subPrizes: Type.Optional(
      Type.Array(SubPrize, { minItems: 1, maxItems: 50, description: 'must be a list of 1 to 50 sub-prizes' })
    ),
    pool: Type.Optional(Id),
    ...supplied,
    instructions: Type.Optional(Description),
    display: Type.Optional(Display)
  },
  closed
)

/** A tier as the name of a field. */
export const Tier = Type.String({ pattern: '^([1-9]\\d?|100)$' })

const Limits = Type.Object(
  {
    perDay: Type.Optional(Count),
    perCampaign: Type.Optional(Count),
    winsPerCampaign: Type.Optional(Count),
    winsPerTier: Type.Optional(
      Type.Record(Tier, Count, {
        ...closed,
        description: 'must be wins by tier, such as {"1": 1}'
      })
    )
  },
  closed
)

/** Other weights for users of a level and above; a prize without an entry keeps its own weight. */
const LevelWeights = Type.Object(
  {
    level: whole(1, 100),
    weights: Weights
  },
  closed
)

/** A lucky draw: one spin costs an amount of a unit, or a chance, or nothing. */
export const DrawSchema = Type.Object(
  {
    ...common,
    ...ownWindow,
    kind: Type.Literal('draw'),
    cost: Type.Optional(Cost),
    chances: Type.Optional(Type.Object({ daily: whole(0, 1000), extraPerDay: Type.Optional(whole(1, 1000)) }, closed)),
    limits: Type.Optional(Limits),
    fallback: Id,
    prizes: Type.Array(Prize, { minItems: 1, maxItems: 100, description: 'must be a list of 1 to 100 prizes' }),
    weightsByLevel: Type.Optional(
      Type.Array(LevelWeights, { maxItems: 10, description: 'must be a list of at most 10 levels' })
    )
  },
  closed
)

export type DrawDefinition = Static<typeof DrawSchema>

export type PrizeDefinition = DrawDefinition['prizes'][number]
