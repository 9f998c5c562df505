import { RING, userField } from '../../record/fields.ts'
import { decisionOfReplay } from '../../record/replay.ts'

/** A decision whose replay is forgotten. */
export interface ForgottenDecision {
  /** its replay field */
  readonly key: string
  readonly epoch: number
  readonly sequence: number
}

/** Size of the ring by which Redis finds a user's newest decisions (lua/lib/frame.lua): `d` falls by so much at a time. */

const NATURAL = /^(?:0|[1-9]\d{0,14})$/

function natural(value: string | undefined): number | undefined {
  if (value === undefined) return 0
  return NATURAL.test(value) ? Number(value) : undefined
}

/**
 * Forgets replays in a user's hash exactly as lua/forget.lua does: the fields go that are still these decisions' own, and they no longer
 * count among the user's decisions. How many count is `d` less `f`, whichever fields were still there.
 * @param fields of the hash, changed in place
 * @param gone the next decisions of the user in the order of the journal; all before them are forgotten
 */
export function forgetIn(fields: Map<string, string>, gone: readonly ForgottenDecision[]): void {
  const count = natural(fields.get(userField.decisions))
  const before = natural(fields.get(userField.forgotten))
  if (gone.length === 0 || count === undefined || before === undefined || count - before < gone.length) return
  for (const { key, epoch, sequence } of gone) {
    const own = decisionOfReplay(fields.get(key) ?? '')
    if (own?.epoch === epoch && own.sequence === sequence) fields.delete(key)
  }
  const forgotten = before + gone.length
  if (forgotten === count) {
    fields.delete(userField.decisions)
    fields.delete(userField.forgotten)
    return
  }
  const left = forgotten % RING
  if (left < forgotten) fields.set(userField.decisions, String(count - forgotten + left))
  if (left === 0) fields.delete(userField.forgotten)
  else fields.set(userField.forgotten, String(left))
}

/**
 * The fields of a user's hash with what its two counts say together. Redis and the checkpoint have each come to another decision when all
 * before it is forgotten, so that one of them may begin to count anew where the other counts on.
 */
export function evenCounts(fields: Iterable<readonly [field: string, value: string]>): Map<string, string> {
  const even = new Map(fields)
  const count = natural(even.get(userField.decisions))
  const forgotten = natural(even.get(userField.forgotten))
  if (count === undefined || forgotten === undefined || forgotten === 0 || count < forgotten) return even
  even.delete(userField.forgotten)
  if (count === forgotten) even.delete(userField.decisions)
  else even.set(userField.decisions, String(count - forgotten))
  return even
}

/** A hash of Redis as it is once these replays are forgotten. */
export function withoutReplays(
  hash: Readonly<Record<string, string>> | undefined,
  gone: readonly ForgottenDecision[]
): Record<string, string> {
  const fields = new Map(Object.entries(hash ?? {}))
  forgetIn(fields, gone)
  return Object.fromEntries(fields)
}
