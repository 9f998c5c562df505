import { Type } from 'typebox'
import { ID } from '../../base/shapes.ts'
import { common } from '../parts/common.ts'
import { Count, Id, oneOf, Reward } from '../parts/shapes.ts'

const closed = { additionalProperties: false }

const Side = Type.Object({ on: oneOf('accepted', 'qualified'), reward: Reward }, closed)

const Invite = Type.Object(
  {
    ...common,
    kind: Type.Literal('invite'),
    qualifiesOn: Type.String({
      pattern: `^(registration|(task|participation):${ID})$`,
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

/** Schemas, by name, of kinds that the contract describes and this version does not run. */
export const later = { invite: Invite, share: Share, assist: Assist, game: Game }
