import type { Kind } from '../../base/kinds.ts'
import type { DailyEntry, PlannedSession } from './sessions.ts'
import type { HeldPrizeDefinition, Localized } from './shapes.ts'

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

/** What an activity asks of who takes part; '' and 0 mean nothing. Rules of earlier versions name neither reservation nor ticket. */
export interface Required {
  readonly entitlement: string
  readonly level: number
  readonly reservation?: string
  /** whether each request needs a ticket, which gateways give and check: the gate knows nothing of it */
  readonly ticket?: boolean
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
  /** address of a picture */
  readonly image?: string
  /** what it is like, by property */
  readonly spec?: Readonly<Record<string, Localized>>
  /** how to use what was claimed or won; shown to its owner alone */
  readonly instructions?: Localized
  readonly requires: Required
  readonly paused: boolean
  /** sorted by `opensAt`, not overlapping; a kind without several sessions has exactly one, `all`, with the activity's own window */
  readonly sessions: readonly Session[]
  /** the entries that its daily sessions were made from, for days that are added later; only for kinds with several sessions */
  readonly daily?: readonly DailyEntry[]
  /** what PATCHes added to the quotas of prizes that its rewards hold, by prize; absent: nothing */
  readonly addedQuota?: Readonly<Record<string, number>>
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

/** A prize that a reward holds and that becomes a win of its user; 0 and '' mean "none". `quota` is the published one. */
export interface HeldPrize {
  readonly id: string
  readonly title: Localized
  readonly type: HeldPrizeDefinition['type']
  /** minor units of money, or points; for accounting and for the page */
  readonly value: number
  readonly quota: number | null
  readonly pool: string
  readonly claimWithinDays: number
  /** for settlements; '' or absent: nobody in particular */
  readonly supplier?: string
  /** shown to its winner alone */
  readonly instructions?: Localized
}

/** A prize that users win, of a draw or of a reward: what shows, hands out and revokes wins has to know of it. */
export interface AnyPrize extends Omit<HeldPrize, 'type'> {
  /** 0 for a prize of a reward, which is of no tier */
  readonly tier: number
  readonly type: string
  /** what operators asked for so far, null without a quota */
  readonly quota: number | null
  readonly subPrizes: ReadonlyArray<{ readonly id: string; readonly title: Localized }>
}

/** What is credited at once: amounts by unit, chances by draw; '' and null mean "none". */
export interface Reward {
  readonly units: Readonly<Record<string, number>>
  readonly chances: Readonly<Record<string, number>>
  readonly entitlement: string
  readonly doubler: Doubler | null
  /** absent: none */
  readonly prize?: HeldPrize
}
