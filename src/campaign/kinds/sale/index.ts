import type { KindRules } from '../../parts/kind.ts'
import { unitsPerUserLimit } from '../../parts/patch.ts'
import { sessionStock } from '../../parts/stock.ts'
import { changePrices } from './change.ts'
import { checkPrice, checkSale } from './check.ts'
import { compileSale, compileShipBy } from './compile.ts'
import { type SaleDefinition, SaleSchema } from './definition.ts'
import { needsCalendarUntil, type Sale, saleDefinition, saleRules } from './rules.ts'

const frozen = [
  'sku',
  'supplier',
  'listPrice',
  'price',
  'currency',
  'unitsPerUser',
  'levelDiscount',
  'payWithinSeconds',
  'shipWithin'
] as const satisfies ReadonlyArray<keyof Sale>

/** Units of one item for money, in sessions. */
export const sale: KindRules<SaleDefinition, Sale> = {
  schema: SaleSchema,
  frozen,
  check: checkSale,
  rules: saleRules,
  definition: saleDefinition,
  compile: compileSale,
  isReserved: true,
  takesTickets: true,
  hasSessions: true,
  ignoresDays: true,
  needsCalendarUntil,
  stock: sessionStock,
  limits: unitsPerUserLimit,
  price: { in: 'money', changed: changePrices },
  usableMs: ({ payWithinSeconds }) => payWithinSeconds * 1000,
  checkAnyway: checkPrice,
  windowFields: compileShipBy
}
