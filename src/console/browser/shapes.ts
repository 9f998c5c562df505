import type { LocalText } from './words.ts'

// What the console reads of the admin API's answers.

export interface CampaignItem {
  readonly id: string
  readonly title?: LocalText
  readonly state: string
  readonly version: number
  readonly review: string
  readonly author: string
  readonly publishedVersion: number | null
  readonly opensAt: string | null
  readonly closesAt: string | null
  readonly nextOpening: { readonly activity: string; readonly session: string; readonly at: string } | null
  readonly updatedAt: string
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

export interface Condition {
  readonly name: string
  readonly ok: boolean
  readonly since: string | null
  readonly detail: string
  readonly runbook: string
}

export interface Health {
  readonly environment: string
  readonly conditions: readonly Condition[]
}

export interface Reconciliation {
  readonly state: string
  readonly finishedAt: string | null
  readonly usersCompared: number
  readonly result: { readonly differences?: readonly unknown[] } | null
}

export interface TimelineEntry {
  readonly eventId: string
  readonly type: string
  readonly campaign: string | null
  readonly activity: string | null
  readonly key: string
  readonly at: string
  readonly operator: string | null
  readonly reason: string | null
  readonly order?: {
    readonly id: string
    readonly status: string
    readonly quantity: number
    readonly amount: number
    readonly currency: string
  }
  readonly win?: { readonly id: string; readonly prize: string; readonly status: string }
  readonly moves?: ReadonlyArray<{ readonly unit: string; readonly delta: number }>
  readonly pending?: boolean
}
