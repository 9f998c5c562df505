import { Redis } from 'ioredis'
import pg from 'pg'
import t, { type Test } from 'tap'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'
import { walker } from './every-kind-campaign.ts'

// Leaderboards by HTTP alone, on a whole stack: crowds, a worker that is killed, a Redis that is wiped, final orders.

const campaign = 'race'
const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const stack = await startStack(t)
const { ask, complete, me, upload } = walker(stack, campaign)
const db = new pg.Client({ connectionString: stack.file().databaseUrl })
await db.connect()
t.teardown(() => db.end())

const points = [8, 4, 2, 1]
// ten winners, and codes for eight of them
const LAST = 13
const CODES = 8
const voucher = { id: 'voucher', title: 'Voucher', type: 'coupon', quota: 10, pool: 'vouchers' }
const top = [
  { upTo: 1, reward: { points: 500, entitlement: 'finals' }, title: { en: 'Champion', 'zh-CN': '冠军' } },
  { upTo: 3, reward: { points: 50 }, title: 'On the podium' },
  { upTo: LAST, reward: { points: 5, prize: voucher } }
]

function definition() {
  const now = Date.now()
  const [opensAt, closesAt] = [iso(now - HOUR), iso(now + HOUR)]
  return {
    id: campaign,
    title: 'Race',
    timezone: 'Asia/Shanghai',
    opensAt,
    closesAt,
    activities: [
      ...points.map((amount) => ({ id: `task-${amount}`, kind: 'task', per: 'campaign', reward: { points: amount } })),
      {
        id: 'phone',
        kind: 'sale',
        title: 'Phone',
        price: 100,
        currency: 'CNY',
        sessions: [{ id: 'am', opensAt, closesAt, stock: 100 }]
      },
      { id: 'runners', kind: 'board', metric: 'points', top },
      { id: 'hardest', kind: 'board', metric: 'points', activity: 'task-8' },
      { id: 'buyers', kind: 'board', metric: 'units', period: 'week' },
      { id: 'spenders', kind: 'board', metric: 'amount' }
    ]
  }
}

await stack.publish(definition())
await upload(
  `/campaigns/${campaign}/pools/vouchers/codes`,
  Array.from({ length: CODES }, (_, n) => `CODE-${n}`).join('\n')
)

interface Place {
  readonly rank: number
  readonly user: string
  readonly score: number
  readonly title?: string
}

const boardOf = (name: string, more = '') => ask('nobody', `GET /v1/campaigns/${campaign}/leaderboards/${name}${more}`)
const itemsOf = async (name: string): Promise<Place[]> => (await boardOf(name, '?limit=100')).body.items ?? []
const mine = (user: string, name = 'runners', language = 'en') =>
  ask(user, `GET /v1/campaigns/${campaign}/leaderboards/${name}`, { language })

/** What decisions say, without any board: points of tasks by user, and the newest decision of each. */
async function recounted(): Promise<Array<{ user: string; score: number }>> {
  const { rows } = await db.query<{ user: string; score: number }>(
    `select d.user_id as "user", sum(l.delta)::float8 as score
     from decisions d join ledger l using (shard, epoch, sequence, user_id)
     where d.campaign_id = $1 and d.type = 'task.completed'
     group by d.user_id order by sum(l.delta) desc, max(d.at), max(array[d.epoch, d.sequence])`,
    [campaign]
  )
  return rows
}

const users = Array.from({ length: 40 }, (_, index) => `runner-${String(index).padStart(2, '0')}`)
/** Every runner does some of the tasks, so that many end with the same score. */
const runs = users.flatMap((user, index) =>
  points
    .filter((_, bit) => ((index % 16) >> bit) % 2 === 0 || bit === 3)
    .map((amount) => ({ user, task: `task-${amount}` }))
)
const total = runs.reduce((sum, { task }) => sum + Number(task.slice(5)), 0)
const mask = (user: string) => `${user[0]}***${user.at(-1)}`

/** Waits until Postgres has the points of all runs, and the board is their recount, which it must equal in order and scores. */
async function equalsRecount(total: number, what: string): Promise<Array<{ user: string; score: number }>> {
  const said = async () => JSON.stringify((await itemsOf('runners')).map(({ user, score }) => `${user} ${score}`))
  let expected = await recounted()
  const isSame = async () => {
    expected = await recounted()
    if (expected.reduce((sum, { score }) => sum + score, 0) !== total) return false
    return (await said()) === JSON.stringify(expected.map(({ user, score }) => `${mask(user)} ${score}`))
  }
  await waitFor(isSame, { what })
  return expected
}

t.test('a board without scores is empty, and says what it cannot show', async (t) => {
  t.match(await boardOf('runners'), {
    status: 200,
    body: { board: 'runners', metric: 'points', period: 'campaign', frozen: false, items: [], me: null, asOf: String }
  })
  const refusals: Array<[string, number, string]> = [
    ['nothing', 404, 'NOT_FOUND'],
    ['phone', 404, 'NOT_FOUND'],
    ['runners?limit=0', 400, 'VALIDATION'],
    ['runners?limit=101', 400, 'VALIDATION'],
    ['runners?period=2026-11-28', 400, 'VALIDATION'],
    ['buyers?period=2026-02-30', 400, 'VALIDATION'],
    ['buyers?period=campaign', 400, 'VALIDATION'],
    ['buyers?period=2001-01-01', 404, 'NOT_FOUND']
  ]
  for (const [path, status, code] of refusals) t.match(await boardOf(path), { status, body: { code } }, path)
  const wrong = await fetch(`${stack.publicUrl}/v1/campaigns/${campaign}/leaderboards/runners`, {
    headers: { authorization: 'Bearer no-token' }
  })
  t.equal(wrong.status, 401, 'a token that is wrong is refused, although none is needed')
  const anonymous = await fetch(`${stack.publicUrl}/v1/campaigns/${campaign}/leaderboards/runners`)
  t.match([anonymous.status, anonymous.headers.get('cache-control')], [200, 'public, max-age=1'])
  t.match(await complete('alice', 'runners'), { status: 404 }, 'nobody takes part in a board')
})

t.test('a crowd reaches scores while the worker is killed: the board equals a recount of the decisions', async (t) => {
  const crowd = Promise.all(runs.map(({ user, task }) => complete(user, task)))
  for (let kills = 0; kills < 2; kills += 1) {
    const pid = stack.kill('worker')
    await waitFor(() => stack.isReplaced('worker', pid), { what: 'another worker' })
  }
  const answers = await crowd
  t.same([...new Set(answers.map(({ status }) => status))], [201])
  const expected = await equalsRecount(total, 'the board to equal the decisions')
  t.equal(expected.length, users.length)
  const ties = new Set(expected.map(({ score }) => score))
  t.ok(ties.size < users.length, 'many have the same score')
  const [first, second, third, fourth] = expected
  t.match((await mine(second?.user ?? '')).body.me, {
    rank: 2,
    score: second?.score,
    title: 'On the podium',
    neighbours: [
      { rank: 1, user: mask(first?.user ?? ''), score: first?.score, title: 'Champion' },
      { rank: 3, user: mask(third?.user ?? '') },
      { rank: 4, user: mask(fourth?.user ?? '') }
    ]
  })
  t.match((await mine(first?.user ?? '', 'runners', 'zh-CN')).body.items[0], { rank: 1, title: '冠军' })
  t.equal((await mine('stranger')).body.me, null)
  t.equal((await boardOf('runners', '?limit=3')).body.items.length, 3)
  const hardest = await itemsOf('hardest')
  t.same([...new Set(hardest.map(({ score }) => score))], [8], 'a board of one activity counts no other')
})

t.test('a Redis that is wiped has the same order again, and meanwhile none', async (t) => {
  const before = await itemsOf('runners')
  const redis = new Redis(stack.file().redisUrl)
  await redis.flushall()
  redis.disconnect()
  await equalsRecount(total, 'the board to be written again')
  t.same(await itemsOf('runners'), before)
})

t.test('units and amount count what was paid, less what came back, by the day of the return', async (t) => {
  const order = async (user: string, quantity: number) => {
    const { body } = await ask(user, `POST /v1/campaigns/${campaign}/sales/phone/orders`, { body: { quantity } })
    return body.order.id as string
  }
  const change = (path: string, body: object) =>
    stack.operate({ method: 'POST', path: `/admin/v1/orders/${path}`, body })
  const pay = (id: string, amount: number) =>
    change(`${id}/payment`, { amount, currency: 'CNY', reference: `pay-${id}` })
  const [ann, ben, cem] = [await order('ann', 3), await order('ben', 2), await order('cem', 9)]
  await pay(ann, 300)
  await pay(ben, 200)
  const scores = async (name: string) => (await itemsOf(name)).map(({ score }) => score)
  await waitFor(async () => (await scores('buyers')).length === 2, { what: 'both buyers' })
  t.same(await scores('buyers'), [3, 2], 'what is not paid does not count')
  await change(`${ann}/shipment`, {})
  await change(`${ann}/return`, { quantity: 2, kind: 'return', reason: 'does not fit' })
  await pay(cem, 900)
  await stack.operate({ method: 'POST', path: `/admin/v1/orders/${cem}/cancellation`, body: { reason: 'asked for' } })
  await waitFor(async () => (await scores('spenders')).join() === '200,100', {
    what: 'the return and the cancellation'
  })
  t.same(await scores('buyers'), [2, 1])
  t.match(await boardOf('buyers'), { body: { period: /^\d{4}-\d{2}-\d{2}$/, metric: 'units' } })
})

t.test('the end of a campaign is moved: what came too late then counts, once it does not any more', async (t) => {
  const { body } = await ask('dan', `POST /v1/campaigns/${campaign}/sales/phone/orders`, { body: { quantity: 7 } })
  const move = (closesAt: number) =>
    stack.operate({
      method: 'PATCH',
      path: `/admin/v1/campaigns/${campaign}`,
      body: { reason: 'the race goes on', closesAt: iso(closesAt) }
    })
  // a machine that is slow finds this end in the past
  await waitFor(async () => (await move(Date.now() + 3000)).status === 200, { what: 'the end to be moved near' })
  const isOver = async () => (await ask('dan', `GET /v1/campaigns/${campaign}`)).body.status === 'ended'
  await waitFor(isOver, { what: 'the campaign to be over' })
  const path = `/admin/v1/orders/${body.order.id}/payment`
  const paid = { amount: 700, currency: 'CNY', reference: 'pay-dan' }
  t.equal((await stack.operate({ method: 'POST', path, body: paid })).status, 201)
  const isSkipped = async () => {
    const { rows } = await db.query("select 1 from boards where board_id = 'spenders' and skipped_from is not null")
    return rows.length === 1
  }
  await waitFor(isSkipped, { what: 'the payment to be met' })
  const scores = async () => (await itemsOf('spenders')).map(({ score }) => score).join()
  t.equal(await scores(), '200,100')
  t.equal((await move(Date.now() + HOUR)).status, 200)
  await waitFor(async () => (await scores()) === '700,200,100', { what: 'the board to be counted again' })
  await equalsRecount(total, 'the other boards to stay as they are')
})

/** As many winners as there are codes have a win; the others are owed one. */
async function isAsManyAsCodes(t: Test, winners: readonly string[]): Promise<void> {
  const wins = await Promise.all(winners.map((user) => ask(user, `GET /v1/me/wins?campaign=${campaign}`)))
  const counts = wins.map(({ body }) => body.items.length).sort()
  t.same(counts, [0, 0, ...Array.from({ length: CODES }, () => 1)])
  const { rows } = await db.query(
    `select count(*)::int as times from decisions where campaign_id = $1 and type = 'board.awarded'
       and report like '%|prize:voucher 0 0'`,
    [campaign]
  )
  t.same(rows, [{ times: winners.length - CODES }])
}

t.test(
  'settled: the disqualified are left out, each rank is rewarded once, and titles stand with their users',
  async (t) => {
    const before = await recounted()
    const [first, second, third, ...rest] = before.map(({ user }) => user)
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are too few runners')
    const disqualify = (user: string) =>
      stack.operate({
        method: 'POST',
        path: `/admin/v1/users/${user}/disqualification`,
        body: { campaign, reason: 'several accounts' }
      })
    t.equal((await disqualify(third)).status, 200)
    const end = (step: string) =>
      stack.operate({ method: 'POST', path: `/admin/v1/campaigns/${campaign}/${step}`, body: { reason: 'over' } })
    t.equal((await end('end')).status, 200)
    t.equal((await boardOf('runners')).body.frozen, false, 'it may still be looked into')
    const path = `/admin/v1/campaigns/${campaign}/settlement`
    const ask = () => stack.admin({ method: 'POST', path, body: { reason: 'over' } })
    const isAsked = async () => [200, 202].includes((await ask()).status)
    await waitFor(isAsked, { what: 'the settlement to be asked for: it may wait for the boards' })
    const pid = stack.kill('worker')
    await waitFor(() => stack.isReplaced('worker', pid), { what: 'another worker' })
    const isFrozen = async (name: string) => (await boardOf(name)).body.frozen === true
    for (const name of ['runners', 'hardest', 'buyers', 'spenders'])
      await waitFor(() => isFrozen(name), { what: `the order of ${name} to be final` })
    const isSettled = async () => (await end('settlement')).status === 200
    await waitFor(isSettled, { what: 'the settlement, once the boards are final and their rewards given' })
    const final = [first, second, ...rest]
    const shown = await itemsOf('runners')
    t.same(
      shown.map(({ rank, user }) => `${rank} ${user}`),
      final.map((user, index) => `${index + 1} ${mask(user)}`)
    )
    await disqualify(second)
    const earned = new Map(before.map(({ user, score }) => [user, score]))
    const looked = final.slice(0, LAST + 1)
    const gains = looked.map((_, index) => (index === 0 ? 500 : index < 3 ? 50 : index < LAST ? 5 : 0))
    const balance = async (user: string) => (await me(user)).balances.points - (earned.get(user) ?? 0)
    for (const [index, user] of looked.entries()) {
      if (user === second) continue
      await waitFor(async () => (await balance(user)) === gains[index], { what: `the reward of rank ${index + 1}` })
    }
    t.ok([0, 50].includes(await balance(second)), 'who is disqualified afterwards keeps the rank, and may get nothing')
    t.equal(await balance(third), 0)
    t.match(await me(first), { titles: ['Champion'], entitlements: ['finals'] })
    t.match((await me(rest[0] ?? '')).titles, ['On the podium'], 'who moved up has the title')
    t.same((await me(third)).titles, [])
    await isAsManyAsCodes(t, final.slice(3, LAST))
    const { rows } = await db.query(
      `select user_id, count(*)::int as times from decisions where campaign_id = $1 and type = 'board.awarded'
     group by user_id having count(*) > 1`,
      [campaign]
    )
    t.same(rows, [], 'once each')
    t.match((await mine(final[5] ?? '')).body.me, {
      rank: 6,
      neighbours: [{ rank: 4 }, { rank: 5 }, { rank: 7 }, { rank: 8 }]
    })
  }
)
