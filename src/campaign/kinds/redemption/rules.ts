import {
  amountOf,
  commonDefinition,
  commonRules,
  onlySession,
  wholeSession,
  windowDefinition
} from '../../parts/activity.ts'
import type { Window } from '../../parts/context.ts'
import type { ActivityBase, Amount } from '../../parts/model.ts'
import type { RedemptionDefinition } from './definition.ts'

/** A redemption in force: its stock is that of its session, `pool` is '' without codes, `unitsPerUser` 0 without a limit. */
export interface Redemption extends ActivityBase {
  readonly kind: 'redemption'
  readonly cost: Amount
  readonly unitsPerUser: number
  readonly pool: string
  readonly supplier?: string
}

/** A redemption in force, as it is before any adjustment. */
export function redemptionRules(item: RedemptionDefinition, window: Window): Redemption {
  return {
    ...commonRules(item),
    kind: 'redemption',
    cost: amountOf(item.cost),
    unitsPerUser: item.unitsPerUser ?? 0,
    pool: item.pool ?? '',
    ...(item.supplier === undefined ? {} : { supplier: item.supplier }),
    sessions: [wholeSession(item, window, item.stock)]
  }
}

export function redemptionDefinition(item: Redemption): RedemptionDefinition {
  const { cost, unitsPerUser, pool, supplier } = item
  return {
    ...commonDefinition(item),
    ...windowDefinition(item),
    kind: 'redemption',
    cost: { [cost.unit]: cost.amount },
    stock: Math.max(0, onlySession(item).stock),
    ...(unitsPerUser > 0 ? { unitsPerUser } : {}),
    ...(pool === '' ? {} : { pool }),
    ...(supplier === undefined ? {} : { supplier })
  }
}
