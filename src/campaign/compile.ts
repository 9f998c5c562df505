import type { AdjustCommand } from '../gate/commands.ts'
import { logical } from '../gate/keys.ts'
import { packSessions, packShipBy } from './packed.ts'
import type { Rules, Sale, Session } from './rules.ts'
import { shipByRecords } from './ship-by.ts'

export type Put = AdjustCommand['puts'][number]
export type AddEntry = AdjustCommand['adds'][number]

/** Rules and stock as the gate's flat hashes: values to write and numbers to add, by logical key. */
export interface Compiled {
  readonly puts: readonly Put[]
  readonly adds: readonly AddEntry[]
}

/** State of a campaign that is no part of its definition. */
export interface Flags {
  readonly ready: boolean
  readonly paused: boolean
  readonly ended: boolean
  readonly version: number
}

export const { campaign: campaignKey, activity: activityKey, stock: stockKey, user: userKey } = logical

const flag = (value: boolean) => (value ? '1' : '0')

function putsOf(key: string, fields: Record<string, string | number>): Put[] {
  return Object.entries(fields).map(([field, value]) => [key, field, String(value)] as const)
}

/** The campaign's own rules that adjustments change. */
export function compileLimits(rules: Rules): Put[] {
  return putsOf(campaignKey(rules.id), {
    opens_at: rules.opensAt,
    closes_at: rules.closesAt,
    rate: rules.admission?.ratePerSecond ?? 0,
    burst: rules.admission?.burst ?? 0,
    units_per_user: rules.unitsPerUser
  })
}

/** All values of `c:<campaign>`. */
export function compileCampaign(rules: Rules, flags: Flags): Put[] {
  const { policies } = rules
  return [
    ...putsOf(campaignKey(rules.id), {
      ready: flag(flags.ready),
      paused: flag(flags.paused),
      ended: flag(flags.ended),
      version: flags.version,
      release_limit: flag(policies.releasedOrderReturnsLimit),
      restock: flag(policies.returnRestocks),
      cancellable: policies.cancellable
    }),
    ...compileLimits(rules)
  ]
}

/** The field `ship_by` of a sale: it depends on the campaign's end too. */
export function compileShipBy(rules: Rules, sale: Sale): string {
  return sale.shipWithin ? packShipBy(shipByRecords(sale.shipWithin, rules)) : ''
}

/** All values of `a:<campaign>:<activity>`. */
export function compileSale(rules: Rules, sale: Sale): Put[] {
  return putsOf(activityKey(rules.id, sale.id), {
    kind: sale.kind,
    price: sale.price,
    currency: sale.currency,
    units_per_user: sale.unitsPerUser,
    pay_within: sale.payWithinSeconds,
    paused: flag(sale.paused),
    entitlement: sale.requires.entitlement,
    level: sale.requires.level,
    ship_by: compileShipBy(rules, sale),
    sessions: packSessions(sale.sessions)
  })
}

/** Stock of sessions as it is first added. The gate moves `total` along with `remaining`. */
export function compileStock(rules: Rules, sale: Sale, sessions: readonly Session[] = sale.sessions): AddEntry[] {
  const key = stockKey(rules.id, sale.id)
  return sessions.map((session) => [key, `${session.id}:remaining`, session.stock] as const)
}

/** A whole campaign: every value, and the stock of every session. */
export function compile(rules: Rules, flags: Flags): Compiled {
  return {
    puts: [...compileCampaign(rules, flags), ...rules.activities.flatMap((sale) => compileSale(rules, sale))],
    adds: rules.activities.flatMap((sale) => compileStock(rules, sale))
  }
}
