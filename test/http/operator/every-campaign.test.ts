import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const { admin, adminApp, publish, unpublished, stopWorker, startWorker } = await startMallShop(t)
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
const campaign = (id: string, opensInHours = -1) => {
  const window = { opensAt: iso(now + opensInHours * HOUR), closesAt: iso(now + 2 * HOUR) }
  const sale = { id: 'phone', kind: 'sale', title: 'Phone', price: 1, currency: 'CNY', payWithinSeconds: 900 }
  const activities = [{ ...sale, sessions: [{ id: 'all', ...window, stock: 50 }] }]
  return { id, title: id, timezone: middayTimezone, ...window, activities }
}
const reason = 'the payment provider is away'
const notice = { en: 'Back at ten' }
const states = async () => {
  const { items } = (await admin('vera', 'GET /admin/v1/campaigns?limit=100')).body
  return Object.fromEntries(items.map(({ id, state }: { id: string; state: string }) => [id, state]))
}
const outcomes = (body: { campaigns: Array<{ id: string; outcome: string }> }) =>
  body.campaigns.map(({ id, outcome }) => `${id} ${outcome}`)

/** Asks again under the same key while the gate has not carried all of it out. */
async function until200(by: string, step: string, asked: { body: object; key: string }) {
  let answer = await admin(by, `POST /admin/v1/${step}`, asked)
  await waitFor(
    async () => {
      if (answer.status === 202) answer = await admin(by, `POST /admin/v1/${step}`, asked)
      return answer.status !== 202
    },
    { what: `${step} to be carried out` }
  )
  return answer
}

for (const id of ['first', 'halted', 'over', 'second']) await publish(campaign(id))
await publish(campaign('tomorrow', 1))
await admin('ada', 'PUT /admin/v1/campaigns/draft', { body: campaign('draft') })
await admin('olga', 'POST /admin/v1/campaigns/halted/pause', { body: { reason: 'a stocktaking' } })
await admin('olga', 'POST /admin/v1/campaigns/over/end', { body: { reason: 'sold' } })
const before = await states()

t.test('one request pauses all that are not over, and the same one again tells what it did', async (t) => {
  const asked = { body: { reason, notice }, key: 'stop-all-of-it' }
  const paused = await until200('olga', 'pause', asked)
  t.equal(paused.status, 200)
  t.same(outcomes(paused.body), ['first confirmed', 'second confirmed', 'tomorrow confirmed'])
  const expected = { ...before, first: 'paused', second: 'paused', tomorrow: 'paused' }
  t.same(await states(), expected)
  t.same((await admin('olga', 'POST /admin/v1/pause', asked)).body, paused.body)
  t.match(await admin('vera', 'GET /admin/v1/campaigns/first'), { body: { notice, pausedWithAll: true } })
  t.match(await admin('vera', 'GET /admin/v1/campaigns/halted'), { body: { notice: null, pausedWithAll: false } })
  t.match(await admin('vera', 'GET /admin/v1/audit?target=campaign:second&limit=1'), {
    body: { items: [{ action: 'campaign.paused', operator: 'olga', reason }] }
  })
  t.same(
    (await admin('ben', 'POST /admin/v1/pause', { body: { reason } })).body.campaigns,
    [],
    'nothing is left to pause'
  )
})

t.test('a resumption is about those alone that it paused, and nobody since', async (t) => {
  await admin('olga', 'POST /admin/v1/campaigns/second/resumption', { body: {} })
  await admin('olga', 'POST /admin/v1/campaigns/second/pause', { body: { reason: 'its price is wrong' } })
  const resumed = await until200('ben', 'resumption', { body: {}, key: 'go-on-with-all' })
  t.equal(resumed.status, 200)
  t.same(outcomes(resumed.body), ['first confirmed', 'tomorrow confirmed'])
  t.same(await states(), { ...before, second: 'paused' })
  t.match(await admin('vera', 'GET /admin/v1/campaigns/first'), { body: { notice: null, pausedWithAll: false } })
  t.same((await admin('ben', 'POST /admin/v1/resumption', { body: {} })).body.campaigns, [])
  await admin('olga', 'POST /admin/v1/campaigns/second/resumption', { body: {} })
})

t.test('what is paused alone while everything is does not go on with everything', async (t) => {
  await until200('olga', 'pause', { body: { reason }, key: 'stop-all-again' })
  const own = { body: { reason: 'its price is wrong' } }
  t.match(await admin('olga', 'POST /admin/v1/campaigns/second/pause', own), {
    status: 200,
    body: { campaign: { state: 'paused', pausedWithAll: false } }
  })
  t.match(await admin('vera', 'GET /admin/v1/audit?target=campaign:second&limit=1'), {
    body: { items: [{ action: 'campaign.paused', reason: 'its price is wrong', after: { pausedWithAll: false } }] }
  })
  const resumed = await until200('ben', 'resumption', { body: {}, key: 'go-on-again' })
  t.same(outcomes(resumed.body), ['first confirmed', 'tomorrow confirmed'])
  t.match(await states(), { first: 'running', second: 'paused' })
  await admin('olga', 'POST /admin/v1/campaigns/second/resumption', { body: {} })
})

t.test('what is not journaled yet is pending, and known under the same key', async (t) => {
  const ask = (step: string) =>
    adminApp.inject({
      method: 'POST',
      url: `/admin/v1/${step}`,
      headers: { authorization: 'Bearer token-of-olga', 'idempotency-key': `late-${step}-of-all` },
      payload: { reason }
    })
  for (const [step, state] of Object.entries({ pause: 'paused', resumption: 'running' })) {
    // so that nobody publishes in its place
    await stopWorker()
    const late = await unpublished(() => ask(step))
    startWorker()
    t.equal(late.statusCode, 202)
    t.match(late.json(), { outcome: 'pending', retryAfterMs: 1000 })
    t.ok(outcomes(late.json()).some((outcome) => outcome.endsWith(' pending')))
    let done = late
    await waitFor(
      async () => {
        done = await ask(step)
        return done.statusCode === 200
      },
      { what: 'all of them to be journaled' }
    )
    t.same(outcomes(done.json()), ['first confirmed', 'second confirmed', 'tomorrow confirmed'])
    t.match(await states(), { first: state, second: state, halted: 'paused' })
  }
})

t.test('it needs an operator, and a pause a reason', async (t) => {
  for (const step of ['pause', 'resumption']) {
    t.match(await admin('vera', `POST /admin/v1/${step}`, { body: { reason } }), { status: 403 })
    t.match(await admin('olga', `POST /admin/v1/${step}?dryRun=true`, { body: { reason } }), { status: 400 })
    t.match(await admin('olga', `POST /admin/v1/${step}`, { body: { reason, all: true } }), { status: 400 })
  }
  t.match(await admin('olga', 'POST /admin/v1/pause', { body: {} }), {
    status: 400,
    body: { errors: [{ pointer: '/reason' }] }
  })
  t.match(await admin('olga', 'POST /admin/v1/pause', { body: { reason, notice: { fr: 'non' } } }), { status: 400 })
})
