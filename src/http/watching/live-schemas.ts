import { type Static, Type } from 'typebox'

const Count = Type.Integer({ minimum: 0 })
const MayBeUnknown = Type.Union([Type.Integer(), Type.Null()])
const Time = Type.String({ format: 'date-time' })

const Attempts = Type.Object(
  {
    attempts: Count,
    confirmed: Count,
    /** the same request again, or asked for before under another key */
    replayed: Count,
    /** decided, and not journaled in time */
    pending: Count,
    refused: Type.Record(Type.String(), Count, { description: 'by code of the problem' })
  },
  { additionalProperties: false }
)

const Rates = Type.Object(
  { attempts: Type.Number(), confirmed: Type.Number(), refused: Type.Number() },
  { additionalProperties: false, description: 'over the last ten seconds' }
)

const Took = Type.Union([
  Type.Object({ p50Ms: Type.Number(), p99Ms: Type.Number() }, { additionalProperties: false }),
  Type.Null()
])

const Approximate = Type.Object(
  { total: Attempts, lastMinute: Attempts, perSecond: Rates },
  { additionalProperties: false, description: 'counted by the gateways; some may be lost' }
)

const Units = {
  total: MayBeUnknown,
  remaining: MayBeUnknown,
  taken: MayBeUnknown,
  /** taken and not paid */
  held: MayBeUnknown,
  paid: MayBeUnknown
}

const Pace = {
  perSecond: Type.Union([Type.Number(), Type.Null()], {
    description:
      'units taken, less those that came back, over the last minute; null until it was watched for five seconds'
  }),
  soldOutInSeconds: Type.Union([Type.Integer(), Type.Null()], {
    description: 'at that pace; 0 when nothing is left, null when nothing goes'
  })
}

const LiveSession = Type.Object(
  { id: Type.String(), opensAt: Time, closesAt: Time, paused: Type.Boolean(), ...Units, ...Pace },
  { additionalProperties: false }
)

const LivePrize = Type.Object(
  { id: Type.String(), tier: MayBeUnknown, ...Units, ...Pace },
  { additionalProperties: false }
)

const LiveActivity = Type.Object(
  {
    id: Type.String(),
    kind: Type.String(),
    title: Type.Unknown({ description: 'a text, or texts by language' }),
    paused: Type.Boolean(),
    currentSession: Type.Union([Type.String(), Type.Null()]),
    nextOpensAt: Type.Union([Time, Type.Null()]),
    ...Units,
    ...Pace,
    unpaidShare: Type.Union([Type.Number(), Type.Null()], { description: 'held / (held + paid)' }),
    sessions: Type.Array(LiveSession),
    prizes: Type.Array(LivePrize, { description: 'those with a quota' }),
    approximate: Approximate
  },
  { additionalProperties: false }
)

const LiveShard = Type.Object(
  {
    shard: Count,
    state: Type.String({ description: 'open, closed, or unknown where it does not answer' }),
    epoch: MayBeUnknown,
    asOf: Type.Union([Time, Type.Null()], {
      description: 'when its units and participants were read; null: they are not among the figures'
    }),
    outbox: Type.Union([Count, Type.Null()], { description: 'frames not known to be journaled' }),
    kept: Type.Union([Count, Type.Null()], { description: 'frames journaled and not known to be in Postgres' }),
    eventsBehind: Type.Union([Count, Type.Null()], {
      description: 'frames that Postgres has and other systems were not told'
    })
  },
  { additionalProperties: false }
)

const CountedFigure = Type.Object(
  {
    id: Type.String({ description: 'as in the report' }),
    of: Type.Union([Type.String(), Type.Null()], {
      description: 'an activity, a prize, a channel; null for all together'
    }),
    unit: Type.Union([Type.String(), Type.Null()]),
    value: Type.Union([Type.Number(), Type.Null()]),
    exact: Type.Boolean()
  },
  { additionalProperties: false }
)

const Counted = Type.Object({ asOf: Time, figures: Type.Array(CountedFigure) }, { additionalProperties: false })

/** What operators see of a running campaign: all of it, once a second. */
export const OperatorLive = Type.Object(
  {
    campaign: Type.String(),
    status: Type.String({ enum: ['published', 'running', 'paused', 'ended', 'settled'] }),
    version: Count,
    asOf: Time,
    participants: MayBeUnknown,
    activities: Type.Array(LiveActivity),
    counted: Type.Union([Counted, Type.Null()], {
      description:
        'orders, sales, draws, tasks, shares and their rates, as the report counts them: every ten seconds, and of a large campaign more seldom; null until then'
    }),
    shards: Type.Array(LiveShard),
    conditions: Type.Array(Type.String(), { description: 'names of those that do not hold; see the runbook' }),
    approximate: Type.Object(
      {
        ...Approximate.properties,
        latency: Type.Object(
          { confirmed: Took, refused: Took },
          { additionalProperties: false, description: 'of decisions of the last minute: upper edges of buckets' }
        )
      },
      { additionalProperties: false }
    )
  },
  { additionalProperties: false }
)

export type OperatorLive = Static<typeof OperatorLive>
export type Counted = Static<typeof Counted>
export type LiveActivity = Static<typeof LiveActivity>
export type LiveShard = Static<typeof LiveShard>
export type Attempts = Static<typeof Attempts>
