import type { Pool } from 'pg'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import { failPoint } from '../../config/fail-points.ts'
import type { Decision, Outcome, RefusalCode } from '../../gate/batch/outcomes.ts'
import type { Decider } from '../../gate/gate.ts'

/** Commands in flight: one batch of the gate, so that users who buy meanwhile wait for one more batch at most. */
const AT_ONCE = 128
/** The longest step, so that a worker can stop in time. */
const STEP_MS = 1000
/** What is asked for is not taken again for this time: longer than any command is in flight. */
export const ASKED_MS = 10_000
export const RETRY_MS = 1000
const RETRY_MOST_MS = 300_000

/** What those need who ask the gate for what is due, by the rules of campaigns. */
export interface AskingParts {
  readonly pool: Pool
  readonly gate: Decider
  readonly catalogue: Pick<Catalogue, 'refresh' | 'get' | 'findActivity'>
}

/** What becomes of a row that was due, once its command has an outcome: closed, or due again after a while. */
export type Became =
  | { readonly to: 'done'; readonly decision: Decision }
  | { readonly to: 'refused'; readonly refusal: RefusalCode }
  | { readonly to: 'later'; readonly afterMs: number }

/**
 * What an outcome makes of a due row. A refusal that may pass is asked for again later and later; a gate that is away soon.
 * @param final the refusals that stay @param attempts that were made so far
 */
export function became(
  outcome: Outcome,
  { attempts, final }: { readonly attempts: number; readonly final?: ReadonlySet<RefusalCode> }
): Became {
  switch (outcome.kind) {
    case 'confirmed':
      return { to: 'done', decision: outcome.decision }
    case 'refused':
      if (final?.has(outcome.code)) return { to: 'refused', refusal: outcome.code }
      return { to: 'later', afterMs: Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** Math.min(attempts, 10)) }
    case 'pending':
    case 'unavailable':
    case 'unknown':
      return { to: 'later', afterMs: RETRY_MS }
    default:
      return outcome satisfies never
  }
}

/** Rows of one table that are due, and how they are worked off. */
interface Work<Due, Settled> {
  take(most: number): Promise<readonly Due[]>
  /** has the gate asked for all of them */
  decide(due: readonly Due[]): Promise<readonly Settled[]>
  note(settled: readonly Settled[]): Promise<void>
}

/**
 * Works off what is due, portion by portion, until nothing is left or the step has lasted long enough. A worker may die anywhere: the
 * gate decides under a key of each row, so what is asked for again is the same decision.
 * @returns how many rows were closed or put off
 */
export async function workOff<Due, Settled>({ take, decide, note }: Work<Due, Settled>): Promise<number> {
  const until = performance.now() + STEP_MS
  let settled = 0
  for (;;) {
    const due = await take(AT_ONCE)
    if (due.length === 0) return settled
    if (failPoint) await failPoint('D1')
    const decided = await decide(due)
    if (failPoint) await failPoint('D2')
    await note(decided)
    settled += due.length
    if (due.length < AT_ONCE || performance.now() > until) return settled
  }
}
