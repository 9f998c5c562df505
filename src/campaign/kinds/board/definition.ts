import { type Static, Type } from 'typebox'
import { common } from '../../parts/common.ts'
import { Count, Id, oneOf, Reward, Title } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

/** A leaderboard: nobody takes part in it himself, it ranks users by what they did in other activities. */
export const BoardSchema = Type.Object(
  {
    ...common,
    kind: Type.Literal('board'),
    metric: oneOf('points', 'units', 'amount', 'invites', 'shares', 'assists'),
    activity: Type.Optional(Id),
    period: Type.Optional(oneOf('campaign', 'day', 'week')),
    top: Type.Optional(
      Type.Array(Type.Object({ upTo: Count, reward: Type.Optional(Reward), title: Type.Optional(Title) }, closed), {
        maxItems: 50,
        description: 'must be a list of at most 50 ranks'
      })
    )
  },
  closed
)

export type BoardDefinition = Static<typeof BoardSchema>
