import type { Kind } from '../../base/kinds.ts'
import type { DailyEntry, PlannedSession } from './sessions.ts'
import type { Localized } from './shapes.ts'

/** The one session of every activity whose kind does not have several. */
export const WHOLE = 'all'

/**
 * A session in force. `stock` is what operators asked for so far (published and added); only the gate knows the actual stock.
 * `publishedStock` is the figure in the published definition.
 */
export interface Session extends PlannedSession {
  readonly publishedStock: number
  readonly paused: boolean
}

/** What an activity asks of who takes part; '' and 0 mean nothing. Rules of earlier versions name no reservation. */
export interface Required {
  readonly entitlement: string
  readonly level: number
  readonly reservation?: string
}

/** The fields of every activity in force; times in ms since 1970. */
export interface ActivityBase {
  readonly kind: Kind
  readonly id: string
  /** the activity's id if the definition gives no title */
  readonly title: Localized
  readonly description?: Localized
  readonly category?: string
  readonly sort: number
  readonly visibleFrom?: number
  readonly requires: Required
  readonly paused: boolean
  /** sorted by `opensAt`, not overlapping; a kind without several sessions has exactly one, `all`, with the activity's own window */
  readonly sessions: readonly Session[]
  /** the entries that its daily sessions were made from, for days that are added later; only for kinds with several sessions */
  readonly daily?: readonly DailyEntry[]
}

/** A cost, or one part of a reward: an amount of a unit that the campaign declares. */
export interface Amount {
  readonly unit: string
  readonly amount: number
}

/** A card that multiplies what later tasks give. */
interface Doubler {
  readonly factor: number
  readonly hours: number
  /** the tasks that it applies to; empty means all */
  readonly activities: readonly string[]
}

/** What is credited at once: amounts by unit, chances by draw; '' and null mean "none". */
export interface Reward {
  readonly units: Readonly<Record<string, number>>
  readonly chances: Readonly<Record<string, number>>
  readonly entitlement: string
  readonly doubler: Doubler | null
}
