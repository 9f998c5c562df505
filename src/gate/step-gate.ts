import type { Command } from './batch/commands.ts'
import type { Outcome } from './batch/outcomes.ts'
import type { Decider } from './gate.ts'

/** Longer than any step lasts, and far below the time after which a replay is forgotten. */
const STEP_LONGEST_MS = 60_000

/**
 * The gate as steps see it that look up what is decided already, and then ask: what a step asks for is sent within a minute of its
 * beginning. A process that stood still between the two, for as long as replays are kept, would have the gate decide again what another one
 * had decided meanwhile and Redis has forgotten.
 */
export class StepGate implements Decider {
  readonly #gate: Decider
  readonly #now: () => number
  #until = 0

  /** @param now ms since 1970 */
  constructor(gate: Decider, now: () => number = Date.now) {
    this.#gate = gate
    this.#now = now
  }

  /** Runs a step. */
  step<T>(run: () => Promise<T>): Promise<T> {
    this.#until = this.#now() + STEP_LONGEST_MS
    return run()
  }

  // a field, so that it can be handed on by itself
  readonly submit = (command: Command): Promise<Outcome> => this.#gate.submit({ ...command, until: this.#until })
}
