import { type ActivityRules, kindOf } from '../kinds/index.ts'
import { heldPrizesOf } from '../kinds/prizes.ts'
import { Contradiction } from '../parts/contradiction.ts'
import type { AnyPrize } from '../parts/model.ts'
import type { StockItem } from '../parts/stock.ts'

/** The items of an activity that `s:<campaign>:<activity>` counts: those of its kind, and prizes in its rewards that have a quota. */
export function stockItems(activity: ActivityRules): StockItem[] {
  const held = heldPrizesOf(activity).flatMap(({ id, quota }) => (quota === null ? [] : [{ id, stock: quota }]))
  return [...(kindOf(activity).stock?.items(activity) ?? []), ...held]
}

/** The activity with stock changed by the number that `changes` has for an item's id. */
export function withStockChanged(activity: ActivityRules, changes: ReadonlyMap<string, number>): ActivityRules {
  const changed = kindOf(activity).stock?.changed(activity, changes) ?? activity
  const held = heldPrizesOf(activity).filter(({ id, quota }) => quota !== null && changes.has(id))
  if (held.length === 0) return changed
  const added = held.map(({ id }) => [id, (activity.addedQuota?.[id] ?? 0) + (changes.get(id) ?? 0)])
  return { ...changed, addedQuota: { ...activity.addedQuota, ...Object.fromEntries(added) } }
}

/** The prize of a reward that an operator names, undefined where there is none. @throws Contradiction where it has no quota */
export function namedHeldPrize(activity: ActivityRules, name: string): AnyPrize | undefined {
  const prize = heldPrizesOf(activity).find(({ id }) => id === name)
  if (prize?.quota === null) throw new Contradiction('/prize', `${name} has no quota: nothing can be added to it`)
  return prize
}

/** What the stock of an activity, or one item of it, belongs to: the field that names it in a PATCH and in the audit trail. */
export function stockWordOf(activity: ActivityRules, item: string): 'session' | 'prize' {
  if (heldPrizesOf(activity).some(({ id }) => id === item)) return 'prize'
  return kindOf(activity).stock?.of ?? 'session'
}
