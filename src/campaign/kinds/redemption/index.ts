import type { KindRules } from '../../parts/kind.ts'
import { unitsPerUserLimit } from '../../parts/patch.ts'
import { sessionStock } from '../../parts/stock.ts'
import { changePrice } from './change.ts'
import { checkRedemption } from './check.ts'
import { compileRedemption } from './compile.ts'
import { type RedemptionDefinition, RedemptionSchema } from './definition.ts'
import { type Redemption, redemptionDefinition, redemptionRules } from './rules.ts'

/** Points or another unit for goods, or for codes of a pool. */
export const redemption: KindRules<RedemptionDefinition, Redemption> = {
  schema: RedemptionSchema,
  frozen: ['cost', 'unitsPerUser', 'pool', 'supplier'] satisfies ReadonlyArray<keyof Redemption>,
  check: checkRedemption,
  rules: redemptionRules,
  definition: redemptionDefinition,
  compile: compileRedemption,
  stock: sessionStock,
  limits: unitsPerUserLimit,
  price: { in: 'unit', changed: changePrice },
  codes({ pool, sessions }, pointer) {
    const units = sessions.reduce((sum, { stock }) => sum + stock, 0)
    return pool === '' ? [] : [{ pointer: `${pointer}/pool`, pool, units }]
  }
}
