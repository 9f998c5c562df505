import { logical } from '../../record/keys.ts'
import type { LiveOpening } from '../redis/epoch-watch.ts'
import type { Call } from './encode.ts'

/** Whether a user wants something new: what is under way, and what operators and drivers do, is not refused for being too much. */
export function isOfUser(call: Call): boolean {
  return call.op === 'buy' || (call.op === 'participate' && call.by === 'user')
}

function isLate(call: Call, now: number, epoch: number): boolean {
  if ('opening' in call && call.opening !== undefined && call.opening !== epoch) return true
  return 'until' in call && call.until !== undefined && call.until < now
}

/** Why a call is not sent to an opening, in words; undefined for one that is. */
function refusal(call: Call, now: number, { epoch, knows }: LiveOpening): string | undefined {
  if (isLate(call, now, epoch)) return 'it is asked for too late'
  if (knows && !knows.has(call.op)) return 'the worker of this shard is of an earlier version, which cannot do this'
  return undefined
}

/** A batch, and those taken for it that are not sent, each with the reason. @param opening that it is sent to */
export function sendable<Waiting extends { readonly call: Call }>(
  taken: Waiting[],
  opening: LiveOpening
): { readonly batch: Waiting[]; readonly refused: ReadonlyMap<Waiting, string> } {
  const now = Date.now()
  const refused = new Map<Waiting, string>()
  for (const waiting of taken) {
    const reason = refusal(waiting.call, now, opening)
    if (reason !== undefined) refused.set(waiting, reason)
  }
  return { batch: refused.size > 0 ? taken.filter((waiting) => !refused.has(waiting)) : taken, refused }
}

/** Whether a call needs a batch of its own. */
export function goesAlone(call: Call): boolean {
  if (call.op === 'remove' || call.op === 'loan') return true
  if (call.op !== 'adjust') return false
  return [...call.puts, ...call.adds].some(([key]) => key !== logical.user(call.user))
}
