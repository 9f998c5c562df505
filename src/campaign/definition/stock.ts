import { type ActivityRules, kindOf } from '../kinds/index.ts'
import type { StockItem } from '../parts/stock.ts'

/** The items of an activity that `s:<campaign>:<activity>` counts: none for a kind without stock, and no prizes without a quota. */
export function stockItems(activity: ActivityRules): StockItem[] {
  return kindOf(activity).stock?.items(activity) ?? []
}

/** The activity with stock changed by the number that `changes` has for an item's id. */
export function withStockChanged(activity: ActivityRules, changes: ReadonlyMap<string, number>): ActivityRules {
  return kindOf(activity).stock?.changed(activity, changes) ?? activity
}
