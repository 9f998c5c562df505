import t from 'tap'
import { middayTimezone } from '../support/midday.ts'
import { startMallShop } from '../support/shop/mall-shop.ts'
import { waitFor } from '../support/wait.ts'

// What becomes of assists and goals when a share is voided, and when its time to be helped is over. Those who share and those who help
// live in different shards when there are several.

const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()
const { admin, ask, publish, pool, stopWorker, startWorker } = await startMallShop(t)
const base = '/v1/campaigns/together'
await publish({
  id: 'together',
  title: 'Together',
  timezone: middayTimezone,
  opensAt: iso(now - 30 * HOUR),
  closesAt: iso(now + HOUR),
  activities: [
    { id: 'sharing', kind: 'share', verifiedBy: 'service', channels: { wechat: { reward: { points: 2 } } } },
    { id: 'help', kind: 'assist', withinHours: 2, thresholds: [{ count: 2, reward: { points: 10 } }] },
    {
      id: 'loved',
      kind: 'task',
      per: 'campaign',
      goal: { counter: 'assist.received', count: 3 },
      reward: { points: 100 }
    },
    {
      id: 'known',
      kind: 'task',
      per: 'campaign',
      goal: { counter: 'share.verified', count: 2 },
      reward: { points: 1000 }
    },
    { id: 'most-helped', kind: 'board', metric: 'assists' }
  ]
} as { id: string })

async function share(user: string): Promise<string> {
  const body = { channel: 'wechat', subject: { type: 'campaign', id: 'together' } }
  const answer = await ask(user, `POST ${base}/shares`, { body })
  t.equal(answer.status, 201)
  return answer.body.share.id
}
const help = (user: string, id: string, key?: string) =>
  ask(user, `POST ${base}/shares/${id}/assists`, { body: {}, ...(key !== undefined && { key }) })
const voidShare = async (id: string) =>
  t.equal((await admin('olga', `DELETE /admin/v1/campaigns/together/shares/${id}`)).status, 200)
const verify = async (id: string) => {
  const path = `POST /service/v1/campaigns/together/shares/${id}/verification`
  const answer = await admin('counter', path, { body: { sourceEventId: `genuine-${id}`, verified: true } })
  t.equal(answer.status, 200)
}
const pointsOf = async (user: string) => (await ask(user, `GET ${base}/me`)).body.balances.points
const reached = (user: string, points: number, what: string) =>
  waitFor(async () => (await pointsOf(user)) === points, { what })
async function ranks(): Promise<string[]> {
  const { status, body } = await ask('ann', `GET ${base}/leaderboards/most-helped`)
  // until the ranks are in Redis
  if (status !== 200) return []
  return body.items.map(({ user, score }: { user: string; score: number }) => `${user} ${score}`)
}
const ranked = (expected: readonly string[], what: string) =>
  waitFor(async () => (await ranks()).join() === expected.join(), { what })
const counted = (user: string, task: string, count: number) =>
  waitFor(async () => (await countOf(user, task)) === count, { what: `${task} of ${user} to count ${count}` })
async function countOf(user: string, task: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'select count from task_counts where campaign_id = $1 and task_id = $2 and user_id = $3',
    ['together', task, user]
  )
  return rows[0]?.count ?? 0
}

t.test('assists rank who was helped, and a voided share takes all of its own off the board and the goal', async (t) => {
  const first = await share('ann')
  for (const helper of ['cem', 'eve']) t.equal((await help(helper, first)).status, 201)
  const other = await share('dan')
  t.equal((await help('gus', other)).status, 201)
  await ranked(['a*** 2', 'd*** 1'], 'both to be ranked')
  await reached('ann', 10, 'the threshold')
  await counted('ann', 'loved', 2)
  await voidShare(first)
  await ranked(['d*** 1'], 'the assists of the voided share to be taken off')
  await counted('ann', 'loved', 0)
  await reached('ann', 0, 'what the threshold gave to be taken back')
  const second = await share('ann')
  for (const helper of ['cem', 'eve']) await help(helper, second)
  await ranked(['a*** 2', 'd*** 1'], 'the assists of the other share')
  await counted('ann', 'loved', 2)
  t.equal((await help('fay', second)).status, 201)
  await reached('ann', 100, 'the goal')
})

t.test('a share that is voided when it was just verified counts for no goal', async (t) => {
  const standing = await share('hal')
  await verify(standing)
  await counted('hal', 'known', 1)
  for (const id of [await share('hal'), await share('hal'), await share('hal')]) {
    await verify(id)
    await voidShare(id)
  }
  const open = async () => {
    const { rows } = await pool.query('select 1 from credits where user_id = $1 and next_attempt_at is not null', [
      'hal'
    ])
    return rows.length
  }
  await waitFor(async () => (await open()) === 0 && (await pointsOf('hal')) === 2, { what: 'all to be taken back' })
  const last = await share('hal')
  t.equal((await help('kim', last)).status, 201)
  await counted('hal', 'loved', 1)
  await counted('hal', 'known', 1)
  await verify(last)
  await reached('hal', 1004, 'the goal to be reached by the second that stands')
})

t.test('a share is helped within its hours only, and what was asked before is answered as before', async (t) => {
  const id = await share('jon')
  const key = 'the-key-of-cem-for-jon'
  const helped = await help('cem', id, key)
  t.match(helped, { status: 201, body: { assist: { share: id, count: 1 } } })
  const isStored = async () => (await pool.query('select 1 from assists where share_id = $1', [id])).rows.length === 1
  await waitFor(isStored, { what: 'the share and its assist to be stored' })
  // as if it had been made so long ago
  const age = (hours: number) =>
    pool.query('update shares set created_at = now() - make_interval(hours => $2) where share_id = $1', [id, hours])
  await age(1)
  t.match(await help('eve', id), { status: 201, body: { assist: { count: 2 } } }, 'the window is not over yet')
  await age(2)
  t.match(await help('fay', id), { status: 409, body: { code: 'CLAIM_EXPIRED' } })
  t.match(await help('cem', id), { status: 409, body: { code: 'ALREADY_DONE' } }, 'who helped has helped')
  const again = await help('cem', id, key)
  t.match(again, { status: 201, headers: { 'idempotent-replayed': 'true' } })
  t.strictSame(again.body, helped.body)
  await reached('jon', 10, 'the threshold that was reached in time')
  t.match((await ask('jon', `GET ${base}/shares/${id}`)).body, { assists: { count: 2 } })
  await voidShare(id)
  t.match(await help('fay', id), { status: 409, body: { code: 'VOIDED' } })
})

t.test('a registration counts for the share that it names, also before the share is stored', async (t) => {
  await stopWorker()
  const id = await share('una')
  const path = 'POST /service/v1/campaigns/together/users/vic/registration'
  const body = { sourceEventId: 'vic-came', registeredAt: iso(now), share: id }
  t.equal((await admin('counter', path, { body })).status, 200)
  const converted = async () => (await ask('una', `GET ${base}/shares/${id}`)).body.converted?.registrations
  t.not(await converted(), 1)
  startWorker()
  await waitFor(async () => (await converted()) === 1, { what: 'the registration to count' })
})
