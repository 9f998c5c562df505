import { fromStore } from '../../base/deadline.ts'
import type { Command } from '../../gate/batch/commands.ts'
import type { Decision, Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider } from '../../gate/gate.ts'
import { StepGate } from '../../gate/step-gate.ts'
import { entityIn } from '../../record/entities.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { findDecision, type StoredDecision } from '../../store/reading/orders.ts'

/** A stored decision in the form of the gate. */
export function decisionOf({ id, sequence, type, entity, at, record, report }: StoredDecision): Decision {
  return { id, sequence, type, at: at.getTime(), report, ...entityIn(type, entity, record) }
}

/**
 * What the gate decided under the key of a command, by Postgres. Whoever reports something from outside (a payment, a result, a change of
 * an order) may do so again when Redis has forgotten the key; then the gate would decide a second time.
 * @returns undefined where Postgres has no such decision: the gate knows
 * @throws UnavailableError when Postgres does not answer
 */
export async function storedOutcome(
  db: Queryable,
  { user, key, hash }: Pick<Command, 'user' | 'key' | 'hash'>
): Promise<Outcome | undefined> {
  const stored = await fromStore(findDecision(db, user, key))
  if (stored === undefined) return undefined
  if (stored.hash !== hash) return { kind: 'refused', code: 'KEY_REUSED', members: {} }
  return { kind: 'confirmed', decision: decisionOf(stored), replayed: true }
}

/** What Postgres has under the key of a command, or else what the gate decides: asked within a minute of that look. */
export function storedOrDecided(
  { db, gate }: { readonly db: Queryable; readonly gate: Decider },
  command: Command
): Promise<Outcome> {
  const steps = new StepGate(gate)
  return steps.step(async () => (await storedOutcome(db, command)) ?? steps.submit(command))
}
