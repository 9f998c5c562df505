import { Type } from 'typebox'
import { namedKinds } from '../kinds/index.ts'
import { Amounts, nullable } from '../kinds/parts/page-schemas.ts'
import { Allowance } from '../kinds/parts/standing.ts'
import { Time } from '../wire/schemas.ts'
import { Expiring } from './expiring.ts'
import { Levels } from './levels-view.ts'

// The shape of a standing; nothing is compiled from it, see kinds/parts/page-schemas.ts.

const activityStanding = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  units: Allowance,
  ...Object.assign({}, ...namedKinds.map(([, { standing }]) => standing.schema)),
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
    level: Type.Integer({ description: 'in force: the higher of that of the token and the earned one' }),
    levels: Type.Optional(Levels),
    disqualified: Type.Boolean(),
    localDay: Type.String({ description: 'YYYY-MM-DD in the time zone of the campaign' }),
    balances: Amounts,
    expiring: Type.Optional(Expiring),
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
    titles: Type.Array(Type.String(), {
      description: 'of ranks on leaderboards whose order is final, the newest first'
    }),
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
