import type { Kind } from '../../base/kinds.ts'
import type { DailyEntry, PlannedSession } from './sessions.ts'
import type { Localized } from './shapes.ts'

/** The one session of every activity whose kind does not have several. */
export const WHOLE = 'all'

/**
 * A session in force. `stock` is what was asked for so far (published and added); what really is there, the gate knows.
 * `publishedStock` is what the published definition says.
 */
export interface Session extends PlannedSession {
  readonly publishedStock: number
  readonly paused: boolean
}

/** What every activity in force has: times in ms since 1970. */
export interface ActivityBase {
  readonly kind: Kind
  readonly id: string
  /** its id, where the definition gives no title */
  readonly title: Localized
  readonly description?: Localized
  readonly category?: string
  readonly sort: number
  readonly visibleFrom?: number
  readonly requires: { readonly entitlement: string; readonly level: number }
  readonly paused: boolean
  /** sorted by `opensAt`, not overlapping; a kind without several sessions has exactly one, `all`, with the activity's own window */
  readonly sessions: readonly Session[]
  /** what its sessions were made of, for days that are added later; only of a kind that has several */
  readonly daily?: readonly DailyEntry[]
}

/** What something costs, or one part of what it gives: an amount of a unit that the campaign declares. */
export interface Amount {
  readonly unit: string
  readonly amount: number
}

/** A card that multiplies what later tasks give. */
interface Doubler {
  readonly factor: number
  readonly hours: number
  /** the tasks that it is for; none named: all */
  readonly activities: readonly string[]
}

/** What is credited at once: amounts by unit and by draw; '' and null for nothing. */
export interface Reward {
  readonly units: Readonly<Record<string, number>>
  readonly chances: Readonly<Record<string, number>>
  readonly entitlement: string
  readonly doubler: Doubler | null
}
