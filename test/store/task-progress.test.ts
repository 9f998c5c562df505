import tap, { test } from 'tap'
import { dueTasks, progressOfUser, recordProgress, settleTasks } from '../../src/store/campaigns/progress.ts'
import { decisionsUnder } from '../../src/store/reading/orders.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const { databaseUrl } = await sharedServers(tap)

const task = { campaign: 'launch', task: 'buyer', user: 'alice', period: '' }
const report = { ...task, source: 'shop', sourceEventId: 'e1', amount: 1, goal: 3 }

test('reports that race and come again are counted once, and the goal becomes due once', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl, 20)
  const copies = Array.from({ length: 40 }, (_, index) => ({ ...report, sourceEventId: `e${index % 10}` }))
  const answers = await Promise.all(copies.map((copy) => recordProgress(pool, copy)))
  t.equal(answers.filter(({ kind }) => kind === 'counted').length, 10)
  t.equal(answers.filter(({ kind }) => kind === 'repeated').length, 30)
  t.same(await progressOfUser(pool, 'alice', 'launch'), [{ task: 'buyer', period: '', count: 10, state: 'due' }])
  t.same(await dueTasks(pool, 10), [{ ...task, attempts: 0 }])
  await settleTasks(pool, [{ ...task, to: 'done', decision: '0-1700000000-5' }])
  t.same(await recordProgress(pool, { ...report, sourceEventId: 'late' }), {
    kind: 'counted',
    count: 11,
    state: 'completed'
  })
  t.same(await recordProgress(pool, report), { kind: 'repeated', count: 11, state: 'completed' })
  t.same(await dueTasks(pool, 10), [], 'once is once')
})

test('a report counts for each task, period and source that it names, and never for another user', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  t.match(await recordProgress(pool, report), { kind: 'counted', count: 1, state: 'counting' })
  t.match(await recordProgress(pool, { ...report, task: 'spender' }), { kind: 'counted', count: 1 })
  t.match(await recordProgress(pool, { ...report, source: 'app' }), { kind: 'counted', count: 2 })
  t.match(await recordProgress(pool, { ...report, user: 'bob' }), { kind: 'conflict' })
  t.match(await recordProgress(pool, { ...report, amount: 2 }), { kind: 'conflict' })
  t.match(await recordProgress(pool, { ...report, period: '20781' }), { kind: 'repeated', count: 2 }, 'a day later')
  t.match(await recordProgress(pool, { ...report, sourceEventId: 'e2', amount: 5 }), { count: 7, state: 'due' })
  const daily = { ...report, task: 'daily', goal: 1 }
  t.match(await recordProgress(pool, { ...daily, period: '20781' }), { count: 1, state: 'due' })
  t.match(await recordProgress(pool, { ...daily, period: '20782', sourceEventId: 'e2' }), { count: 1, state: 'due' })
  t.equal((await dueTasks(pool, 10)).length, 3)
})

test('a due task that must wait comes back later, one that is refused does not', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  const users = ['alice', 'bob', 'carol']
  for (const user of users) await recordProgress(pool, { ...report, user, sourceEventId: user, amount: 3 })
  await settleTasks(pool, [
    { ...task, to: 'later', afterMs: 0 },
    { ...task, user: 'bob', to: 'later', afterMs: 60_000 },
    { ...task, user: 'carol', to: 'refused', refusal: 'DISQUALIFIED' }
  ])
  t.same(await dueTasks(pool, 10), [{ ...task, attempts: 1 }])
  t.match(await progressOfUser(pool, 'carol', 'launch'), [{ state: 'refused' }])
})

test('replay fields that are decided are told from those that are not, in their order', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  await pool.query("insert into shards (shard, epoch, state) values (0, 1, 'closed') on conflict do nothing")
  await pool.query(
    `insert into decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id, session_id,
       entity, at, request, adds, puts, record, report)
     values (0, 17, 4, 1, 'task.completed', 'bob', 'x:one', '', 'c', 'a', '', '', now(), '{}', '{}', '{}', '', '')`
  )
  const fields = [
    { user: 'alice', key: 'x:one' },
    { user: 'bob', key: 'x:one' },
    { user: 'bob', key: 'x:two' }
  ]
  t.same(await decisionsUnder(pool, fields), [undefined, '0-17-4', undefined])
})
