import { Contradiction } from '../../parts/contradiction.ts'
import type { Changed, Prices } from '../../parts/patch.ts'
import type { Redemption } from './rules.ts'

/** Changes the cost, in the unit that it has. @throws Contradiction where it would cost nothing */
export function changePrice(item: Redemption, { price }: Prices): Changed<Redemption> {
  if (price === undefined) return { activity: item, data: {} }
  const { cost } = item
  if (price < 1) throw new Contradiction('/price', `must be at least 1 of ${cost.unit}`)
  return {
    activity: { ...item, cost: { ...cost, amount: price } },
    data: { price, priceBefore: cost.amount }
  }
}
