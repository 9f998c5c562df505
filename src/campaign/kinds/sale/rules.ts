import { commonDefinition, commonRules, moment, newSession, sessionDefinition } from '../../parts/activity.ts'
import { MAX_SESSIONS } from '../../parts/bounds.ts'
import type { CampaignContext, LocalWindow } from '../../parts/context.ts'
import { currencyCode } from '../../parts/currencies.ts'
import type { ActivityBase, Session } from '../../parts/model.ts'
import { expandDaily, type PlannedSession } from '../../parts/sessions.ts'
import { shipByRecords } from '../../parts/ship-by.ts'
import type { SaleDefinition } from './definition.ts'

/** A sale in force: daily sessions listed one by one, money in minor units, 0 means "no limit" or "no deadline". */
export interface Sale extends ActivityBase {
  readonly kind: 'sale'
  readonly sku?: string
  readonly supplier?: string
  readonly listPrice?: number
  readonly price: number
  readonly currency: string
  readonly unitsPerUser: number
  /** whether a discount of the buyer's level applies */
  readonly levelDiscount?: true
  readonly payWithinSeconds: number
  readonly shipWithin?: { readonly businessDays: number; readonly from: 'campaignEnd' | 'acceptance' }
}

function sessionsOf(sale: SaleDefinition, window: LocalWindow): Session[] {
  const planned: PlannedSession[] = sale.sessions
    ? sale.sessions.map((session) => ({
        id: session.id,
        opensAt: moment(session.opensAt),
        closesAt: moment(session.closesAt),
        stock: session.stock,
        unitsPerUser: session.unitsPerUser ?? 0
      }))
    : expandDaily(sale.daily ?? [], window, MAX_SESSIONS)
  return planned.sort((a, b) => a.opensAt - b.opensAt).map(newSession)
}

/** A sale in force, as it is before any adjustment. */
export function saleRules(sale: SaleDefinition, window: LocalWindow): Sale {
  const { sku, supplier, listPrice, shipWithin, daily } = sale
  return {
    ...commonRules(sale),
    kind: 'sale',
    ...(sku === undefined ? {} : { sku }),
    ...(supplier === undefined ? {} : { supplier }),
    ...(listPrice === undefined ? {} : { listPrice }),
    price: sale.price,
    currency: currencyCode(sale.currency),
    unitsPerUser: sale.unitsPerUser ?? 0,
    payWithinSeconds: sale.payWithinSeconds ?? 0,
    ...(sale.levelDiscount ? { levelDiscount: true } : {}),
    ...(shipWithin === undefined ? {} : { shipWithin }),
    ...(daily === undefined ? {} : { daily }),
    sessions: sessionsOf(sale, window)
  }
}

export function saleDefinition(sale: Sale): SaleDefinition {
  const { sku, supplier, listPrice, unitsPerUser, payWithinSeconds, shipWithin } = sale
  return {
    ...commonDefinition(sale),
    kind: 'sale',
    ...(sku === undefined ? {} : { sku }),
    ...(supplier === undefined ? {} : { supplier }),
    ...(listPrice === undefined ? {} : { listPrice }),
    price: sale.price,
    ...(sale.price === 0 ? { free: true } : {}),
    currency: sale.currency,
    ...(unitsPerUser > 0 ? { unitsPerUser } : {}),
    ...(payWithinSeconds > 0 ? { payWithinSeconds } : {}),
    ...(sale.levelDiscount ? { levelDiscount: true } : {}),
    ...(shipWithin ? { shipWithin: { ...shipWithin } } : {}),
    sessions: sale.sessions.map(sessionDefinition)
  }
}

/** Its last ship-by date, or the close of a campaign in which its sessions go by the calendar. */
export function needsCalendarUntil({ shipWithin, daily = [] }: Sale, campaign: CampaignContext): number | undefined {
  if (shipWithin) return shipByRecords(shipWithin, campaign).at(-1)?.shipBy
  return daily.some(({ on = 'every' }) => on !== 'every') ? campaign.closesAt - 1 : undefined
}
