import type { LocalText } from './words.ts'

// What the console reads of the admin API's answers.

/** By language. */
export interface Notice {
  readonly en?: string
  readonly 'zh-CN'?: string
}

export interface CampaignItem {
  readonly id: string
  readonly title?: LocalText
  readonly state: string
  readonly version: number
  readonly review: string
  readonly author: string
  /** what visitors are told */
  readonly notice: Notice | null
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

/** What will expire of a user's balances, the next first. */
export interface Expiring {
  readonly unit: string
  readonly amount: number
  readonly at: string
  readonly campaign: string
}

export interface TimelineEntry {
  /** null for a refusal, which is no decision */
  readonly eventId: string | null
  readonly type: string
  readonly campaign: string | null
  readonly activity: string | null
  readonly key: string | null
  readonly at: string
  readonly operator?: string | null
  readonly reason?: string | null
  /** why it was refused; many refusals are not kept */
  readonly code?: string
  readonly members?: Readonly<Record<string, unknown>>
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

export interface Order {
  readonly id: string
  readonly campaign: string
  readonly sale: string
  readonly session: string
  readonly quantity: number
  readonly unitPrice: number
  readonly currency: string
  readonly status: string
  readonly acceptedAt: string
  readonly payBy: string | null
  readonly shipBy: string | null
  readonly user: string
  readonly returned?: number
}

export interface Win {
  readonly id: string
  readonly status: string
  readonly claimBy: string | null
  readonly campaign: string
  readonly draw: string
  readonly prize: { readonly id: string; readonly tier: number; readonly title: string; readonly type: string }
  readonly wonAt: string
  readonly user: string
  readonly fulfilment?: {
    readonly state: string
    readonly at?: string
    readonly carrier?: string | null
    readonly trackingNumber?: string | null
    readonly reason?: string | null
    readonly attempt?: number
  }
}

export interface ActivityState {
  readonly id: string
  readonly kind: string
  readonly paused: boolean
  readonly sessions: ReadonlyArray<{ readonly id: string; readonly opensAt: string; readonly closesAt: string }>
  readonly prizes?: ReadonlyArray<{
    readonly id: string
    readonly quota: number | null
    readonly weight?: number
    readonly remaining: number
    readonly taken: number
  }>
  /** what shows that it is fair */
  readonly proof?: { readonly seedCommitment: string | null; readonly algorithm: string; readonly seed?: string }
}

export interface Shard {
  readonly shard: number
  readonly epoch: number | null
  readonly state: string
  readonly waitingFor: string
  readonly outbox: number | null
  readonly lags: { readonly projection: number | null; readonly events: number | null }
}

export interface CampaignState {
  readonly activities: readonly ActivityState[]
  readonly shards: readonly Shard[]
}
