import { type Static, Type } from 'typebox'
import { common, ownWindow } from '../../parts/common.ts'
import { Count, Id, Reward } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

/** An outcome that gives nothing, such as a lost attempt. */
const Nothing = Type.Object({}, closed)

/** A game that is played elsewhere: another system reports the outcomes of users' attempts. */
export const GameSchema = Type.Object(
  {
    ...common,
    ...ownWindow,
    kind: Type.Literal('game'),
    attemptsPerDay: Type.Optional(Count),
    outcomes: Type.Record(
      Id,
      Type.Union([Nothing, Reward], {
        description: 'must be {} for an outcome that gives nothing, or give points (or another unit), chances and so on'
      }),
      {
        ...closed,
        minProperties: 1,
        maxProperties: 50,
        description: 'must be rewards by outcome, 1 to 50, such as {"solved": {"points": 5}, "failed": {}}'
      }
    ),
    onShared: Type.Optional(Reward)
  },
  closed
)

export type GameDefinition = Static<typeof GameSchema>
