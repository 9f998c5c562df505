import t from 'tap'
import { dayNumber } from '../../src/base/day.ts'
import { progressOfUser } from '../../src/store/campaigns/progress.ts'
import { aTask, rulesOf } from '../campaign/example-kinds.ts'
import { exampleDefinition } from '../campaign/example-sale.ts'
import { middayMinutes, middayTimezone } from '../support/midday.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { byAttempt, commandSender } from '../support/shop/command-sender.ts'
import { startCore } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

/** A worker with campaign `launch`: a task per campaign, one per day and one without a goal, open now. */
async function sender(t: Parameters<typeof startCore>[0]) {
  const core = await startCore(t, urls)
  const now = Date.now()
  const rules = rulesOf(
    exampleDefinition({
      timezone: middayTimezone,
      opensAt: new Date(now - 3 * 86_400_000).toISOString(),
      closesAt: new Date(now + 86_400_000).toISOString(),
      activities: [
        aTask({ id: 'buyer', per: 'campaign', goal: { counter: 'paid', count: 3 } }),
        aTask({ id: 'viewer', goal: { counter: 'seen', count: 2 } }),
        aTask({ id: 'check-in' })
      ]
    })
  )
  await core.pool.query(
    `insert into campaigns (campaign_id, version, review, author, published_version, published_at, rules, revision)
     values ('launch', 1, 'published', 'ops', 1, now(), $1, 1)`,
    [JSON.stringify({ ...rules, id: 'launch' })]
  )
  await core.pool.query('update campaign_revision set value = value + 1')
  const stopWorker = core.worker()
  const commands = await commandSender(core)
  return {
    ...commands,
    core,
    stopWorker,
    send: (body: unknown) => commands.send('task.progress', body),
    sendAs: commands.send
  }
}

const progress = (id: string, data: object, more: object = {}) => ({
  specversion: '1.0',
  id,
  source: 'urn:shop',
  type: 'task.progress',
  data: { campaign: 'launch', task: 'buyer', user: 'ann', ...data },
  ...more
})

t.test('progress comes as commands and counts once; each attempt has an answer of its own', async (t) => {
  const { core, send, answered } = await sender(t)
  await send(progress('e1', {}))
  await answered(1)
  await send(progress('e1', {}))
  await send(progress('e2', { amount: 2 }))
  await send(progress('e1', {}, { source: 'urn:other-shop' }))
  const answers = byAttempt(await answered(4))
  t.same(await progressOfUser(core.pool, 'ann', 'launch'), [{ task: 'buyer', period: '', count: 4, state: 'due' }])
  t.same(answers.map(({ id }) => id).sort(), ['urn:other-shop:e1:4', 'urn:shop:e1:1', 'urn:shop:e1:2', 'urn:shop:e2:3'])
  t.match(answers[0], {
    id: 'urn:shop:e1:1',
    type: 'floodgate.command.accepted',
    on: `${core.config.NAMESPACE}.launch.command.accepted`,
    subject: 'e1',
    data: {
      user: 'ann',
      campaign: 'launch',
      command: { type: 'task.progress', source: 'urn:shop', id: 'e1', attempt: 1 },
      task: 'buyer',
      count: 1,
      state: 'counting'
    }
  })
})

t.test('of events that share an id only the first in the queue counts, also if handled together', async (t) => {
  const { core, send, answered } = await sender(t)
  const ids = Array.from({ length: 20 }, (_, index) => `e${index}`)
  for (const id of ids) {
    await send(progress(id, {}))
    await send(progress(id, { user: 'ben' }))
  }
  const answers = await answered(2 * ids.length)
  t.same(
    answers.filter(({ data }) => data.code !== undefined).map(({ data }) => data.code),
    ids.map(() => 'KEY_REUSED')
  )
  t.match(await progressOfUser(core.pool, 'ann', 'launch'), [{ count: ids.length }])
  t.same(await progressOfUser(core.pool, 'ben', 'launch'), [])
})

t.test('what happened yesterday counts for yesterday, in the zone of the campaign', async (t) => {
  const { core, send, answered } = await sender(t)
  const now = Date.now()
  const at = (daysAgo: number) => new Date(now - daysAgo * 86_400_000).toISOString()
  await send(progress('a', { task: 'viewer', occurredAt: at(1) }))
  await send(progress('b', { task: 'viewer' }, { time: at(0) }))
  const ahead = at(-5)
    .replace('T', 't')
    .replace(/\.\d+Z/, '.123456789z')
  await send(progress('c', { task: 'viewer' }, { time: ahead }))
  t.ok((await answered(3)).every(({ type }) => type === 'floodgate.command.accepted'))
  const today = dayNumber(now, middayMinutes)
  t.same(
    (await progressOfUser(core.pool, 'ann', 'launch')).map(({ period, count }) => [period, count]),
    [
      [`${today - 1}`, 1],
      [`${today}`, 2]
    ],
    'the clock of a sender may be ahead'
  )
})

t.test('commands that cannot be carried out are answered with the reason and leave the queue', async (t) => {
  const { core, send, answered } = await sender(t)
  const far = new Date(Date.now() - 10 * 86_400_000).toISOString()
  await send('not JSON')
  await send({ hello: 1 })
  await send(progress('user', { user: 'a'.repeat(256) }))
  await send(progress('count', { amount: 0 }))
  await send(progress('task', { task: 'unknown' }))
  await send(progress('campaign', { campaign: 'unknown' }))
  await send(progress('goal', { task: 'check-in' }))
  await send(progress('early', { occurredAt: far }))
  await send(progress('when', { occurredAt: 'yesterday' }))
  await send(progress('day', { occurredAt: '2026-02-30T00:00:00Z' }))
  await send(progress('tomorrow', { occurredAt: new Date(Date.now() + 86_400_000).toISOString() }))
  await send(progress('at', {}, { time: '10 November 2026' }))
  await send(progress('nul\u0000', {}))
  await send(progress('nul\u0000', { user: 'ben' }))
  const answers = byAttempt(await answered(14))
  t.match(answers.pop(), { subject: 'nul\ufffd', id: 'urn:shop:nul%EF%BF%BD:14', data: { code: 'KEY_REUSED' } })
  t.same(Object.fromEntries(answers.map(({ subject, data }) => [subject, data.code ?? 'accepted'])), {
    1: 'VALIDATION',
    2: 'VALIDATION',
    user: 'VALIDATION',
    count: 'VALIDATION',
    task: 'NOT_FOUND',
    campaign: 'NOT_FOUND',
    goal: 'CONFLICT',
    early: 'NOT_STARTED',
    when: 'VALIDATION',
    day: 'VALIDATION',
    tomorrow: 'VALIDATION',
    at: 'VALIDATION',
    'nul\ufffd': 'accepted'
  })
  const unnamed = answers.find(({ subject }) => subject === '1')
  t.equal(unnamed?.on, `${core.config.NAMESPACE}._account.command.rejected`)
  t.equal((await progressOfUser(core.pool, 'ben', 'launch')).length, 0, 'an event tells of one user')
})

t.test('after a rejection the same id may come again, corrected, and is carried out', async (t) => {
  const { core, send, answered } = await sender(t)
  await send(progress('e1', { task: 'unknown' }))
  await send(progress('e1', { amount: 0 }))
  await send(progress('e1', { amount: 2 }))
  await send(progress('e1', { amount: 1 }))
  const answers = await answered(4)
  t.same(
    answers.map(({ id, data }) => [id, data.code ?? data.count]),
    [
      ['urn:shop:e1:1', 'NOT_FOUND'],
      ['urn:shop:e1:2', 'VALIDATION'],
      ['urn:shop:e1:3', 2],
      ['urn:shop:e1:4', 'KEY_REUSED']
    ]
  )
  t.match(await progressOfUser(core.pool, 'ann', 'launch'), [{ count: 2 }])
})

t.test('an unknown command gets an answer, and is not taken for an event', async (t) => {
  const { core, sendAs, answered, onPublicStream } = await sender(t)
  await sendAs('order.paid', progress('typo', {}))
  await sendAs('pay', 'not JSON')
  await sendAs('order.pay.now', progress('deep', {}))
  const answers = byAttempt(await answered(3))
  t.match(answers, [
    {
      id: 'urn:shop:typo:1',
      type: 'floodgate.command.rejected',
      data: {
        code: 'VALIDATION',
        detail: /no command order\.paid; known are order\.pay, /,
        command: { type: 'order.paid' }
      }
    },
    { data: { code: 'VALIDATION', detail: /CloudEvent/, command: { type: 'pay' } } },
    { data: { code: 'VALIDATION', detail: /no command order\.pay\.now/ } }
  ])
  t.same(await onPublicStream(`${core.config.NAMESPACE}.*.order.paid`), 0)
})

t.test('a command that cannot be carried out now is still there when the worker that took it has ended', async (t) => {
  const { core, send, answered, taken, stopWorker } = await sender(t)
  await core.pool.query('alter table task_counts rename to task_counts_away')
  await send(progress('e1', {}))
  await waitFor(taken, { what: 'the command to be delivered' })
  await stopWorker()
  await core.pool.query('alter table task_counts_away rename to task_counts')
  core.worker()
  const [answer] = await answered(1)
  t.match(answer, { type: 'floodgate.command.accepted', data: { count: 1 } })
})
