import type { Item } from '../../gate/batch/encode.ts'
import { stockPlaceOf } from '../../record/keys.ts'
import type { LentItem } from '../../store/campaigns/loans.ts'

/** How the field of what is left of an item ends. */
export const REMAINING = ':remaining'

/** Where an item stands in the table of stock; undefined for what is none. */
export function itemOf({ key, field }: Item): LentItem | undefined {
  const place = stockPlaceOf(key)
  if (place === undefined || !field.endsWith(REMAINING)) return undefined
  return { ...place, session: field.slice(0, -REMAINING.length), key, field }
}

export const nameOf = ({ key, field }: Item): string => `${key} ${field}`
