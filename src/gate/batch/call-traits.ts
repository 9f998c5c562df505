import { logical } from '../../record/keys.ts'
import type { Call } from './encode.ts'

/** Whether a user wants something new: what is under way, and what operators and drivers do, is not refused for being too much. */
export function isOfUser(call: Call): boolean {
  return call.op === 'buy' || (call.op === 'participate' && call.by === 'user')
}

function isLate(call: Call, now: number, epoch: number): boolean {
  if ('opening' in call && call.opening !== undefined && call.opening !== epoch) return true
  return 'until' in call && call.until !== undefined && call.until < now
}

/** A batch, and those taken for it that are not sent any more. @param epoch of the opening that it is sent to */
export function withoutLate<Waiting extends { readonly call: Call }>(
  taken: Waiting[],
  epoch: number
): { readonly batch: Waiting[]; readonly late: readonly Waiting[] } {
  const now = Date.now()
  const late = taken.filter(({ call }) => isLate(call, now, epoch))
  return { batch: late.length > 0 ? taken.filter((waiting) => !late.includes(waiting)) : taken, late }
}

/** Whether a call needs a batch of its own. */
export function goesAlone(call: Call): boolean {
  if (call.op === 'remove' || call.op === 'loan') return true
  if (call.op !== 'adjust') return false
  return [...call.puts, ...call.adds].some(([key]) => key !== logical.user(call.user))
}
