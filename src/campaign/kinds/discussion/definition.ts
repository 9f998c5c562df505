import { type Static, Type } from 'typebox'
import { common, ownWindow } from '../../parts/common.ts'
import { Count, Id, oneOf, Reward, Title, whole } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

/** The most characters that any comment may have; a discussion may allow fewer. */
export const LONGEST_COMMENT = 2000

const Topic = Type.Object({ id: Id, title: Title }, closed)

/** Comments and likes on shares, activities and topics. */
export const DiscussionSchema = Type.Object(
  {
    ...common,
    ...ownWindow,
    kind: Type.Literal('discussion'),
    subjects: Type.Array(oneOf('share', 'item', 'topic'), {
      minItems: 1,
      maxItems: 10,
      description: 'must be a list of what may be discussed: "share", "item" (an activity), "topic"'
    }),
    topics: Type.Optional(
      Type.Array(Topic, {
        minItems: 1,
        maxItems: 1000,
        description: 'must be a list of 1 to 1,000 topics, such as {"id": "delivery", "title": "Delivery"}'
      })
    ),
    moderation: Type.Optional(oneOf('after', 'before')),
    maxLength: Type.Optional(whole(1, LONGEST_COMMENT)),
    perDay: Type.Optional(Count),
    reward: Type.Optional(Reward)
  },
  closed
)

export type DiscussionDefinition = Static<typeof DiscussionSchema>
