import { DAY_MS } from '../../../src/base/day.ts'
import { checkDefinition } from '../../../src/campaign/definition/check.ts'
import type { Followed } from '../../../src/store/following/followed.ts'
import type { Listener } from '../../../src/worker/following/listener.ts'
import { listenersOf } from '../../../src/worker/following/listeners.ts'
import { exampleDefinition } from '../../campaign/example-sale.ts'
import { NOON } from './board.ts'
import type { World } from './board-world.ts'

/** Followed decisions are stored: here without what nobody reads. */
export async function store({ pool }: Pick<World, 'pool'>, decisions: readonly Followed[]): Promise<void> {
  await pool.query("insert into shards (shard, epoch, state) values (0, 1, 'closed') on conflict do nothing")
  for (const { shard, epoch, sequence, type, user, key, campaign, activity, at, request } of decisions) {
    await pool.query(
      `insert into decisions values ($1, $2, $3, 1, $4, $5, $6, '', $7, $8, '', '', to_timestamp($9 / 1000.0), $10, '{}', '{}', '', '')`,
      [shard, epoch, sequence, type, user, key, campaign, activity, at, JSON.stringify(request)]
    )
  }
}

/** The activities by which users share and help. */
export const growing = [
  { id: 'sharing', kind: 'share', verifiedBy: 'service', channels: { weibo: {} } },
  { id: 'help', kind: 'assist', thresholds: [{ count: 2, reward: { points: 10 } }] }
]

/** Who listens for one of the activities of the campaign `c`, which goes on from a day before noon to ten days after it. */
export function aListener(name: string, activities: readonly object[]): Listener {
  const checked = checkDefinition(
    exampleDefinition({
      id: 'c',
      timezone: 'Asia/Shanghai',
      opensAt: new Date(NOON - DAY_MS).toISOString(),
      closesAt: new Date(NOON + 10 * DAY_MS).toISOString(),
      activities
    })
  )
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  const listeners = listenersOf(checked.rules, { shard: 0, gate: { read: async () => [] } })
  const listener = listeners.find((each) => each.name === name)
  if (listener === undefined) throw new Error(`nobody listens for ${name}`)
  return listener
}
