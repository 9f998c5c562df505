import type { ActivityRules } from '../kinds/index.ts'

/** Units that can run out: of a session, or of a prize with a quota. `stock` is what was asked for so far. */
export interface StockItem {
  readonly id: string
  readonly stock: number
}

/** What of an activity is counted in `s:<campaign>:<activity>`; tasks have no stock, nor have prizes without a quota. */
export function stockItems(activity: ActivityRules): StockItem[] {
  switch (activity.kind) {
    case 'sale':
    case 'redemption':
      return activity.sessions.map(({ id, stock }) => ({ id, stock }))
    case 'draw':
      return activity.prizes.flatMap(({ id, quota }) => (quota === null ? [] : [{ id, stock: quota }]))
    case 'task':
      return []
    default:
      return activity satisfies never
  }
}

/** The activity with stock changed by what stands for an item's id. */
export function withStockChanged(activity: ActivityRules, changes: ReadonlyMap<string, number>): ActivityRules {
  const changeOf = (id: string) => changes.get(id) ?? 0
  if (activity.kind === 'draw') {
    const prizes = activity.prizes.map((prize) =>
      prize.quota === null ? prize : { ...prize, quota: prize.quota + changeOf(prize.id) }
    )
    return { ...activity, prizes }
  }
  const sessions = activity.sessions.map((session) => ({ ...session, stock: session.stock + changeOf(session.id) }))
  return { ...activity, sessions }
}
