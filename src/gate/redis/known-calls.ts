/**
 * What lua/gate.lua can be called for in this version. It is noted with each opening, because a script that meets a command which it does
 * not know fails, and everything else of the batch with it.
 */
const KNOWN_CALLS = [
  'adjust',
  'buy',
  'expire',
  'fact',
  'fields',
  'finish',
  'fulfil',
  'list',
  'loan',
  'look',
  'owner',
  'participate',
  'query',
  'remove',
  'takeBack',
  'transition',
  'win'
] as const

export type CallName = (typeof KNOWN_CALLS)[number]

/** What scripts know of a version that noted nothing. */
const OF_EARLIER: readonly CallName[] = [
  'adjust',
  'buy',
  'fields',
  'list',
  'owner',
  'participate',
  'query',
  'transition',
  'win'
]

type Noted = Readonly<Record<string, string>>

/** With the SHAs of an opening's scripts: what they can be called for. */
export const notedCalls = { calls: KNOWN_CALLS.join() } as const

/** Whether the scripts of an opening can be called for the same as those of this version. @param noted with it */
export const knowAll = ({ calls }: Noted): boolean => calls === notedCalls.calls

/** What the scripts of an opening can be called for. @param noted with it */
export function callsKnown({ calls }: Noted): ReadonlySet<CallName> {
  return new Set((calls?.split(',') as CallName[] | undefined) ?? OF_EARLIER)
}
