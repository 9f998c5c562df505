import type { Difference } from '../support/judging/promise.ts'
import type { SaleSpec } from './sale-spec.ts'
import type { Scene } from './scene.ts'
import type { Lane } from './world/lane.ts'
import type { WorldSpec } from './world/world.ts'

/** What must hold after the row beyond I1-I15, or is allowed to differ. */
export interface Expectations {
  /** the shard was opened again under a new epoch (true), must not have been (false), or either (undefined) */
  readonly opensAgain?: boolean
  /** orders are confirmed while the fault lasts */
  readonly sellsMeanwhile?: boolean
  /** alarms that must be raised, and those that may be */
  readonly alarms?: readonly string[]
  readonly mayAlarm?: readonly string[]
  /** frames may stand in the stream of a later epoch, and be missing from the journal: it was lost */
  readonly journalLost?: boolean
  /** the public stream is too small for all events, and lets the oldest go */
  readonly eventsDropped?: boolean
  /** the row sells less than everything */
  readonly unsold?: boolean
}

/** An invariant that a row saw broken while it struck. */
export class BrokenError extends Error {
  readonly rule: string

  /** @param rule of test/faults/README.md, such as I12 */
  constructor(rule: string, what: string) {
    super(what)
    this.rule = rule
  }
}

/** Servers of a row's own. */
export interface Prepared {
  readonly lane: Lane
  readonly end: () => Promise<void>
}

/** One row of the fault matrix. */
export interface Row {
  readonly id: string
  /** what happens and what holds, as a sentence */
  readonly title: string
  readonly world?: WorldSpec | ((seed: number, shards: number) => WorldSpec)
  readonly sale?: SaleSpec | ((seed: number) => SaleSpec)
  /** Starts servers that the row needs for itself. @throws SkipRow */
  readonly prepare?: (lane: Lane, folder: string) => Promise<Prepared>
  readonly expects?: Expectations | ((seed: number) => Expectations)
  /**
   * Strikes and heals, while load flows; ends when everything is there again. @returns what proves that the fault happened
   * (I15). @throws Error when it did not, SkipRow when it cannot be done here
   */
  readonly strike: (scene: Scene) => Promise<string>
  /** what else must hold, at rest */
  readonly judge?: (scene: Scene) => Promise<readonly Difference[]>
}

/** How one run of a row ended. */
export interface Verdict {
  readonly row: string
  readonly seed: number
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly ms: number
  /** what proved the fault and the load, or why it was skipped */
  readonly proof: readonly string[]
  readonly differences: readonly Difference[]
  /** where history and logs lie, of a run that failed */
  readonly evidence?: string
}
