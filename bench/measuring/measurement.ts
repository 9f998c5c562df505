import type { LoadResult } from '../load/messages.ts'
import type { Part } from './cpu-by-part.ts'
import type { Stored } from './persisted-counts.ts'
import type { Proof } from './proofs.ts'

/** What only a load by the clock has. Times in ms. */
export interface ByTheClock {
  /** what a closed loop got right before, per second */
  readonly capacity: number
  /** requests a second that were due, on average */
  readonly offered: number
  readonly outcomes: Readonly<Record<string, number>>
  /** of all that was refused; 0 when nothing was */
  readonly refusedP99: number
  readonly lagP99: number
  /** the generator lagged beyond its bound: the latencies are its own */
  readonly void: boolean
  /** MB that the gateway held more at the end than a quarter into the load */
  readonly memoryGrowth: number
  /** answers 429 and 503 by their Retry-After in seconds */
  readonly retryAfter: Readonly<Record<string, number>>
  /** confirmed in each second, and their p99 */
  readonly seconds: ReadonlyArray<{ readonly confirmed: number; readonly refused: number; readonly p99: number }>
}

/** One scenario in one round. */
export interface Measurement extends Omit<LoadResult, 'startedAt' | 'endedAt' | 'lastOrder'> {
  readonly scenario: string
  readonly round: number
  /** the measured time: to the last answer, or until all is persisted */
  readonly seconds: number
  /** answers with the expected status, per second of the measured time */
  readonly perSecond: number
  /** what the gate decided in the measured time, also for requests that were cut off at its end; absent where it decides nothing that is stored */
  readonly decided?: Stored
  /** CPU microseconds, all threads and child processes: per decision where all is waited for until it is persisted, else per answer */
  readonly cpu: Readonly<Record<Part, number>>
  /** cores that anything but the measured parts kept busy: figures of a busy machine are worth little */
  readonly otherCores: number
  /** from the last answer until Postgres and the public stream have every order; null where nothing is persisted */
  readonly lagMs: number | null
  readonly byTheClock?: ByTheClock
  readonly proof: Proof
}
