import { closedLoop } from '../measuring/closed.ts'
import { proveSale } from '../measuring/proofs.ts'
import { buyPath, publishSale } from '../stack/admin.ts'
import type { Scenario } from './scenario.ts'

/** More than any run can sell. */
export const BIG_STOCK = 50_000_000
export const PLENTY = 100_000

/** A buy that is accepted, closed loop: what other rows differ from. */
export const buy = {
  byDefault: true,
  target: 'gateway',
  path: buyPath,
  body: '{"quantity":1}',
  expectedStatus: 201,
  until: 'answered',
  events: 'order.accepted',
  prepare: ({ file }, campaign) => publishSale(file, { campaign, stock: BIG_STOCK, unitsPerUser: PLENTY }),
  measure: closedLoop,
  prove: (world, campaign, account) => proveSale(world, { campaign, stock: BIG_STOCK, soldBefore: 0 }, account)
} as const satisfies Partial<Scenario>
