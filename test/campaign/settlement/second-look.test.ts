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
const winner = user

const core = await startCore(t, await sharedServers(t))
let stopWorker = core.worker()
const { gate } = await core.gateway()
await gate.ready()
const { pool } = core
const campaigns = new Campaigns({ pool, gate }, { carryMs: 60_000 })

/** Looks once. @param between called when the first look is over, and a shard has said how far it has come */
async function settle(between: (mark: ShardMark) => Promise<void> = async () => {}, campaignId = id) {
  const watched: Gate['look'] = async (shard, items) => {
    const seen = await gate.look(shard, items)
    if (seen.last) await between({ shard, epoch: seen.opening, ...seen.last })
    return seen
  }
  const once = new Campaigns({ pool, gate: { ...gate, look: watched } }, { carryMs: 0 })
  const { campaign, settlement } = await once.settle(campaignId, ada)
  return { settled: campaign.settled, waitsFor: settlement?.waitsFor?.step }
}

const count = async (text: string) => {
  const { rows } = await pool.query<{ found: number }>(`select count(*)::int as found from ${text}`, [id])
  return rows[0]?.found
}
const isStored = async () => (await count(`decisions where campaign_id = $1 and type = 'task.completed'`)) === 1
const levels = () => count(`decisions where campaign_id = $1 and type = 'level.changed'`)

/** A campaign with a goal and a level, of which nothing is left once it has ended. */
async function publishEnded(campaign: string) {
  const { activities, ...definition } = openDefinition(campaign)
  const goal = { counter: 'visits', count: 1 }
  const task = { id: 'visit', kind: 'task', title: 'Visit', per: 'campaign', goal, reward: { points: 20 } }
  const input = {
    ...definition,
    units: { points: { scope: 'campaign' } },
    levels: [{ id: 1, when: { points: 20 } }],
    activities: [...activities, task]
  }
  await campaigns.save({ id: campaign, input }, ada)
  await campaigns.submit(campaign, ada)
  await campaigns.approve(campaign, ben)
  await campaigns.publish(campaign, ben)
  await campaigns.end(campaign, ada)
  const isDone = async () => (await campaigns.planSettlement(campaign)).left.every(({ left }) => left === 0)
  await waitFor(isDone, { what: 'nothing to be left of the campaign' })
}

/** A goal that was due is decided and closed, and nobody stores it. */
async function reachGoal(campaign: string) {
  const report = {
    campaign,
    task: 'visit',
    user: winner,
    period: '',
    source: 'app',
    sourceEventId: campaign,
    amount: 1,
    goal: 1
  }
  await recordProgress(pool, report)
  const catalogue = { refresh: async () => {}, get: () => undefined, findActivity: () => undefined }
  t.equal(await new TaskDriver({ pool, gate, catalogue }).step(), 1)
  t.match(await progressOfUser(pool, winner, campaign), [{ state: 'completed' }])
}

t.before(async () => {
  await publishEnded(id)
  await stopWorker()
  // that its reward leads to a level nobody has seen yet
  await reachGoal(id)
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
      if (looks === 1) stopWorker = core.worker()
      await waitFor(() => haveStored(pool, [mark]), { what: `what shard ${mark.shard} has decided to be stored` })
    }
    t.match(await settle(stored), { settled: false, waitsFor: /^(following|levels)$/ })
    t.equal(looks, testShards, 'every shard said how far it had come')
  })
  await waitFor(async () => (await campaigns.get(id)).settled, { what: 'the settlement' })
  t.equal(await levels(), 1, 'the level is stored, too')
})

t.test(
  'what is noted, decided and closed between both looks, and not stored at the second, is not missed',
  async (t) => {
    const chain = 'chain'
    await publishEnded(chain)
    await stopWorker()
    let isReached = false
    const reached = async ({ shard }: ShardMark) => {
      if (isReached || shard !== testShards - 1) return
      isReached = true
      await reachGoal(chain)
    }
    t.same(await settle(reached, chain), { settled: false, waitsFor: 'storing' })
    stopWorker = core.worker()
    await waitFor(async () => (await campaigns.get(chain)).settled, { what: 'the settlement' })
    const { rows } = await pool.query(
      `select type from decisions where campaign_id = $1 and user_id = $2 order by sequence`,
      [chain, winner]
    )
    t.match(
      rows.map(({ type }) => type),
      ['task.completed', 'level.changed'],
      'all of it came before'
    )
  }
)
