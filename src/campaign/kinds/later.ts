import { Type } from 'typebox'
import { common } from '../parts/common.ts'
import { Count, Id, Reward } from '../parts/shapes.ts'

const closed = { additionalProperties: false }

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

/** Schemas, by name, of kinds that the contract describes and this version does not run. */
export const later = { share: Share, assist: Assist }
