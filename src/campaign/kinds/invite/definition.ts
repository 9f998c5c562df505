import { type Static, Type } from 'typebox'
import { ID } from '../../../base/shapes.ts'
import { common, ownWindow } from '../../parts/common.ts'
import { Count, Flag, oneOf, Reward } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

/** What one side gets, and when: at once after the acceptance was found to close no circle, or once the invitee qualified. */
const Side = Type.Object({ on: oneOf('accepted', 'qualified'), reward: Reward }, closed)

/** Users invite others by a code of their own; both may be rewarded. */
export const InviteSchema = Type.Object(
  {
    ...common,
    ...ownWindow,
    kind: Type.Literal('invite'),
    link: Type.Optional(
      Type.String({
        maxLength: 500,
        pattern: '^https?://[^\\s]*\\{code\\}[^\\s]*$',
        description: 'must be an address with {code} in it, such as "https://shop.example/join?c={code}"'
      })
    ),
    newUsers: Type.Optional(Flag),
    qualifiesOn: Type.String({
      pattern: `^(registration|(task|participation|paid):${ID})$`,
      description: 'must be "registration", "task:<id>", "participation:<id>" or "paid:<sale>"'
    }),
    inviter: Type.Optional(Side),
    invitee: Type.Optional(Side),
    perInviter: Type.Optional(
      Type.Object(
        { day: Type.Optional(Count), campaign: Type.Optional(Count) },
        { ...closed, minProperties: 1, description: 'must limit rewards of a day, of the campaign or both' }
      )
    )
  },
  closed
)

export type InviteDefinition = Static<typeof InviteSchema>
