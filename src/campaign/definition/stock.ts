import { type ActivityRules, kindOf } from '../kinds/index.ts'
import type { StockItem } from '../parts/stock.ts'

/** What of an activity is counted in `s:<campaign>:<activity>`: nothing of a kind without stock, nor prizes without a quota. */
export function stockItems(activity: ActivityRules): StockItem[] {
  return kindOf(activity).stock?.items(activity) ?? []
}

/** The activity with stock changed by what stands for an item's id. */
export function withStockChanged(activity: ActivityRules, changes: ReadonlyMap<string, number>): ActivityRules {
  return kindOf(activity).stock?.changed(activity, changes) ?? activity
}
