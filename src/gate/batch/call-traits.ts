import { logical } from '../../record/keys.ts'
import type { Call } from './encode.ts'

/** Whether a user wants something new: what is under way, and what operators and drivers do, is not refused for being too much. */
export function isOfUser({ op }: Call): boolean {
  return op === 'buy' || op === 'participate'
}

/** Whether a call needs a batch of its own. */
export function goesAlone(call: Call): boolean {
  if (call.op === 'remove') return true
  if (call.op !== 'adjust') return false
  return [...call.puts, ...call.adds].some(([key]) => key !== logical.user(call.user))
}
