import type { History } from '../load/history.ts'
import type { Evidence } from './evidence.ts'

/** What a campaign promised: units on sale and limits per user, in units. */
export interface SalePromise {
  readonly campaign: string
  readonly unitsPerUser?: number
  readonly sales: Readonly<Record<string, ItemPromise>>
  /**
   * A part was killed meanwhile: an event may be on the stream twice (with the same id), and decisions that were void
   * leave gaps between the positions.
   */
  readonly afterFault?: boolean
}

interface ItemPromise {
  readonly unitsPerUser?: number
  readonly sessions: Readonly<Record<string, SessionPromise>>
}

interface SessionPromise {
  readonly stock: number
  readonly unitsPerUser?: number
  /** demand sufficed: every unit must be sold */
  readonly soldOut?: boolean
}

/** A broken promise in plain words, with the rule of test/faults/README.md that it breaks. */
export interface Difference {
  readonly rule: string
  readonly what: string
}

/** All that is judged together. */
export interface Case {
  readonly promise: SalePromise
  readonly history: History
  readonly evidence: Evidence
}
