import { type Static, Type } from 'typebox'
import { common, ownWindow } from '../../parts/common.ts'
import { Count, Id, oneOf, Reward, whole } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

/** What can be shared: an activity as goods, the campaign, what somebody experienced with either, the result of a game. */
export const SUBJECTS = ['goods', 'campaign', 'experience', 'result'] as const

const Channel = Type.Object({ reward: Type.Optional(Reward), perDay: Type.Optional(Count) }, closed)

/** Links of users to goods, to the campaign, to what they tell; a verified one is rewarded by channel. */
export const ShareSchema = Type.Object(
  {
    ...common,
    ...ownWindow,
    kind: Type.Literal('share'),
    link: Type.Optional(
      Type.String({
        maxLength: 500,
        pattern: '^https?://\\S*\\{share\\}\\S*$',
        description: 'must be an address that contains {share}, such as "https://shop.example/s/{share}"'
      })
    ),
    subjects: Type.Optional(
      Type.Array(oneOf(...SUBJECTS), {
        minItems: 1,
        uniqueItems: true,
        description: `must be a list of ${SUBJECTS.join(', ')}`
      })
    ),
    verifiedBy: oneOf('visit', 'service'),
    attributionHours: Type.Optional(whole(1, 24 * 90)),
    channels: Type.Record(Id, Channel, {
      ...closed,
      minProperties: 1,
      maxProperties: 20,
      description: 'must be 1 to 20 channels, such as {"wechat": {"reward": {"points": 2}, "perDay": 3}}'
    })
  },
  closed
)

export type ShareDefinition = Static<typeof ShareSchema>
