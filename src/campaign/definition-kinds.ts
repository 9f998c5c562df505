import { Type } from 'typebox'
import {
  Count,
  Currency,
  Daily,
  Description,
  Id,
  MAX_UNITS,
  Moment,
  oneOf,
  Price,
  Requires,
  Reward,
  Session,
  Stock,
  Title,
  UnitsPerUser,
  whole
} from './definition-parts.ts'

const closed = { additionalProperties: false }

/** What every activity may have. `title` is what the pages show; kinds without a page may leave it out. */
const common = {
  id: Id,
  title: Type.Optional(Title),
  description: Type.Optional(Description),
  category: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'must be a text of 1 to 64 characters' })
  ),
  sort: Type.Optional(whole(0, 1_000_000)),
  visibleFrom: Type.Optional(Moment),
  requires: Type.Optional(Requires)
}

export const ShipWithin = Type.Object(
  { businessDays: whole(1, 260, 'a number of business days'), from: oneOf('campaignEnd', 'acceptance') },
  closed
)

/** A flash sale: units of one item at one price, in sessions given one by one or daily. */
export const Sale = Type.Object(
  {
    ...common,
    kind: Type.Literal('sale'),
    title: Title,
    sku: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'must be a text of 1 to 64 characters' })
    ),
    listPrice: Type.Optional(Price),
    price: Price,
    currency: Currency,
    unitsPerUser: Type.Optional(UnitsPerUser),
    payWithinSeconds: Type.Optional(whole(1, 30 * 24 * 3600, 'a number of seconds')),
    shipWithin: Type.Optional(ShipWithin),
    sessions: Type.Optional(
      Type.Array(Session, { minItems: 1, maxItems: 1000, description: 'must be a list of 1 to 1,000 sessions' })
    ),
    daily: Type.Optional(
      Type.Array(Daily, { minItems: 1, maxItems: 48, description: 'must be a list of 1 to 48 daily sessions' })
    )
  },
  closed
)

const Prize = Type.Object(
  {
    id: Id,
    tier: whole(1, 100),
    title: Title,
    type: oneOf(
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
    ),
    quota: Type.Union([Stock, Type.Null()], { description: 'must be a whole number of prizes, or null for no quota' }),
    weight: whole(0, MAX_UNITS),
    value: Type.Optional(Price),
    minSpins: Type.Optional(whole(0, MAX_UNITS)),
    guaranteedAfter: Type.Optional(Count),
    release: Type.Optional(oneOf('even', 'atOnce')),
    claimWithinDays: Type.Optional(whole(1, 366))
  },
  closed
)

const Draw = Type.Object(
  {
    ...common,
    kind: Type.Literal('draw'),
    cost: Type.Optional(Type.Object({ points: Count }, closed)),
    chances: Type.Optional(Type.Object({ daily: whole(0, 1000), extraPerDay: Type.Optional(whole(0, 1000)) }, closed)),
    limits: Type.Optional(
      Type.Object(
        { perDay: Type.Optional(Count), perCampaign: Type.Optional(Count), winsPerCampaign: Type.Optional(Count) },
        closed
      )
    ),
    fallback: Id,
    prizes: Type.Array(Prize, { minItems: 1, maxItems: 100, description: 'must be a list of 1 to 100 prizes' })
  },
  closed
)

const Task = Type.Object(
  {
    ...common,
    kind: Type.Literal('task'),
    per: oneOf('day', 'campaign'),
    goal: Type.Optional(Type.Object({ counter: Id, count: Count }, closed)),
    after: Type.Optional(Type.Array(Id, { maxItems: 100, description: 'must be a list of at most 100 tasks' })),
    tier: Type.Optional(oneOf('basic', 'intermediate', 'advanced')),
    reward: Reward,
    streak: Type.Optional(
      Type.Array(Type.Object({ days: whole(2, 366), reward: Reward }, closed), {
        maxItems: 50,
        description: 'must be a list of at most 50 steps'
      })
    )
  },
  closed
)

const Redemption = Type.Object(
  {
    ...common,
    kind: Type.Literal('redemption'),
    cost: Type.Object({ points: Count }, closed),
    stock: Stock,
    unitsPerUser: Type.Optional(UnitsPerUser),
    pool: Type.Optional(Id)
  },
  closed
)

const Side = Type.Object({ on: oneOf('accepted', 'qualified'), reward: Reward }, closed)

const Invite = Type.Object(
  {
    ...common,
    kind: Type.Literal('invite'),
    qualifiesOn: Type.String({
      pattern: '^(registration|(task|participation):[a-z0-9][a-z0-9-]{0,31})$',
      description: 'must be "registration", "task:<id>" or "participation:<id>"'
    }),
    inviter: Type.Optional(Side),
    invitee: Type.Optional(Side),
    perInviter: Type.Optional(Type.Object({ day: Type.Optional(Count), campaign: Type.Optional(Count) }, closed))
  },
  closed
)

const Share = Type.Object(
  {
    ...common,
    kind: Type.Literal('share'),
    channels: Type.Record(Id, Type.Object({ reward: Reward, perDay: Type.Optional(Count) }, closed), {
      ...closed,
      description: 'must be rewards by channel, such as {"wechat": {"reward": {"points": 2}, "perDay": 3}}'
    })
  },
  closed
)

const Assist = Type.Object(
  {
    ...common,
    kind: Type.Literal('assist'),
    thresholds: Type.Array(Type.Object({ count: Count, reward: Reward }, closed), {
      minItems: 1,
      maxItems: 50,
      description: 'must be a list of 1 to 50 thresholds'
    }),
    helperPerDay: Type.Optional(Count)
  },
  closed
)

const Game = Type.Object(
  {
    ...common,
    kind: Type.Literal('game'),
    attemptsPerDay: Type.Optional(Count),
    outcomes: Type.Record(Id, Reward, {
      ...closed,
      description: 'must be rewards by outcome, such as {"solved": {"points": 5}}'
    })
  },
  closed
)

const Board = Type.Object(
  {
    ...common,
    kind: Type.Literal('board'),
    metric: oneOf('invites', 'shares', 'points'),
    top: Type.Optional(
      Type.Array(Type.Object({ upTo: Count, reward: Type.Optional(Reward), title: Type.Optional(Title) }, closed), {
        maxItems: 50,
        description: 'must be a list of at most 50 ranks'
      })
    )
  },
  closed
)

/** The schema of each kind of activity, by the name that stands in `kind`. */
export const kinds = {
  sale: Sale,
  draw: Draw,
  task: Task,
  redemption: Redemption,
  invite: Invite,
  share: Share,
  assist: Assist,
  game: Game,
  board: Board
} as const

/** Kinds that this version can run; the others are refused by name. */
export const builtKinds: ReadonlySet<string> = new Set(['sale'])

export const Activity = Type.Union([Sale, Draw, Task, Redemption, Invite, Share, Assist, Game, Board])

export const Privileges = Type.Object(
  { earlySeconds: Type.Optional(whole(0, 86_400)), extraUnits: Type.Optional(whole(0, 1000)) },
  closed
)
