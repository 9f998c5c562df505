import { type DecisionType, decisions } from '../record/decisions.ts'

/** Events that are told of commands of other systems, which are no decisions. */
const commandEvents = ['command.accepted', 'command.rejected'] as const

/** Events that are told beside a decision's own, of another type: a prize that its reward held became a win. */
const besideEvents = ['win.granted'] as const

/** Events of what is no decision. */
const otherEvents = [
  'session.opened',
  'session.closed',
  'activity.soldout',
  'activity.reopened',
  'reminder.due',
  'board.frozen'
] as const

/** entity.verb of an event that this version tells. */
export type ToldType =
  | DecisionType
  | (typeof besideEvents)[number]
  | (typeof commandEvents)[number]
  | (typeof otherEvents)[number]

/** entity.verb of every public event that this version tells. */
export const toldTypes: readonly ToldType[] = [
  ...(Object.keys(decisions) as DecisionType[]),
  ...besideEvents,
  ...commandEvents,
  ...otherEvents
]
