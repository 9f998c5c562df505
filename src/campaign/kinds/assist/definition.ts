import { type Static, Type } from 'typebox'
import { common, ownWindow } from '../../parts/common.ts'
import { Count, Flag, Reward, whole } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

/** Users help a share of somebody else, who is rewarded when enough have. */
export const AssistSchema = Type.Object(
  {
    ...common,
    ...ownWindow,
    kind: Type.Literal('assist'),
    thresholds: Type.Array(Type.Object({ count: Count, reward: Reward }, closed), {
      minItems: 1,
      maxItems: 50,
      description: 'must be a list of 1 to 50 thresholds'
    }),
    helperPerDay: Type.Optional(Count),
    newUsers: Type.Optional(Flag),
    withinHours: Type.Optional(whole(1, 24 * 366)),
    helper: Type.Optional(Type.Object({ reward: Reward }, closed))
  },
  closed
)

export type AssistDefinition = Static<typeof AssistSchema>
