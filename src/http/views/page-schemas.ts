import { type TSchema, Type } from 'typebox'
import { listOf, NullableTime, Time } from '../wire/schemas.ts'

// What pages and standings look like: shown in the OpenAPI document and below /schemas/. They are written as text or by
// hand, so nothing is compiled from these; tests hold them against the views.

const nullable = (type: 'integer' | 'string', description?: string) =>
  Type.Unsafe<number | string | null>({ type: [type, 'null'], ...(description !== undefined && { description }) })

const limit = (what: string) => nullable('integer', `${what}; null where there is no limit`)
const left = nullable('integer', 'units left; null while it is not known')
const optional = <S extends TSchema>(schema: S) => Type.Optional(schema)
const words = <const Word extends string>(...names: Word[]) => Type.Unsafe<Word>({ type: 'string', enum: names })
const Amounts = Type.Record(Type.String(), Type.Integer(), { description: 'by unit' })
const ByName = (description: string) => Type.Record(Type.String(), Type.Number(), { description })

const Reward = Type.Unsafe<object>({
  type: 'object',
  description: 'points and other units, chances by draw, an entitlement, a doubler card',
  properties: {
    chances: { type: 'object', additionalProperties: { type: 'integer' } },
    entitlement: { type: 'string' },
    doubler: Type.Object({
      factor: Type.Integer(),
      hours: Type.Number(),
      activities: optional(Type.Array(Type.String()))
    })
  },
  additionalProperties: { type: 'integer' }
})

const CampaignStatus = words('published', 'running', 'paused', 'ended', 'settled')

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

const opening = {
  paused: Type.Boolean(),
  currentSession: nullable('string', 'the session that is open'),
  nextOpensAt: NullableTime
}

const common = {
  id: Type.String(),
  title: Type.String(),
  description: optional(Type.String()),
  category: optional(Type.String()),
  sort: Type.Integer(),
  requires: optional(Type.Object({ entitlement: optional(Type.String()), level: optional(Type.Integer()) })),
  ...opening
}

const saleTerms = {
  ...common,
  kind: Type.Literal('sale'),
  sku: optional(Type.String()),
  listPrice: optional(Type.Integer({ description: 'minor units' })),
  price: Type.Integer({ description: 'minor units' }),
  currency: Type.String({ description: 'ISO 4217' }),
  unitsPerUser: limit('units of this sale for one user'),
  payWithinSeconds: nullable('integer'),
  shipWithin: optional(
    Type.Object({ businessDays: Type.Integer(), from: words('acceptance', 'campaignEnd') }, { title: 'ShipWithin' })
  )
}

const subPrize = Type.Object({
  id: Type.String(),
  title: Type.String(),
  odds: Type.Number(),
  reward: optional(Reward)
})

const prizeTerms = {
  id: Type.String(),
  tier: Type.Integer({ description: '1 is the best' }),
  title: Type.String(),
  type: Type.String(),
  value: optional(Type.Integer({ description: 'minor units' })),
  quota: nullable('integer', 'how many there are; null: no end'),
  weight: Type.Integer(),
  minSpins: optional(Type.Integer()),
  guaranteedAfter: optional(Type.Integer()),
  release: optional(Type.Literal('even')),
  claimWithinDays: optional(Type.Integer()),
  reward: optional(Reward),
  subPrizes: optional(Type.Array(subPrize)),
  display: optional(Type.Unsafe<object>({ type: 'object', additionalProperties: true })),
  odds: Type.Number({ description: 'its weight divided by the sum of all weights, for users of level 0' })
}

const drawTerms = {
  ...common,
  kind: Type.Literal('draw'),
  cost: optional(Amounts),
  chances: optional(Type.Object({ daily: Type.Integer(), extraPerDay: limit('extra chances a day') })),
  limits: Type.Object({
    perDay: limit('spins a day'),
    perCampaign: limit('spins'),
    winsPerCampaign: limit('wins'),
    winsPerTier: ByName('wins by tier')
  }),
  fallback: Type.String({ description: 'id of the prize that is given when the picked one cannot be' }),
  oddsByLevel: optional(Type.Array(Type.Object({ level: Type.Integer(), odds: ByName('by prize') }))),
  seedCommitment: nullable('string', 'SHA-256 of the seed, in hex'),
  algorithm: Type.String({ description: 'how a spin is computed' }),
  seed: optional(Type.String({ description: 'in hex; absent until the draw is over' }))
}

const taskTerms = {
  ...common,
  kind: Type.Literal('task'),
  per: words('day', 'campaign'),
  tier: optional(Type.String()),
  goal: optional(Type.Object({ counter: Type.String(), count: Type.Integer() })),
  after: optional(Type.Array(Type.String(), { description: 'tasks that must be done first' })),
  reward: Reward,
  streak: optional(Type.Array(Type.Object({ days: Type.Integer(), reward: Reward })))
}

const redemptionTerms = {
  ...common,
  kind: Type.Literal('redemption'),
  cost: Amounts,
  unitsPerUser: limit('units of this item for one user')
}

const sessions = { sessions: Type.Array(Session) }
const sessionsOfTerms = { sessions: Type.Array(SessionTerms) }

/** An activity, by `kind`. */
const Activity = Type.Union([
  Type.Object({ ...saleTerms, remaining: left, ...sessions }, { title: 'Sale' }),
  Type.Object(
    { ...drawTerms, remaining: left, prizes: Type.Array(Type.Object({ ...prizeTerms, remaining: left })), ...sessions },
    { title: 'Draw' }
  ),
  Type.Object({ ...taskTerms, ...sessions }, { title: 'Task' }),
  Type.Object({ ...redemptionTerms, remaining: left, ...sessions }, { title: 'Redemption' })
])

const ActivityTerms = Type.Union([
  Type.Object({ ...saleTerms, ...sessionsOfTerms }, { title: 'SaleTerms' }),
  Type.Object(
    {
      ...drawTerms,
      prizes: Type.Array(Type.Object(prizeTerms)),
      terms: Type.Array(Type.String(), { description: 'what counts as a win and what is promised, in words' }),
      ...sessionsOfTerms
    },
    { title: 'DrawTerms' }
  ),
  Type.Object({ ...taskTerms, ...sessionsOfTerms }, { title: 'TaskTerms' }),
  Type.Object({ ...redemptionTerms, ...sessionsOfTerms }, { title: 'RedemptionTerms' })
])

export const CampaignPage = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    description: optional(Type.String()),
    status: CampaignStatus,
    version: Type.Integer(),
    timezone: Type.String(),
    opensAt: Time,
    closesAt: Time,
    unitsPerUser: limit('units over all sales for one user'),
    participants: nullable('integer', 'null while it is not known'),
    activities: Type.Array(Activity)
  },
  { title: 'Campaign' }
)

export const CampaignPages = listOf(CampaignPage, 'CampaignList')

export const RulesPage = Type.Object(
  {
    campaign: Type.String(),
    title: Type.String(),
    version: Type.Integer(),
    revision: Type.Integer({ description: 'rises with every change while it runs' }),
    timezone: Type.String(),
    opensAt: Time,
    closesAt: Time,
    limits: Type.Object({ unitsPerUser: limit('units over all sales for one user') }),
    policies: Type.Unsafe<object>({ type: 'object', additionalProperties: { type: ['string', 'boolean', 'number'] } }),
    activities: Type.Array(ActivityTerms),
    odds: Type.Record(Type.String(), ByName('by prize'), { description: 'by draw, for level 0' })
  },
  { title: 'Rules' }
)

const LiveActivity = Type.Object({
  id: Type.String(),
  kind: words('sale', 'draw', 'task', 'redemption'),
  ...opening,
  price: optional(Type.Integer()),
  cost: optional(Amounts),
  remaining: optional(left),
  session: optional(nullable('string')),
  prizes: optional(Type.Array(Type.Object({ id: Type.String(), remaining: left })))
})

/** The data of a `change` of the live stream; a `snapshot` carries a Campaign. */
export const LiveChange = Type.Object(
  {
    status: CampaignStatus,
    version: Type.Integer(),
    participants: nullable('integer'),
    activities: Type.Array(LiveActivity)
  },
  { title: 'LiveChange' }
)

const Allowance = Type.Object(
  { count: Type.Integer(), limit: limit('the most'), left: nullable('integer', 'null where there is no limit') },
  { title: 'Allowance' }
)

const activityStanding = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  units: Allowance,
  today: optional(Allowance),
  wins: optional(Allowance),
  done: optional(Type.Boolean()),
  progress: optional(Type.Object({ count: Type.Integer(), goal: Type.Integer() })),
  session: Type.Unsafe<object | null>({
    ...Type.Object({ id: Type.String(), units: Allowance }),
    type: ['object', 'null']
  })
})

const Card = Type.Object({
  factor: Type.Integer(),
  until: Time,
  activities: Type.Unsafe<string[] | null>({ type: ['array', 'null'], items: { type: 'string' } })
})

export const Standing = Type.Object(
  {
    campaign: Type.String(),
    level: Type.Integer(),
    disqualified: Type.Boolean(),
    localDay: Type.String({ description: 'YYYY-MM-DD in the time zone of the campaign' }),
    balances: Amounts,
    chances: Type.Record(
      Type.String(),
      Type.Object({
        daily: Type.Integer({ description: 'left of today' }),
        dailyLimit: Type.Integer(),
        extra: Type.Integer(),
        total: Type.Integer(),
        extraToday: Allowance
      }),
      { description: 'by draw' }
    ),
    doubler: Type.Unsafe<object | null>({ ...Card, type: ['object', 'null'], description: 'the best card in force' }),
    doublers: Type.Array(Card, { description: 'all cards in force' }),
    titles: Type.Array(Type.String()),
    streak: Type.Record(
      Type.String(),
      Type.Object({ length: Type.Integer(), lastDay: nullable('string'), today: Type.Boolean() }),
      { description: 'by task' }
    ),
    entitlements: Type.Array(Type.String()),
    units: Allowance,
    activities: Type.Array(activityStanding)
  },
  { title: 'Standing' }
)
