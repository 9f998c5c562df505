import type { Definition, Localized, SaleDefinition } from './definition.ts'
import { momentOf } from './local-time.ts'
import { expandDaily, type PlannedSession } from './sessions.ts'

/** Sessions of one campaign, all sales together: their packed records are read by every batch of the gate. */
export const MAX_SESSIONS = 1000

/**
 * A session in force. `stock` is what was asked for so far (published and added); what really is there, the gate knows.
 * `publishedStock` is what the published definition says.
 */
export interface Session extends PlannedSession {
  readonly publishedStock: number
  readonly paused: boolean
}

/** A sale in force: times in ms since 1970, money in minor units, 0 for "no limit" and "no deadline". */
export interface Sale {
  readonly id: string
  readonly kind: 'sale'
  readonly title: Localized
  readonly description?: Localized
  readonly sku?: string
  readonly category?: string
  readonly sort: number
  readonly visibleFrom?: number
  readonly listPrice?: number
  readonly price: number
  readonly currency: string
  readonly unitsPerUser: number
  readonly payWithinSeconds: number
  readonly shipWithin?: { readonly businessDays: number; readonly from: string }
  readonly requires: { readonly entitlement: string; readonly level: number }
  readonly paused: boolean
  /** sorted by `opensAt`, not overlapping; daily ones are listed one by one */
  readonly sessions: readonly Session[]
}

export interface Policies {
  readonly releasedOrderReturnsLimit: boolean
  readonly revokedWinReturnsQuota: boolean
  readonly unusedDailyChances: string
  readonly sessionRollover: string
  readonly returnRestocks: boolean
  readonly clawback: string
  readonly cancellable: string
}

/** A campaign in force: the published definition with defaults filled in and every adjustment applied. */
export interface Rules {
  readonly id: string
  readonly title: Localized
  readonly description?: Localized
  readonly timezone: string
  readonly opensAt: number
  readonly closesAt: number
  /** tokens per second and bucket size; null: no limit */
  readonly admission: { readonly ratePerSecond: number; readonly burst: number } | null
  readonly unitsPerUser: number
  readonly units: Readonly<Record<string, { readonly scope: string }>>
  readonly policies: Policies
  readonly activities: readonly Sale[]
}

const defaultPolicies: Policies = {
  releasedOrderReturnsLimit: true,
  revokedWinReturnsQuota: true,
  unusedDailyChances: 'expire',
  sessionRollover: 'none',
  returnRestocks: false,
  clawback: 'toZero',
  cancellable: 'unpaid'
}

/** @throws Error when the text is no moment: definitions are checked before they come here */
export function moment(text: string): number {
  const value = momentOf(text)
  if (value === undefined) throw new Error(`${JSON.stringify(text)} is not a moment`)
  return value
}

function sessionsOf(sale: SaleDefinition, definition: Definition): Session[] {
  const window = {
    timezone: definition.timezone,
    opensAt: moment(definition.opensAt),
    closesAt: moment(definition.closesAt)
  }
  const planned: PlannedSession[] = sale.sessions
    ? sale.sessions.map((session) => ({
        id: session.id,
        opensAt: moment(session.opensAt),
        closesAt: moment(session.closesAt),
        stock: session.stock,
        unitsPerUser: session.unitsPerUser ?? 0
      }))
    : expandDaily(sale.daily ?? [], window, MAX_SESSIONS)
  return planned
    .sort((a, b) => a.opensAt - b.opensAt)
    .map((session) => ({ ...session, publishedStock: session.stock, paused: false }))
}

function saleRules(sale: SaleDefinition, definition: Definition): Sale {
  const { daily: _daily, visibleFrom, requires, ...rest } = sale
  return {
    ...rest,
    sort: sale.sort ?? 0,
    ...(visibleFrom === undefined ? {} : { visibleFrom: moment(visibleFrom) }),
    unitsPerUser: sale.unitsPerUser ?? 0,
    payWithinSeconds: sale.payWithinSeconds ?? 0,
    requires: { entitlement: requires?.entitlement ?? '', level: requires?.level ?? 0 },
    paused: false,
    sessions: sessionsOf(sale, definition)
  }
}

/** The rules that a checked definition asks for, as they are before any adjustment. */
export function rulesOf(definition: Definition): Rules {
  const { levels: _levels, limits, ...rest } = definition
  return {
    ...rest,
    opensAt: moment(definition.opensAt),
    closesAt: moment(definition.closesAt),
    admission: definition.admission ?? null,
    unitsPerUser: limits?.unitsPerUser ?? 0,
    units: definition.units ?? {},
    policies: { ...defaultPolicies, ...definition.policies },
    activities: definition.activities.map((sale) => saleRules(sale, definition))
  }
}

const iso = (value: number) => new Date(value).toISOString()

function sessionDefinition(session: Session): NonNullable<SaleDefinition['sessions']>[number] {
  return {
    id: session.id,
    opensAt: iso(session.opensAt),
    closesAt: iso(session.closesAt),
    stock: Math.max(0, session.stock),
    ...(session.unitsPerUser > 0 ? { unitsPerUser: session.unitsPerUser } : {})
  }
}

function saleDefinition(sale: Sale): SaleDefinition {
  const { paused: _paused, visibleFrom, requires, unitsPerUser, payWithinSeconds, sessions, shipWithin, ...rest } = sale
  const asked = {
    ...(requires.entitlement ? { entitlement: requires.entitlement } : {}),
    ...(requires.level > 0 ? { level: requires.level } : {})
  }
  return {
    ...rest,
    ...(visibleFrom === undefined ? {} : { visibleFrom: iso(visibleFrom) }),
    ...(Object.keys(asked).length > 0 ? { requires: asked } : {}),
    ...(unitsPerUser > 0 ? { unitsPerUser } : {}),
    ...(payWithinSeconds > 0 ? { payWithinSeconds } : {}),
    ...(shipWithin ? { shipWithin: { ...shipWithin } } : {}),
    sessions: sessions.map(sessionDefinition)
  }
}

/** Rules as a definition again, sessions one by one, times in UTC: to be shown, and to start a next version from. */
export function definitionOf(rules: Rules): Definition {
  const { admission, unitsPerUser, units, policies, activities, ...rest } = rules
  return {
    ...rest,
    opensAt: iso(rules.opensAt),
    closesAt: iso(rules.closesAt),
    ...(admission ? { admission: { ...admission } } : {}),
    ...(unitsPerUser > 0 ? { limits: { unitsPerUser } } : {}),
    units: { ...units },
    policies: { ...policies },
    activities: activities.map(saleDefinition)
  }
}

export function findSale(rules: Rules, id: string): Sale | undefined {
  return rules.activities.find((sale) => sale.id === id)
}

/** The rules with one sale exchanged. */
export function withSale(rules: Rules, sale: Sale): Rules {
  return { ...rules, activities: rules.activities.map((other) => (other.id === sale.id ? sale : other)) }
}

/**
 * The rules of one activity (of the campaign itself where `activity` is '') as an operator reads them: definition and
 * pauses.
 */
export function describe(rules: Rules, activity: string): Record<string, unknown> {
  if (activity === '') return { ...definitionOf(rules), activities: undefined }
  const sale = findSale(rules, activity)
  if (!sale) return {}
  const sessions = sale.sessions.map((session) => ({ ...sessionDefinition(session), paused: session.paused }))
  return { ...saleDefinition(sale), paused: sale.paused, sessions }
}
