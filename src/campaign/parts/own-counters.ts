/** What a counter counts: how often, how many units, or how much money in minor units. */
export type CountedOf = 'times' | 'units' | 'amount'

/** What Floodgate itself counts for goals of tasks, and what of it. A counter of any other name is told by other systems. */
export const ownCounters = {
  'order.paid': ['times', 'units', 'amount'],
  spin: ['times'],
  claim: ['times', 'units'],
  checkin: ['times'],
  'invite.qualified': ['times'],
  survey: ['times'],
  comment: ['times'],
  'share.verified': ['times'],
  'assist.received': ['times']
} as const satisfies Readonly<Record<string, readonly CountedOf[]>>

export type OwnCounter = keyof typeof ownCounters

export function isOwnCounter(name: string): name is OwnCounter {
  return Object.hasOwn(ownCounters, name)
}

/** Whether a counter has the name of one of our own, also of one that this version does not have: any with a dot. */
export function isReservedCounter(name: string): boolean {
  return isOwnCounter(name) || name.includes('.')
}
