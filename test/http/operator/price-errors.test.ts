import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const shop = await startMallShop(t)
const { ask, admin, pool } = shop
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
const sale = (id: string) => ({
  id,
  kind: 'sale',
  title: id,
  price: 1,
  currency: 'CNY',
  payWithinSeconds: 900,
  sessions: [{ id: 'all', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 50 }]
})
await shop.publish({
  id: 'launch',
  title: 'Launch',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  activities: [sale('phone'), sale('case'), { id: 'hello', kind: 'task', per: 'day', reward: { points: 1 } }]
} as { id: string })

const buy = async (user: string, id = 'phone') => {
  const { body } = await ask(user, `POST /v1/campaigns/launch/sales/${id}/orders`, { body: { quantity: 1 } })
  return body.order?.id ?? body.code
}
const change = (order: string, action: string, body: object) =>
  admin('olga', `POST /admin/v1/orders/${order}/${action}`, { body })
const patch = (body: object) => admin('olga', 'PATCH /admin/v1/campaigns/launch/activities/phone', { body })
const affected = (query: string, by = 'vera') => admin(by, `GET /admin/v1/campaigns/launch/affected-orders?${query}`)
const cancel = (body: object, { by = 'olga', query = '', key }: { by?: string; query?: string; key?: string } = {}) =>
  admin(by, `POST /admin/v1/campaigns/launch/affected-orders/cancellation${query}`, {
    body: { reason: 'a wrong price', ...body },
    ...(key !== undefined && { key })
  })
const statusOf = async (user: string, order: string) => (await ask(user, `GET /v1/orders/${order}`)).body.status

const [open = '', paid = '', shipped = '', gone = ''] = await Promise.all(
  ['ann', 'bob', 'cid', 'dan'].map((user) => buy(user))
)
const other = await buy('ann', 'case')

t.test('a wrong price is halted, mended, and the orders that it hit are listed', async (t) => {
  for (const order of [paid, shipped])
    t.match(await change(order, 'payment', { amount: 1, currency: 'CNY', reference: `pay-${order}` }), { status: 201 })
  t.match(await change(shipped, 'shipment', {}), { status: 201 })
  t.match(await change(gone, 'cancellation', {}), { status: 201 })
  t.match(await patch({ reason: 'a wrong price', paused: true }), { status: 200 })
  await waitFor(async () => (await buy('eve')) === 'PAUSED', { what: 'the sale to be halted' })
  t.match(await patch({ reason: 'the right price', price: 299900 }), { status: 200 })
  t.match(await patch({ reason: 'go on', paused: false }), { status: 200 })
  let right = ''
  await waitFor(
    async () => {
      right = await buy('eve')
      return right !== 'PAUSED'
    },
    { what: 'the sale to go on' }
  )
  await waitFor(async () => (await affected('activity=phone&price=299900')).body.items.length === 1, {
    what: 'the new order to be stored'
  })
  t.match((await affected('activity=phone&price=299900')).body.items, [{ id: right, user: 'eve', unitPrice: 299900 }])
  const summary = (body: { summary: ReadonlyArray<Record<string, unknown>> }) =>
    body.summary.map(({ status, orders, amount }) => [status, orders, amount])
  const expected = ['accepted', 'cancelled', 'paid', 'shipped'].map((status) => [status, 1, 1])
  await waitFor(async () => isDeepStrictEqual(summary((await affected('activity=phone&price=1')).body), expected), {
    what: 'what became of the others to be stored'
  })
  const { body } = await affected('activity=phone&price=1')
  t.same(body.items.map(({ id }: { id: string }) => id).sort(), [open, paid, shipped, gone].sort())
  t.match((await affected('activity=phone&price=1&status=paid&limit=1')).body.items, [{ id: paid }])
  t.match((await affected(`activity=phone&to=${encodeURIComponent(iso(now - HOUR))}`)).body, { items: [], summary: [] })
  t.match(await affected('activity=phone&from=yesterday'), { status: 400, body: { errors: [{ pointer: '/from' }] } })
  t.match(await affected('price=1'), { status: 400 })
  t.match(await affected('activity=hello&price=1'), { status: 404 })
  t.match(await affected('activity=phone', 'counter'), { status: 403 })
})

t.test('who looks at them waits for nobody who changes the campaign', async (t) => {
  const changing = await pool.connect()
  await changing.query(
    "begin; set local idle_in_transaction_session_timeout = 0; select 1 from campaigns where campaign_id = 'launch' for update"
  )
  t.match(await affected('activity=phone&price=1'), { status: 200 })
  await changing.query('rollback')
  changing.release()
})

t.test('they are cancelled in bulk: what was shipped is named, and money is due back', async (t) => {
  const wrong = { activity: 'phone', price: 1 }
  t.match(await cancel(wrong, { by: 'vera' }), { status: 403 })
  t.match(await cancel({ activity: 'phone' }), { status: 400, body: { errors: [{ pointer: '/price' }] } })
  t.match(await cancel({ ...wrong, reason: '' }), { status: 400 })
  t.match(await cancel({ activity: 'nothing', price: 1 }), { status: 404 })
  t.match((await cancel(wrong, { query: '?dryRun=true' })).body, {
    dryRun: true,
    summary: [{ status: 'accepted', orders: 1 }, {}, {}, {}]
  })
  t.equal((await pool.query('select 1 from jobs')).rowCount, 0)
  const asked = await cancel(wrong, { key: 'cancel-wrong-price' })
  t.match(asked, { status: 202, body: { job: { id: /^cancellation-\d+$/, kind: 'cancellation', asked: wrong } } })
  const { id } = asked.body.job
  t.match((await cancel(wrong, { key: 'cancel-wrong-price' })).body.job, { id }, 'asked again, the same job')
  t.match(await cancel({ ...wrong, price: 2 }, { key: 'cancel-wrong-price' }), { status: 422 })
  const job = async () => (await admin('vera', `GET /admin/v1/jobs/${id}`)).body
  await waitFor(async () => (await job()).state === 'done', { what: 'the job to be done' })
  t.match(await job(), { done: 2, left: 0, failedCount: 0, listed: true })
  t.same(
    [
      await statusOf('ann', open),
      await statusOf('bob', paid),
      await statusOf('cid', shipped),
      await statusOf('ann', other)
    ],
    ['cancelled', 'cancelled', 'shipped', 'accepted']
  )
  t.match((await admin('vera', `GET /admin/v1/orders/${paid}`)).body, {
    refundDue: [{ amount: 1, reference: `pay-${paid}`, reason: 'a wrong price', operator: 'olga' }]
  })
  const { body } = await admin('ada', 'GET /admin/v1/audit?target=campaign:launch')
  t.match(body.items[0], { action: 'orders.cancellation', operator: 'olga', after: { job: id, price: 1 } })
  t.equal((await admin('ada', `GET /admin/v1/audit?target=order:${open}`)).body.items[0].after.job, id)
  t.match(await admin('vera', 'GET /admin/v1/jobs/cancellation-99'), { status: 404 })
  const jobs = async (query: string) => (await admin('vera', `GET /admin/v1/jobs${query}`)).body
  const listed = await jobs('?campaign=launch')
  t.match(listed.items[0], { kind: 'cancellation', campaign: 'launch', state: 'done', left: 0, failedCount: Number })
  t.notOk('failed' in listed.items[0], 'what failed stands in the job itself')
  t.same((await jobs('?state=running')).items, [], 'none is under way')
  t.same((await jobs('?campaign=elsewhere')).items, [])
  const first = await jobs('?limit=1')
  const rest = await jobs(`?cursor=${first.nextCursor ?? 1}`)
  t.same([...first.items, ...rest.items], (await jobs('')).items)
})

t.test('jobs and archives are listed together, page by page, none longer than it may be', async (t) => {
  await pool.query(
    `insert into jobs (kind, campaign_id, asked, operator, reason, request_key, asked_at, state)
     select 'cancellation', 'old', '{"activity":"phone"}', 'ada', 'r', 'old-' || n, timestamp '2026-01-01' + n * interval '1 second', 'done'
     from generate_series(1, 5) n`
  )
  await pool.query("insert into campaigns (campaign_id, author) select 'old-' || n, 'ada' from generate_series(1, 5) n")
  await pool.query(
    `insert into archives (campaign_id, sha256, reason, operator, requested_at, done_at)
     select 'old-' || n, '', 'r', 'ada', timestamp '2026-01-01' + n * interval '1 second', now() from generate_series(1, 5) n`
  )
  const jobs = async (query: string) => (await admin('vera', `GET /admin/v1/jobs?${query}`)).body
  const all = (await jobs('limit=100')).items
  t.equal(all.length, 11)
  for (const limit of [1, 2, 3, 10]) {
    const found: unknown[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: { items: unknown[]; nextCursor: string | null } = await jobs(
        `limit=${limit}${cursor && `&cursor=${cursor}`}`
      )
      t.ok(page.items.length <= limit)
      found.push(...page.items)
      cursor = page.nextCursor
    }
    t.same(found, all)
  }
  t.match(await admin('vera', 'GET /admin/v1/jobs?cursor=x'), { status: 400 })
})
