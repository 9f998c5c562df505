import type { Localized } from '../definition/document.ts'
import type { PrizeType } from '../kinds/draw/definition.ts'
import type { DailyEntry, PlannedSession } from './sessions.ts'

/** The one session of every activity that is no sale. */
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
interface ActivityBase {
  readonly id: string
  /** its id, where the definition gives no title */
  readonly title: Localized
  readonly description?: Localized
  readonly category?: string
  readonly sort: number
  readonly visibleFrom?: number
  readonly requires: { readonly entitlement: string; readonly level: number }
  readonly paused: boolean
  /** sorted by `opensAt`, not overlapping; all but sales have exactly one, `all`, with the activity's own window */
  readonly sessions: readonly Session[]
}

/** A sale in force: daily sessions listed one by one, money in minor units, 0 for "no limit" and "no deadline". */
export interface Sale extends ActivityBase {
  readonly kind: 'sale'
  readonly sku?: string
  readonly listPrice?: number
  readonly price: number
  readonly currency: string
  readonly unitsPerUser: number
  readonly payWithinSeconds: number
  readonly shipWithin?: { readonly businessDays: number; readonly from: 'campaignEnd' | 'acceptance' }
  /** what its sessions were made of, for days that are added later */
  readonly daily?: readonly DailyEntry[]
}

/** What something costs, or one part of what it gives: an amount of a unit that the campaign declares. */
export interface Amount {
  readonly unit: string
  readonly amount: number
}

/** A card that multiplies what later tasks give. */
export interface Doubler {
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

export interface SubPrize {
  readonly id: string
  readonly title: Localized
  readonly weight: number
  readonly reward: Reward | null
}

/** A prize in force; 0 and '' for "none". `quota` is what was asked for so far, null without one. */
export interface Prize {
  readonly id: string
  readonly tier: number
  readonly title: Localized
  readonly type: PrizeType
  readonly quota: number | null
  readonly publishedQuota: number | null
  readonly weight: number
  /** minor units of money, or points; for the books and the page */
  readonly value: number
  readonly minSpins: number
  readonly guaranteedAfter: number
  readonly release: 'even' | 'atOnce'
  readonly claimWithinDays: number
  /** what it credits at once, by its type; null: it is claimed, or it is nothing */
  readonly reward: Reward | null
  readonly subPrizes: readonly SubPrize[]
  readonly pool: string
  readonly display?: { readonly image?: string; readonly color?: string; readonly order?: number }
}

/** 0 for "no limit" */
export interface DrawLimits {
  readonly perDay: number
  readonly perCampaign: number
  readonly winsPerCampaign: number
  /** by tier; a tier that is not named has no limit */
  readonly winsPerTier: Readonly<Record<string, number>>
}

/** A draw in force: `cost` or `chances` or neither, then a spin is free. */
export interface Draw extends ActivityBase {
  readonly kind: 'draw'
  readonly cost: Amount | null
  /** `extraPerDay` 0: no limit of extra chances */
  readonly chances: { readonly daily: number; readonly extraPerDay: number } | null
  readonly limits: DrawLimits
  readonly fallback: string
  readonly prizes: readonly Prize[]
  /** sorted by level; a prize that is not named keeps its own weight */
  readonly weightsByLevel: ReadonlyArray<{ readonly level: number; readonly weights: Readonly<Record<string, number>> }>
}

/** A task in force; one with a goal is completed by the system only. */
export interface Task extends ActivityBase {
  readonly kind: 'task'
  readonly per: 'day' | 'campaign'
  readonly goal: { readonly counter: string; readonly count: number } | null
  readonly after: readonly string[]
  readonly tier?: 'basic' | 'intermediate' | 'advanced'
  readonly reward: Reward
  /** sorted by days */
  readonly streak: ReadonlyArray<{ readonly days: number; readonly reward: Reward }>
}

/** A redemption in force: its stock is that of its session, `pool` '' without codes, `unitsPerUser` 0 without limit. */
export interface Redemption extends ActivityBase {
  readonly kind: 'redemption'
  readonly cost: Amount
  readonly unitsPerUser: number
  readonly pool: string
}

export type ActivityRules = Sale | Draw | Task | Redemption
