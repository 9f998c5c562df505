import t from 'tap'
import { forgetOldAnswers } from '../../../src/store/operators/admin-requests.ts'
import { openDefinition } from '../../campaign/at-the-gate.ts'
import { type Answer, startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const { admin, ask, pool, publish } = await startMallShop(t)
const definition = openDefinition('shop') as { id: string }
await publish(definition)

const shop = '/admin/v1/campaigns/shop'
const phone = `PATCH ${shop}/activities/phone`

const operate = (who: string, request: string, body?: object) => admin(who, request, body === undefined ? {} : { body })

const stockOf = async () => (await admin('vera', `GET ${shop}/state`)).body.activities[0].total as number

async function orderOf(user: string): Promise<string> {
  const bought = await ask(user, 'POST /v1/campaigns/shop/sales/phone/orders', { body: { quantity: 1 } })
  return bought.body.order.id
}

const pay = (order: string, key: string, reference: string) =>
  admin('olga', `POST /admin/v1/orders/${order}/payment`, {
    key,
    body: { amount: 299900, currency: 'CNY', reference }
  })

t.test('every change needs an idempotency key', async (t) => {
  const order = await orderOf('alice')
  for (const request of [
    `PUT ${shop}`,
    `POST ${shop}/submission`,
    `POST ${shop}/approval`,
    `POST ${shop}/publication`,
    `POST ${shop}/pause`,
    `POST ${shop}/resumption`,
    `POST ${shop}/end`,
    `POST ${shop}/settlement`,
    `PATCH ${shop}`,
    phone,
    `POST ${shop}/reconciliation`,
    `POST ${shop}/reconciliation/repair`,
    `POST /admin/v1/orders/${order}/payment`,
    `POST /admin/v1/orders/${order}/cancellation`,
    `POST /admin/v1/orders/${order}/shipment`,
    `POST /admin/v1/orders/${order}/return`,
    'POST /admin/v1/wins/0-1-1/revocation',
    'POST /admin/v1/users/alice/disqualification',
    'POST /admin/v1/users/alice/grants'
  ]) {
    const answer = await admin('ada', request, { key: '', body: { reason: 'no key' } })
    t.match(answer, { status: 400, body: { code: 'IDEMPOTENCY_KEY_REQUIRED' } }, request)
  }
  for (const path of [`${shop}/pools/p/codes`, `${shop}/grants?reason=x`, '/admin/v1/units/points/imports']) {
    const answer = await admin('ada', `POST ${path}`, { key: '', body: 'x', type: 'text/csv' })
    t.match(answer, { status: 400, body: { code: 'IDEMPOTENCY_KEY_REQUIRED' } }, path)
  }
  const progress = await admin('counter', 'POST /service/v1/campaigns/shop/tasks/t/progress', { key: '', body: {} })
  t.equal(progress.body.code, 'IDEMPOTENCY_KEY_REQUIRED')
  const dry = await admin('olga', `PUT ${shop}?dryRun=true`, { key: '', body: definition })
  t.equal(dry.status, 200, 'a dry run needs none')
  t.match(await admin('olga', `POST ${shop}/pause?dryRun=true`, { body: { reason: 'x' } }), {
    status: 400,
    body: { errors: [{ pointer: '/dryRun', detail: /no dry run/ }] }
  })
  t.match((await admin('vera', `GET ${shop}`)).body, { paused: false, version: 1 }, 'nothing was done')
})

t.test('a repeated request is carried out once and answered the same, another under its key is refused', async (t) => {
  const before = await stockOf()
  const more = (addStock: number, operator = 'olga') =>
    admin(operator, phone, { key: 'more-stock-1', body: { reason: 'more', addStock } })
  const first = await more(3)
  t.match(first, { status: 200, body: { stock: [{ applied: 3 }] } })
  const again = await more(3)
  t.match([again.status, again.body], [200, first.body])
  t.match(again.headers, { 'idempotent-replayed': 'true', etag: first.headers.etag })
  t.match(await more(4), { status: 422, body: { code: 'KEY_REUSED' } })
  t.equal(await stockOf(), before + 3)
  t.equal((await more(1, 'ada')).status, 200, "a key is the operator's own")
  t.equal(await stockOf(), before + 4)
  // a process that died before it could keep its answer
  await pool.query(
    "update admin_requests set status = null, body = null, claimed_until = now() where operator = 'olga'"
  )
  t.match((await more(3)).body, { eventId: first.body.eventId, stock: [{ applied: 3 }] })
  t.equal(await stockOf(), before + 4)
})

t.test('a key belongs to one order, one campaign, one version', async (t) => {
  const [one, two] = [await orderOf('bob'), await orderOf('carol')]
  t.match(await pay(one, 'payment-0001', 'pay-1'), { status: 201, body: { order: { status: 'paid' } } })
  t.match(await pay(two, 'payment-0001', 'pay-2'), { status: 422, body: { code: 'KEY_REUSED' } })
  t.match((await admin('vera', `GET /admin/v1/orders/${two}`)).body, { status: 'accepted' })
  t.match(await pay(one, 'payment-0001', 'pay-1'), { status: 201, headers: { 'idempotent-replayed': 'true' } })

  const save = (key: string) => admin('ada', `PUT ${shop}`, { key, body: definition })
  const saved = await save('a-version-1')
  t.match(saved.body, { version: 2 })
  t.same((await save('a-version-1')).body, saved.body)
  t.match((await save('a-version-2')).body, { version: 3 })
  const together = await Promise.all([1, 2, 3].map(() => save('a-version-3')))
  t.same(
    together.map(({ status, body }) => [status, body.version]),
    [1, 2, 3].map(() => [200, 4]),
    'asked at once, saved once'
  )
})

t.test('a refusal binds nobody: its key is free', async (t) => {
  const resume = (body: object): Promise<Answer> => admin('olga', `POST ${shop}/pause`, { key: 'a-refusal', body })
  t.equal((await resume({})).status, 400)
  t.equal((await resume({ reason: 'a test' })).status, 200)
  t.equal((await resume({ reason: 'another' })).status, 422)
})

t.test('a key belongs to one uploaded file', async (t) => {
  const load = (file: string) =>
    admin('ada', 'POST /admin/v1/units/points/imports', {
      key: 'a-file-1',
      body: file,
      type: 'text/csv'
    })
  const first = await load('ivan,100,i-1\n')
  t.match(first, { status: 200, body: { accepted: 1, duplicates: 0 } })
  t.same((await load('ivan,100,i-1\n')).body, first.body)
  t.match(await load('ivan,100,i-1\nivan,5,i-2\n'), { status: 422, body: { code: 'KEY_REUSED' } })
  t.match(await load('ivan,1'), { status: 422 })
})

t.test('a review is of the version that was read, never by an author since the last approval', async (t) => {
  const path = '/admin/v1/campaigns/read'
  const save = (who: string) => operate(who, `PUT ${path}`, openDefinition('read'))
  const step = (who: string, name: string, body: object) => operate(who, `POST ${path}/${name}`, body)
  await save('olga')
  for (const name of ['submission', 'approval', 'publication', 'rejection']) {
    const refused = await step('ben', name, { reason: 'no version' })
    t.match(refused, { status: 400, body: { errors: [{ pointer: '/version' }] } }, name)
  }
  await step('olga', 'submission', { version: 1 })
  await save('ben')
  t.match(await step('olga', 'submission', { version: 1 }), { status: 409, body: { code: 'CONFLICT', version: 2 } })
  await step('olga', 'submission', { version: 2 })
  t.match(await step('ada', 'approval', { version: 1 }), { status: 409, body: { code: 'CONFLICT', version: 2 } })
  await save('olga')
  await step('olga', 'submission', { version: 3 })
  t.match(
    await step('ben', 'approval', { version: 3 }),
    { status: 409, body: { detail: /ben wrote version 2; another operator/ } },
    'a letter of theirs stands in what they would approve'
  )
  t.match(await step('ada', 'approval', { version: 3 }), { status: 200, body: { state: 'approved' } })
  t.match(await step('ada', 'publication', { version: 2 }), { status: 409, body: { code: 'CONFLICT', version: 3 } })
  t.match(await step('ada', 'publication', { version: 3 }), { status: 200 })
  await save('olga')
  await step('olga', 'submission', { version: 4 })
  t.match(await step('ben', 'approval', { version: 4 }), { status: 200 }, 'what was approved is over')
})

t.test('a reviewer rejects with a reason, and it is a draft again', async (t) => {
  const path = '/admin/v1/campaigns/weak'
  const reject = (who: string, body: object) => operate(who, `POST ${path}/rejection`, body)
  await operate('olga', `PUT ${path}`, openDefinition('weak'))
  t.match(await reject('ben', { version: 1, reason: 'early' }), { status: 409, body: { detail: /is draft/ } })
  await operate('olga', `POST ${path}/submission`, { version: 1 })
  t.match(await reject('ben', { version: 1 }), { status: 400, body: { errors: [{ pointer: '/reason' }] } })
  t.match(await reject('olga', { version: 1, reason: 'x' }), { status: 403 })
  t.match(await reject('ben', { version: 2, reason: 'x' }), { status: 409, body: { version: 1 } })
  const body = { state: 'draft', submittedBy: null, approvedBy: null }
  t.match(await reject('ben', { version: 1, reason: 'the price is wrong' }), { status: 200, body })
  t.match(await operate('vera', 'GET /admin/v1/audit?target=campaign:weak&limit=1'), {
    body: { items: [{ action: 'campaign.rejected', operator: 'ben', reason: 'the price is wrong' }] }
  })
  await operate('olga', `POST ${path}/submission`, { version: 1 })
  await operate('ben', `POST ${path}/approval`, { version: 1 })
  t.match(await reject('ada', { version: 1, reason: 'a second look' }), { status: 200, body }, 'an approved one too')
  t.match(await operate('ben', `POST ${path}/publication`, { version: 1 }), { status: 409 })
})

// the last one: it has the shard opened again
t.test('a key is used for good, also when its answer is not kept any more', async (t) => {
  const flag = (name: string, key: string) => admin('olga', `POST ${shop}/${name}`, { key, body: { reason: 'a test' } })
  t.match(await flag('resumption', 'a-resumption-1'), { status: 200 })
  t.match(await flag('pause', 'a-pause-1'), { status: 200 })
  t.match(await flag('resumption', 'a-resumption-2'), { status: 200 })
  t.equal(await forgetOldAnswers(pool, 3600), 0, 'what is young stays')
  t.ok((await forgetOldAnswers(pool, 0)) > 0)
  t.equal(await forgetOldAnswers(pool, 0), 0)
  const [key] = (await pool.query("select * from admin_requests where key = 'a-pause-1'")).rows
  t.match(key, { status: 200, body: '', etag: null })
  const used = { status: 422, body: { code: 'KEY_REUSED', detail: /was used at 20\d\d-/ } }
  t.match(await flag('pause', 'a-pause-1'), used)
  t.match(await flag('resumption', 'a-pause-1'), { status: 422, body: { code: 'KEY_REUSED' } })

  const forget = () => pool.query('delete from admin_requests')
  const repair = () =>
    admin('olga', `POST ${shop}/reconciliation/repair`, { key: 'a-repair-1', body: { reason: 'a test' } })
  const compare = () => admin('olga', `POST ${shop}/reconciliation`, { key: 'a-comparison-1', body: {} })
  await waitFor(async () => (await compare()).status === 200, { what: 'the comparison' })
  t.match(await repair(), { status: 202 })
  await forget()
  t.match(await flag('pause', 'a-pause-1'), used, 'of a request that an earlier version has forgotten')
  t.match(await flag('pause', 'a-pause-1'), used)
  t.match(await compare(), { status: 422 })
  t.match(await repair(), { status: 422 })
  t.match((await admin('vera', `GET ${shop}`)).body, { paused: false })
})
