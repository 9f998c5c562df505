import t from 'tap'
import { sharedServers } from '../support/servers/servers.ts'
import { startCore } from '../support/shop/core.ts'
import { openActivity, takePart } from '../support/shop/participation.ts'
import { waitFor } from '../support/wait.ts'

const core = await startCore(t, await sharedServers(t))
const stopWorker = core.worker()
const { gate } = await core.gateway()
await gate.ready()

t.test('a decision that is not stored yet is listed with its activity and what it moved', async (t) => {
  const task = {
    campaign: 'c',
    activity: 'check-in',
    kind: 'task',
    rules: { per: 'day', reward: 'points b:points 5 0 0,chances:wheel ch:c/wheel 1 0 0' }
  } as const
  t.match(await gate.submit(openActivity(task)), { kind: 'confirmed' })
  t.same(await gate.unstoredOf('nobody'), [])
  await stopWorker()
  const done = await gate.submit(takePart(task, 'ann'))
  await gate.submit(takePart(task, 'ben'))
  const found = await gate.unstoredOf('ann')
  t.match(found, [
    {
      id: done.kind === 'confirmed' && done.decision.id,
      type: 'task.completed',
      key: 'u:key-of-ann',
      campaign: 'c',
      activity: 'check-in',
      at: done.kind === 'confirmed' && done.decision.at,
      report: /points 5 5/,
      moved: { 'b:points': 5, 'ch:c/wheel': 1 },
      journaled: true
    }
  ])
  t.equal(found.length, 1, 'nothing of others in the same frame')
  const grant = {
    op: 'adjust',
    type: 'balance.credited',
    user: 'ann',
    key: 'x:grant:1',
    hash: 'h',
    campaign: 'c'
  } as const
  await gate.submit({ ...grant, activity: '', puts: [], adds: [['u:ann', 'b:points', 7]], request: '{}' })
  t.match(
    (await gate.unstoredOf('ann')).find(({ key }) => key === 'x:grant:1'),
    { campaign: 'c', activity: '', moved: { 'b:points': 7 } }
  )
  core.worker()
  await waitFor(async () => (await gate.unstoredOf('ann')).length === 0, {
    what: 'all to be stored'
  })
  const { rows } = await core.pool.query("select 1 from decisions where user_id = 'ann'")
  t.equal(rows.length, 2, 'what left Redis is in Postgres')
})
