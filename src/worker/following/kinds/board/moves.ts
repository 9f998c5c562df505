import type { Reached } from '../../../../record/standing.ts'

/** What changes a user's score, and when. */
export interface Move extends Reached {
  readonly user: string
  readonly delta: number
}

/** What decisions change. */
export interface Moves {
  readonly moves: readonly Move[]
  /** users of whom `moves` says all that ever changed their score */
  readonly anew: readonly string[]
}
