import t from 'tap'
import { shardNumbers, shardOf } from '../../../src/base/shards.ts'
import { Campaigns } from '../../../src/campaign/lifecycle/lifecycle.ts'
import type { Gate } from '../../../src/gate/gate.ts'
import { progressOfUser, recordProgress } from '../../../src/store/campaigns/progress.ts'
import { inTransaction } from '../../../src/store/connection/transaction.ts'
import { lockLevels } from '../../../src/store/following/levels.ts'
import { haveStored, type ShardMark } from '../../../src/store/shard/marks.ts'
import { TaskDriver } from '../../../src/worker/drivers/complete-tasks.ts'
import { sharedServers, testShards } from '../../support/servers/servers.ts'
import { startCore } from '../../support/shop/core.ts'
import { waitFor } from '../../support/wait.ts'
import { ada, ben, openDefinition } from '../at-the-gate.ts'

// What is due is closed once the journal has the decision. At the first look of a settlement Postgres may lack it, and what follows from it.

const id = 'late'
/** of the last shard: whoever looks at the first one only sees nothing of this user */
const user = Array.from({ length: 100 }, (_, n) => `late-${n}`).find(
  (name) => shardOf(name, testShards) === testShards - 1
)
if (user === undefined) throw new Error('no user of the last shard')

const core = await startCore(t, await sharedServers(t))
const stopWorker = core.worker()
const { gate } = await core.gateway()
await gate.ready()
const { pool } = core
const campaigns = new Campaigns({ pool, gate }, { carryMs: 60_000 })

/** Looks once. @param between called when the first look is over, and a shard has said how far it has come */
async function settle(between: (mark: ShardMark) => Promise<void> = async () => {}) {
  const watched: Gate['look'] = async (shard, items) => {
    const seen = await gate.look(shard, items)
    if (seen.last) await between({ shard, epoch: seen.opening, ...seen.last })
    return seen
  }
  const once = new Campaigns({ pool, gate: { ...gate, look: watched } }, { carryMs: 0 })
  const { campaign, settlement } = await once.settle(id, ada)
  return { settled: campaign.settled, waitsFor: settlement?.waitsFor?.step }
}

const count = async (text: string) => {
  const { rows } = await pool.query<{ found: number }>(`select count(*)::int as found from ${text}`, [id])
  return rows[0]?.found
}
const isStored = async () => (await count(`decisions where campaign_id = $1 and type = 'task.completed'`)) === 1
const levels = () => count(`decisions where campaign_id = $1 and type = 'level.changed'`)

t.before(async () => {
  const { activities, ...definition } = openDefinition(id)
  const goal = { counter: 'visits', count: 1 }
  const task = { id: 'visit', kind: 'task', title: 'Visit', per: 'campaign', goal, reward: { points: 20 } }
  await campaigns.save(
    {
      id,
      input: {
        ...definition,
        units: { points: { scope: 'campaign' } },
        levels: [{ id: 1, when: { points: 20 } }],
        activities: [...activities, task]
      }
    },
    ada
  )
  await campaigns.submit(id, ada)
  await campaigns.approve(id, ben)
  await campaigns.publish(id, ben)
  await campaigns.end(id, ada)
  const isDone = async () => (await campaigns.planSettlement(id)).left.every(({ left }) => left === 0)
  await waitFor(isDone, { what: 'nothing to be left of the campaign' })
  await stopWorker()
  // a goal that was due is decided and closed; that its reward leads to a level nobody has seen yet
  const report = {
    campaign: id,
    task: task.id,
    user,
    period: '',
    source: 'app',
    sourceEventId: 'one',
    amount: 1,
    goal: 1
  }
  await recordProgress(pool, report)
  const catalogue = { refresh: async () => {}, get: () => undefined, findActivity: () => undefined }
  t.equal(await new TaskDriver({ pool, gate, catalogue }).step(), 1)
  t.match(await progressOfUser(pool, user, id), [{ state: 'completed' }])
})

t.test('a campaign is not settled while Postgres lacks what the shards have decided', async (t) => {
  const { left } = await campaigns.planSettlement(id)
  t.same(
    left.filter((step) => step.left > 0),
    [],
    'at the first look nothing is left'
  )
  t.notOk(await isStored())
  t.same(await settle(), { settled: false, waitsFor: 'storing' })
})

t.test('once it is stored, what follows from it is looked for again', async (t) => {
  await inTransaction(pool, async (session) => {
    // nobody can count meanwhile, however long a worker takes to start
    await session.query('set local idle_in_transaction_session_timeout = 0')
    for (const shard of shardNumbers(testShards)) await lockLevels(session, shard)
    let looks = 0
    const stored = async (mark: ShardMark) => {
      looks += 1
      if (looks === 1) core.worker()
      await waitFor(() => haveStored(pool, [mark]), { what: `what shard ${mark.shard} has decided to be stored` })
    }
    t.match(await settle(stored), { settled: false, waitsFor: /^(following|levels)$/ })
    t.equal(looks, testShards, 'every shard said how far it had come')
  })
  await waitFor(async () => (await campaigns.get(id)).settled, { what: 'the settlement' })
  t.equal(await levels(), 1, 'the level is stored, too')
})
