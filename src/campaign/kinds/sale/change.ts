import { Contradiction } from '../../parts/contradiction.ts'
import type { Changed, Prices } from '../../parts/patch.ts'
import { FOR_NOTHING, NOT_FREE } from './check.ts'
import type { Sale } from './rules.ts'

/** A sale with other prices; the list price must stay above the price, whichever of them changes. */
function priced(sale: Sale, prices: Prices): Sale {
  const { listPrice: before, ...rest } = sale
  const { price = sale.price, free } = prices
  const listPrice = prices.listPrice === undefined ? before : (prices.listPrice ?? undefined)
  if (prices.price === 0 && free !== true) throw new Contradiction('/price', FOR_NOTHING)
  if (price > 0 && free === true) throw new Contradiction('/free', NOT_FREE)
  if (listPrice !== undefined && price >= listPrice) {
    throw prices.price === undefined
      ? new Contradiction('/listPrice', `must be above the price ${price}, but is ${listPrice}`)
      : new Contradiction('/price', `must be below the list price ${listPrice}, but is ${price}`)
  }
  return { ...rest, price, ...(listPrice === undefined ? {} : { listPrice }) }
}

/** @throws Contradiction where the prices do not go together */
export function changePrices(sale: Sale, prices: Prices): Changed<Sale> {
  const { price, listPrice } = prices
  return {
    activity: priced(sale, prices),
    data: {
      ...(price !== undefined && { price, priceBefore: sale.price }),
      ...(listPrice !== undefined && { listPrice, listPriceBefore: sale.listPrice ?? null })
    }
  }
}
