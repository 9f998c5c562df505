import { type Static, Type } from 'typebox'
import { ID } from '../../../base/shapes.ts'
import { common, ownWindow } from '../../parts/common.ts'
import { Count, Id, oneOf, Reward, whole } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

/** A task or a check-in, done once a local day or once a campaign; one with a goal is completed by the system only. */
export const TaskSchema = Type.Object(
  {
    ...common,
    ...ownWindow,
    kind: Type.Literal('task'),
    per: oneOf('day', 'campaign'),
    goal: Type.Optional(
      Type.Object(
        {
          counter: Type.String({
            pattern: `^${ID}(\\.${ID})?$`,
            maxLength: 64,
            description: 'must be the name of a counter, such as "pages-viewed" or "order.paid"'
          }),
          of: Type.Optional(oneOf('times', 'units', 'amount')),
          activity: Type.Optional(Id),
          count: Count
        },
        closed
      )
    ),
    after: Type.Optional(Type.Array(Id, { maxItems: 100, description: 'must be a list of at most 100 tasks' })),
    tier: Type.Optional(oneOf('basic', 'intermediate', 'advanced')),
    reward: Reward,
    streak: Type.Optional(
      Type.Array(Type.Object({ days: whole(2, 366), reward: Reward }, closed), {
        maxItems: 50,
        description: 'must be a list of at most 50 steps'
      })
    ),
    streakOn: Type.Optional(oneOf('every', 'workdays'))
  },
  closed
)

export type TaskDefinition = Static<typeof TaskSchema>
