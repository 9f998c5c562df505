import { UnavailableError } from '../../base/errors.ts'
import type { UnstoredDecision, UserReader } from '../../gate/gate.ts'

/**
 * Has what Postgres lacks journaled before anything is decided about it: causes come before their effects in the journal, so what hides or voids
 * it is stored after it, and is not there alone when a lost Redis takes the cause with it.
 * @throws UnavailableError when the journal does not take it in time
 */
export async function journaledFirst(
  gate: Pick<UserReader, 'lookup'>,
  user: string,
  { key, journaled }: UnstoredDecision
): Promise<void> {
  if (journaled) return
  const outcome = await gate.lookup(user, key)
  if (outcome?.kind === 'pending') throw new UnavailableError('What this is about is not journaled yet.')
}
