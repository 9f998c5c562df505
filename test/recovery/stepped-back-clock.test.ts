import t from 'tap'
import { readShardClock } from '../../src/gate/redis/outbox.ts'
import { shardKeys } from '../../src/record/keys.ts'
import { progressOf } from '../../src/store/campaigns/job-items.ts'
import { findJob, insertJob } from '../../src/store/campaigns/jobs.ts'
import { openDefinition, setUp } from '../campaign/at-the-gate.ts'
import { decisionOf } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

// A clock that was put back: decisions are stamped by the latest time that the shard has seen, and that is ahead of every clock.

const { core, publish, purchase, realGate, redis, prefix } = await setUp(t)
const { pool } = core

const AHEAD_MS = 20 * 60_000

t.test('what was decided before a clock was put back is among what is cancelled in bulk', async (t) => {
  const id = 'wrong-price'
  await publish(openDefinition(id))
  const [shard] = shardKeys(prefix)
  await redis.hset(shard, 'clock', Date.now() + AHEAD_MS)
  const orders = await Promise.all(
    ['ann', 'ben'].map(async (user) => decisionOf(await purchase(id, user)).order?.id ?? '')
  )
  const { id: job } = await insertJob(pool, {
    kind: 'cancellation',
    ...{ campaign: id, operator: 'ada', reason: 'a wrong price', key: 'cancel-them' },
    asked: { activity: 'phone' }
  })
  await waitFor(async () => (await findJob(pool, 'cancellation', job))?.state === 'done', {
    what: 'the job to be done'
  })
  t.match(await progressOf(pool, job), { done: 2, failed: 0 })
  const { rows } = await pool.query('select status from orders where order_id = any($1)', [orders])
  t.same(rows, [{ status: 'cancelled' }, { status: 'cancelled' }])
  const later = decisionOf(await purchase(id, 'cid')).order?.id ?? ''
  const isStored = async () =>
    (await pool.query("select from orders where order_id = $1 and status = 'accepted'", [later])).rowCount === 1
  await waitFor(isStored, { what: 'a later order to be stored' })
})

t.test('the clock of a shard is not behind what it has decided', async (t) => {
  const [shard] = shardKeys(prefix)
  const latest = Date.now() + 2 * AHEAD_MS
  await redis.hset(shard, 'clock', latest)
  t.equal(await readShardClock({ redis, prefix }), latest)
  const { time } = await realGate.look(0, [])
  t.ok(time < latest, 'that of Redis is')
})
