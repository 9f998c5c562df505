import t from 'tap'
import { openSignalLine } from '../../../src/journal/signals.ts'
import { streamNames } from '../../../src/journal/subjects.ts'
import type { Signals } from '../../../src/record/signals.ts'
import { attemptTotals, foldMinutes, pruneRefusals, removeAttemptTimes } from '../../../src/store/campaigns/attempts.ts'
import { SignalKeeper } from '../../../src/worker/signals/keep-signals.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const shop = await startMallShop(t)
const { pool, config, admin, ask } = shop
const now = Date.now()
await shop.publish({
  id: 'mall',
  title: 'Mall',
  timezone: 'Asia/Shanghai',
  opensAt: new Date(now - 3_600_000).toISOString(),
  closesAt: new Date(now + 3_600_000).toISOString(),
  units: { points: { scope: 'account' } },
  activities: [
    { id: 'check-in', kind: 'task', per: 'campaign', reward: { points: 5 } },
    { id: 'ticket', kind: 'redemption', title: 'Ticket', cost: { points: 500 }, stock: 200 }
  ]
} as { id: string })
const names = streamNames(config.NAMESPACE)
const line = openSignalLine(shop.natsUrl, { creds: '', names })
t.teardown(() => line.close())
const heard: string[] = []
line.hear((text) => heard.push(text))

const totals = async () =>
  Object.fromEntries(
    (await attemptTotals(pool, 'mall')).map(({ activity, outcome, times }) => [`${activity} ${outcome}`, times])
  )
const refusalsOf = async (user: string, query = '') => {
  const { body } = await admin('vera', `GET /admin/v1/users/${user}/timeline${query}`)
  return body.items.filter(({ type }: { type: string }) => type === 'refused')
}

await t.test('support reads why a user was refused, between what was decided', async (t) => {
  const { user, key, answer } = await shop.inOneGo(async (nth) => {
    const [user, key] = [`eve-${nth}`, `first-try-of-eve-${nth}`]
    const path = 'POST /v1/campaigns/mall/redemptions/ticket/claims'
    const answer = await ask(user, path, { body: { quantity: 1 }, key })
    t.equal(answer.status, 409)
    t.equal((await ask(user, 'POST /v1/campaigns/mall/tasks/check-in/completions', { body: {} })).status, 201)
    return { user, key, answer }
  })
  shop.signals.tell()
  t.equal(shop.toldSignals.length, 1)
  // until the line is there what it sends is lost, so it is sent until the first one is heard
  await waitFor(() => {
    if (heard.length === 0) line.send('not signals')
    return heard.length > 0
  })
  line.send(shop.toldSignals[0] ?? '')
  await waitFor(async () => (await refusalsOf(user)).length === 1, { what: 'the sample to be kept' })
  const [refusal] = await refusalsOf(user)
  t.match(refusal, {
    eventId: null,
    campaign: 'mall',
    activity: 'ticket',
    code: answer.body.code,
    key,
    sample: true,
    members: { unit: 'points', balance: 0 }
  })
  t.strictSame(await refusalsOf(user, '?campaign=other'), [])
  const pages = []
  for (let cursor = ''; cursor !== 'null'; ) {
    const query = `?limit=1${cursor && `&cursor=${cursor}`}`
    const { body } = await admin('vera', `GET /admin/v1/users/${user}/timeline${query}`)
    pages.push(...body.items.map(({ type }: { type: string }) => type))
    cursor = String(body.nextCursor)
  }
  t.strictSame(pages, ['task.completed', 'refused'], 'newest first, by pages')
  t.match(await totals(), { 'ticket INSUFFICIENT_BALANCE': 1, 'check-in confirmed': 1 })
})

await t.test(
  'messages that are none, of campaigns that are not there, or that Postgres cannot store stop nothing',
  async (t) => {
    const sample = {
      user: 'eve',
      campaign: 'mall',
      activity: 'ticket',
      code: 'SOLD_OUT',
      key: '',
      at: now,
      members: {}
    }
    const activity = { activity: 'ticket', confirmedIn: [], refusedIn: [] }
    const told: Signals[] = [
      { at: now, activities: [{ ...activity, campaign: 'gone', outcomes: { SOLD_OUT: 1 } }], refusals: [] },
      { at: 0, activities: [{ ...activity, campaign: 'mall', outcomes: { SOLD_OUT: 2 } }], refusals: [] },
      {
        at: now,
        activities: [{ ...activity, campaign: 'mall', outcomes: { SOLD_OUT: 3, confirmed: 4 } }],
        refusals: [
          { ...sample, members: { errors: 'a\u0000b' } },
          { ...sample, user: '=ZcOpZQ', at: 0 }
        ]
      }
    ]
    let done = 0
    const texts = ['{', '{}', ...told.map((signals) => JSON.stringify(signals))]
    const finish = () => {
      done += 1
    }
    const queued = texts.map((text) => ({ text, done: finish }))
    const keeper = new SignalKeeper({ queue: { take: async () => queued.splice(0) }, pool })
    t.equal(await keeper.step(), 5)
    t.equal(done, 5)
    t.equal(await keeper.step(), 0)
    t.match(await totals(), { 'ticket SOLD_OUT': 5, 'ticket confirmed': 4 })
    t.strictSame(await attemptTotals(pool, 'gone'), [])
    const { rows } = await pool.query(`select user_id, at from refusal_samples where code = 'SOLD_OUT'`)
    t.equal(rows.length, 1)
    t.ok(rows[0]?.at.getTime() >= now - 60_000, 'a clock that is far off is not believed')
  }
)

await t.test('minutes become hours, the oldest samples go, and counts by time leave with their campaign', async (t) => {
  const sum = async () =>
    (
      await pool.query(`select seconds, count(*)::int as rows, sum(times)::int as times from attempt_times where activity_id = 'ticket'
       and outcome = 'SOLD_OUT' group by seconds`)
    ).rows
  const before = await sum()
  t.match(before, [{ seconds: 60, times: 5 }])
  t.equal(await foldMinutes(pool, new Date(Date.now() - 3_600_000)), 0)
  t.ok((await foldMinutes(pool, new Date(Date.now() + 3_600_000))) >= 1)
  t.equal(
    (await sum()).reduce((all, { seconds, times }) => (seconds === 3600 ? all + times : all), 0),
    5
  )
  const samples = async () => (await pool.query('select 1 from refusal_samples')).rowCount
  t.equal(await samples(), 2)
  t.equal(await pruneRefusals(pool, { before: new Date(0), most: 10 }), 0)
  t.equal(await pruneRefusals(pool, { before: new Date(0), most: 1 }), 1)
  t.equal(await pruneRefusals(pool, { before: new Date(Date.now() + 60_000), most: 1 }), 1)
  t.equal(await samples(), 0)
  await removeAttemptTimes(pool, 'mall')
  t.strictSame(await sum(), [])
  t.match(await totals(), { 'ticket SOLD_OUT': 5 })
})
