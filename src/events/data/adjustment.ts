import { scopeKey, stockPlaceOf } from '../../record/keys.ts'
import { askedIn, type Data, type Decided } from './decided.ts'

/** Stock that an adjustment really added or took: removing takes what is left. */
export function adjustmentData({ decision }: Decided): Data {
  const stock = Object.entries(decision.add ?? {}).flatMap(([scope, fields]) => {
    const place = stockPlaceOf(scopeKey(scope, decision))
    if (place === undefined) return []
    const { activity } = place
    return Object.entries(fields).flatMap(([field, added]) => {
      const [, item] = /^(.*):remaining$/.exec(field) ?? []
      return item === undefined ? [] : [{ activity, item, added }]
    })
  })
  const [only] = stock
  const isOne = stock.length === 1 && typeof askedIn(decision).addStock === 'number'
  return { ...(stock.length > 0 && { stock }), ...(isOne && { addStock: only?.added }) }
}
