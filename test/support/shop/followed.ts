import { DAY_MS } from '../../../src/base/day.ts'
import { checkDefinition } from '../../../src/campaign/definition/check.ts'
import type { Task } from '../../../src/campaign/kinds/task/rules.ts'
import type { OwnCounter } from '../../../src/campaign/parts/own-counters.ts'
import type { Followed } from '../../../src/store/following/followed.ts'
import { task as tasks } from '../../../src/worker/following/kinds/task.ts'
import type { Listener } from '../../../src/worker/following/listener.ts'
import { exampleDefinition } from '../../campaign/example-sale.ts'
import { NOON } from './board.ts'
import type { World } from './board-world.ts'

/** Followed decisions are stored: here without what nobody reads. */
export async function store({ pool }: Pick<World, 'pool'>, decisions: readonly Followed[]): Promise<void> {
  for (const { shard, epoch, sequence, type, user, key, campaign, activity, at, request } of decisions) {
    await pool.query(
      `insert into decisions values ($1, $2, $3, 1, $4, $5, $6, '', $7, $8, '', '', to_timestamp($9 / 1000.0), $10, '{}', '{}', '', '')`,
      [shard, epoch, sequence, type, user, key, campaign, activity, at, JSON.stringify(request)]
    )
  }
}

interface Goal {
  readonly id: string
  readonly counter: OwnCounter
  readonly activity?: string
}

/** Who listens for a task of the campaign `c`, whose goal nobody reaches. */
export function aGoal({ id, counter, activity }: Goal): Listener {
  const goal = { counter, count: 1000 }
  const checked = checkDefinition(
    exampleDefinition({
      id: 'c',
      timezone: 'Asia/Shanghai',
      opensAt: new Date(NOON - DAY_MS).toISOString(),
      closesAt: new Date(NOON + 10 * DAY_MS).toISOString(),
      activities: [{ id, kind: 'task', per: 'campaign', goal, reward: { points: 1 } }]
    })
  )
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  const [found] = checked.rules.activities
  const activityOf = { ...(found as Task), goal: { ...goal, ...(activity !== undefined && { activity }) } }
  const listener = tasks.listenerOf(activityOf, checked.rules, { shard: 0, gate: { read: async () => [] } })
  if (listener === undefined) throw new Error('nobody listens')
  return listener
}
