import t from 'tap'
import { expiryOf } from '../../src/campaign/actions/expiring-points.ts'
import { Catalogue } from '../../src/campaign/carrying/catalogue.ts'
import type { CampaignReport } from '../../src/export/report/report.ts'
import { PointsExpirer } from '../../src/worker/drivers/expire-points.ts'
import { middayTimezone } from '../support/midday.ts'
import { type Answer, startMallShop } from '../support/shop/mall-shop.ts'
import { waitFor } from '../support/wait.ts'

const shop = await startMallShop(t)
const { ask, admin, pool } = shop
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
const EXPIRES = now + 2 * HOUR

const definition = (id: string, units: object) => ({
  id,
  title: 'Points',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  units,
  activities: [
    { id: 'visit', kind: 'task', per: 'campaign', reward: { points: 60 } },
    { id: 'read', kind: 'task', per: 'campaign', reward: { points: 40 } },
    { id: 'cup', kind: 'redemption', title: 'Cup', cost: { points: 50 }, stock: 9 }
  ]
})
await shop.publish(definition('summer', { points: { scope: 'account', expiresAt: iso(EXPIRES) } }))
await shop.publish(definition('mall', { points: { scope: 'account' } }))

async function take(user: string, request: string, body: object = {}) {
  const answer = await ask(user, `POST /v1/campaigns/${request}`, { body })
  if (answer.status >= 300) throw new Error(`${request}: ${JSON.stringify(answer.body)}`)
}
/** An answer to a read: a busy machine refuses some, and says when to come again. */
async function readOf(ask: () => Promise<Answer>): Promise<Answer['body']> {
  let answer: Answer | undefined
  const isAnswered = async () => {
    answer = await ask()
    return answer.status === 200
  }
  await waitFor(isAnswered, { what: 'an answer', everyMs: 200 })
  return answer?.body
}
const pointsOf = async (user: string) => (await readOf(() => ask(user, 'GET /v1/campaigns/mall/me'))).balances.points
const expiringOf = async (user: string, campaign = 'mall') =>
  (await readOf(() => ask(user, `GET /v1/campaigns/${campaign}/me`))).expiring
const report = async (campaign: string) =>
  (await readOf(() => admin('vera', `GET /admin/v1/campaigns/${campaign}/report`))) as CampaignReport
const unitsOf = ({ figures }: CampaignReport) =>
  Object.fromEntries(
    figures.filter(({ id, of }) => id.startsWith('units.') && of === null).map(({ id, value }) => [id, value])
  )
const waits = async () => {
  const body = await readOf(() => admin('ada', 'POST /admin/v1/campaigns/summer/archive?dryRun=true', { body: {} }))
  return (body.waitsFor as Array<{ step: string; left: number }>).find(({ step }) => step === 'expiries')?.left
}

await t.test(
  'what a campaign gave expires as far as it was not spent, what was earned first being spent first',
  async (t) => {
    // of both shards where there are two, and one whose name is no plain one
    for (const user of ['ann', 'bob', '张三']) await take(user, 'summer/tasks/visit/completions')
    await take('ann', 'summer/tasks/read/completions')
    await take('ann', 'mall/tasks/read/completions')
    await take('cid', 'mall/tasks/visit/completions')
    await take('ann', 'mall/redemptions/cup/claims', { quantity: 1 })
    await take('cid', 'summer/redemptions/cup/claims', { quantity: 1 })
    t.equal(await waits(), 1)
    const told = { unit: 'points', at: iso(EXPIRES), campaign: 'summer' }
    t.strictSame(await expiringOf('ann'), [{ ...told, amount: 50 }], '100 of the summer less 50 that were spent')
    t.strictSame(await expiringOf('cid'), [], 'who got nothing of the summer')
    t.match(await readOf(() => admin('vera', 'GET /admin/v1/users/bob/timeline')), {
      expiring: [{ ...told, amount: 60 }]
    })
    const catalogue = new Catalogue({ pool })
    const expirer = (at: number) => new PointsExpirer({ pool, catalogue, clock: async () => at })
    t.equal(await expirer(EXPIRES).step(), 0, 'the moment has not come')
    const one = expirer(EXPIRES + 1)
    t.equal(await one.step(), 1)
    t.equal(await one.step(), 0)
    t.equal(await expirer(EXPIRES + 1).step(), 0, 'another worker finds it begun')
    t.equal((await pool.query('select 1 from jobs')).rowCount, 1)
    await waitFor(async () => (await waits()) === undefined || (await waits()) === 0, { what: 'all to expire' })
    t.equal(await pointsOf('ann'), 40, '100 of the summer less 50 that were spent expire, 40 of the mall stay')
    t.equal(await pointsOf('bob'), 0)
    t.strictSame(await expiringOf('ann'), [])
    t.equal(await pointsOf('张三'), 0)
    t.equal(await pointsOf('cid'), 10, 'who got nothing of the summer loses nothing')
    const isCounted = async () => unitsOf(await report('summer'))['units.expired'] === 170
    await waitFor(isCounted, { what: 'the report to count it' })
    t.match(unitsOf(await report('summer')), {
      'units.issued': 220,
      'units.spent': 50,
      'units.expired': 170,
      'units.outstanding': 0
    })
    const body = await readOf(() => ask('ann', 'GET /v1/me/ledger?limit=1'))
    t.match(body.items, [{ type: 'balance.expired', campaign: 'summer', unit: 'points', delta: -50 }])
    const { rows } = await pool.query(`select state, refusal from job_items`)
    t.strictSame(
      rows.map(({ state, refusal }) => `${state} ${refusal}`),
      Array(3).fill('done null')
    )
    const job = (await pool.query<{ id: number }>('select job_id as id from jobs')).rows[0]?.id
    t.match(await readOf(() => admin('vera', `GET /admin/v1/jobs/expiry-${job}`)), {
      state: 'done',
      done: 3,
      left: 0,
      failedCount: 0
    })
  }
)

await t.test('what will expire is told as it was decided, stored or not', async (t) => {
  await shop.publish({
    ...definition('winter', { stars: { scope: 'account', expiresAt: iso(EXPIRES) } }),
    activities: [
      { id: 'visit', kind: 'task', per: 'campaign', reward: { stars: 60 } },
      { id: 'cup', kind: 'redemption', title: 'Cup', cost: { stars: 50 }, stock: 9 }
    ]
  } as { readonly id: string })
  const told = { unit: 'stars', at: iso(EXPIRES), campaign: 'winter' }
  await take('eve', 'winter/tasks/visit/completions')
  const isStored = async (entries: number) =>
    (await pool.query(`select from ledger where user_id = 'eve' and unit = 'stars'`)).rowCount === entries
  await waitFor(() => isStored(1), { what: 'the stars to be stored' })
  await shop.stopWorker()
  await take('eve', 'winter/redemptions/cup/claims', { quantity: 1 })
  t.strictSame(await expiringOf('eve', 'winter'), [{ ...told, amount: 10 }])
  t.ok(await isStored(1), 'Postgres does not know that they were spent')
  t.strictSame(await expiringOf('eve'), [], 'another campaign knows no stars')
  shop.startWorker()
  await waitFor(() => isStored(2), { what: 'the claim to be stored' })
  t.strictSame(await expiringOf('eve', 'winter'), [{ ...told, amount: 10 }])
})

await t.test('what expires is counted under the opening that Postgres knows', async (t) => {
  await take('dan', 'summer/tasks/visit/completions')
  const job = { id: 0, campaign: 'summer', kind: 'expiry', asked: { unit: 'points', at: EXPIRES } } as const
  const counted = () =>
    expiryOf(
      pool,
      {
        ...job,
        operator: '',
        reason: '',
        intent: null,
        state: 'working',
        marks: null,
        askedAt: new Date(),
        doneAt: null
      },
      'dan'
    )
  await waitFor(async () => (await counted()) !== undefined, { what: 'the points to be stored' })
  const { rows } = await pool.query(
    `select s.epoch::float8 as opening from shards s where shard = (select shard from ledger where user_id = 'dan' limit 1)`
  )
  t.match(await counted(), {
    amount: 60,
    opening: rows[0]?.opening,
    hash: `expiry:summer:points:${EXPIRES}`
  })
})

await t.test('a worker that died before it noted what it did takes nothing twice', async (t) => {
  const spent = async () =>
    Number((await pool.query(`select sum(delta) from ledger where type = 'balance.expired'`)).rows[0]?.sum)
  const before = await spent()
  // the items first: a job of which nothing is due is closed at once
  await pool.query(`update job_items set state = 'due', next_attempt_at = now()`)
  await pool.query(`update jobs set state = 'working', done_at = null`)
  await waitFor(async () => (await pool.query(`select 1 from jobs where state = 'done'`)).rowCount === 1, {
    what: 'the job'
  })
  t.equal(await spent(), before)
  t.equal(await pointsOf('ann'), 40)
})

await t.test('who has a gift taken back that has expired keeps what others gave', async (t) => {
  const { activities } = definition('autumn', {})
  const prizes = [
    { id: 'most', tier: 1, title: '60', type: 'points', quota: null, weight: 1, reward: { points: 60 } },
    { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
  ]
  const wheel = { id: 'wheel', kind: 'draw', title: 'Wheel', chances: { daily: 1 }, fallback: 'thanks', prizes }
  await shop.publish({
    ...definition('autumn', { points: { scope: 'account', expiresAt: iso(EXPIRES) } }),
    activities: [...activities, wheel]
  } as { readonly id: string })
  for (const user of ['gus', 'hal']) {
    await take(user, 'autumn/draws/wheel/spins')
    await take(user, 'autumn/tasks/read/completions')
    await take(user, 'mall/tasks/visit/completions')
    await take(user, 'mall/redemptions/cup/claims', { quantity: 1 })
  }
  const catalogue = new Catalogue({ pool })
  await new PointsExpirer({ pool, catalogue, clock: async () => EXPIRES + 1 }).step()
  const isLeft = async (user: string, points: number) => (await pointsOf(user)) === points
  for (const user of ['gus', 'hal']) {
    await waitFor(() => isLeft(user, 60), { what: 'what is left of 100 less 50 to expire' })
  }
  const [win] = (await readOf(() => ask('gus', 'GET /v1/me/wins'))).items
  const reason = 'a bot'
  t.match(await admin('olga', `POST /admin/v1/wins/${win.id}/revocation`, { body: { reason } }), { status: 201 })
  t.equal(await pointsOf('gus'), 50, '60 were given, of which 50 have expired')
  const body = { campaign: 'autumn', reason, revokeWins: true, revokeRewards: true }
  t.match(await admin('olga', 'POST /admin/v1/users/hal/disqualification', { body }), { status: 200 })
  const isExcluded = async () =>
    (await pool.query(`select from jobs where kind = 'disqualification' and state = 'done'`)).rowCount === 1
  await waitFor(isExcluded, { what: 'all of it to be taken back' })
  t.equal(await pointsOf('hal'), 10, '100 were given, of which 50 have expired')
})

await t.test('only units of the account expire, at a moment after the end, as it was published', async (t) => {
  const wrong = {
    points: { scope: 'account', expiresAt: iso(now) },
    stars: { scope: 'campaign', expiresAt: iso(EXPIRES) }
  }
  t.match(await admin('ada', 'PUT /admin/v1/campaigns/wrong', { body: definition('wrong', wrong) }), {
    status: 400,
    body: { errors: [{ pointer: '/units/points/expiresAt' }, { pointer: '/units/stars/expiresAt' }] }
  })
  const later = definition('mall', { points: { scope: 'account', expiresAt: iso(EXPIRES) } })
  const answers = [await admin('ada', 'PUT /admin/v1/campaigns/mall', { body: later })]
  const { version } = answers[0]?.body ?? {}
  for (const [operator, step] of [
    ['ada', 'submission'],
    ['ben', 'approval'],
    ['ben', 'publication']
  ] as const) {
    answers.push(await admin(operator, `POST /admin/v1/campaigns/mall/${step}`, { body: { version } }))
  }
  const body = { reason: 'a longer summer', closesAt: iso(EXPIRES + 1) }
  t.match(
    await admin('ada', 'PATCH /admin/v1/campaigns/summer', { body }),
    { status: 400, body: { errors: [{ pointer: '/closesAt', detail: /when points of the campaign expire/ }] } },
    'what is given after it would never expire'
  )
  const said = answers.find(({ status }) => status >= 400)
  t.match(said?.body, { errors: [{ pointer: '/units', detail: /expiry of points/ }] })
})

await t.test('what a Postgres that went back does not know is begun again, and takes nothing twice', async (t) => {
  const before = await pointsOf('hal')
  const catalogue = new Catalogue({ pool })
  let time = 0
  const expirer = new PointsExpirer({ pool, catalogue, clock: async () => EXPIRES + 1, now: () => time })
  await expirer.step()
  const all = (await pool.query(`select from jobs where kind = 'expiry'`)).rowCount
  await pool.query(`delete from job_items using jobs j where j.job_id = job_items.job_id and j.kind = 'expiry'`)
  await pool.query(`delete from jobs where kind = 'expiry'`)
  t.equal(await expirer.step(), 0, 'believed for a while, so that Postgres is not asked each second')
  time = 60_000
  t.equal(await expirer.step(), all)
  const isDone = async () =>
    (await pool.query(`select from jobs where kind = 'expiry' and state = 'done'`)).rowCount === all
  await waitFor(isDone, { what: 'all to be done again' })
  t.equal(await pointsOf('hal'), before)
})
