import pg from 'pg'
import t from 'tap'
import { orderId, Shop } from '../support/http/storefront.ts'
import { assertEvents } from '../support/judging/assert-events.ts'
import { readEvents } from '../support/judging/evidence.ts'
import { startStack } from '../support/servers/stack.ts'
import { openSession, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

// Two gateway processes: each must follow changes that the other one was asked for.
const stack = await startStack(t, { env: { GATEWAY_PROCESSES: '2' } })
const shop = new Shop(stack)
const pool = new pg.Pool({ connectionString: stack.file().databaseUrl, max: 2 })
t.teardown(() => pool.end())

const statusOf = async (id: string, user: string) => (await shop.ask(`/v1/orders/${id}`, { user })).body.status
const session = async (campaign: string, sale = 'phone') => {
  const { body } = await shop.operate('GET', `/campaigns/${campaign}/state`)
  const activities = body.activities as Array<{ id: string; sessions: Array<Record<string, number>> }>
  return activities.find(({ id }) => id === sale)?.sessions[0]
}

/** A campaign with one sale `phone`, changed by `more` where the definition says otherwise. */
function definition(id: string, stock: number, more: { sale?: object; campaign?: object } = {}) {
  const base = saleDefinition({ id, sales: { phone: { sessions: [openSession(stock)] } } }) as {
    id: string
    activities: object[]
  }
  return { ...base, ...more.campaign, activities: [{ ...base.activities[0], ...more.sale }] }
}

/** An order that nobody pays: the first test sees it held, the last one sees it expire. */
let unpaid = ''

t.test('as long as an order may be paid nobody else gets its unit', async (t) => {
  await stack.publish(definition('brief', 1, { sale: { payWithinSeconds: 10, unitsPerUser: 1 } }))
  unpaid = orderId(await shop.buy('brief/phone', 'bob'))
  t.match(await shop.buy('brief/phone', 'carol'), { status: 409, body: { code: 'SOLD_OUT', mayReopen: true } })
})

/** The order that the first tests go through. */
let life = ''
const changeLife = (action: string, body: object) => shop.operate('POST', `/orders/${life}/${action}`, body)

t.test('an order is accepted, paid and shipped, and its buyer sees where it is', async (t) => {
  await stack.publish(
    definition('life', 10, {
      sale: { payWithinSeconds: 900, shipWithin: { businessDays: 7, from: 'campaignEnd' } },
      campaign: { policies: { returnRestocks: true } }
    })
  )
  const bought = await shop.buy('life/phone', 'alice', { quantity: 2 })
  const id = orderId(bought)
  life = id
  t.match(bought.body, { outcome: 'confirmed', eventId: id, order: { position: 1, status: 'accepted', quantity: 2 } })
  const order = bought.body.order as Record<string, string>
  t.equal(Date.parse(order.payBy ?? '') - Date.parse(order.acceptedAt ?? ''), 900_000)
  t.match(order.shipBy, /T15:59:59\.999Z$/, 'the end of a local day in Shanghai')
  t.match((await shop.ask('/v1/me/orders?campaign=life', { user: 'alice' })).body, {
    items: [{ id }],
    nextCursor: null
  })

  const change = changeLife
  const paid = { amount: 2 * 299900, currency: 'CNY', reference: 'bank-7' }
  t.match(await change('payment', { ...paid, amount: 299900 }), { status: 409, body: { code: 'CONFLICT' } })
  t.match(await change('payment', { ...paid, currency: 'EUR' }), { status: 409, body: { code: 'CONFLICT' } })
  const [first, second] = await Promise.all([change('payment', paid), change('payment', paid)])
  t.same([first?.status, second?.status], [201, 201], 'a payment told twice counts once')
  t.match(await session('life'), { total: 10, remaining: 8, held: 0, paid: 2 })
  const parcel = { carrier: 'SF', trackingNumber: 'SF-1' }
  t.match(await change('shipment', { ...parcel, state: 'in-transit' }), { status: 201 })
  t.match(await change('shipment', { state: 'delivered' }), { status: 201 })
  t.match(await change('shipment', { state: 'delivered' }), { status: 409, body: { orderStatus: 'shipped' } })
  t.match((await shop.ask(`/v1/orders/${id}`, { user: 'alice' })).body, {
    status: 'shipped',
    shipment: { ...parcel, state: 'delivered' }
  })
  const again = await shop.ask(`/v1/requests/${String(bought.body.requestId)}`, { user: 'alice' })
  t.match(again.body, { order: { status: 'accepted' } }, 'a key answers as first decided')
})

t.test('units come back one by one, and no more money than was paid', async (t) => {
  const change = changeLife
  const dent = { quantity: 1, reason: 'dent' }
  t.match(await change('return', { ...dent, kind: 'exchange' }), {
    status: 201,
    body: { order: { status: 'shipped' } }
  })
  t.match(await change('return', { ...dent, kind: 'return', refund: 299900 }), {
    status: 201,
    body: { order: { status: 'shipped' }, refundDue: { amount: 299900, currency: 'CNY', reference: 'bank-7' } }
  })
  t.match(await session('life'), { total: 10, remaining: 9, held: 0, paid: 1 })
  t.match(await change('return', { ...dent, quantity: 2 }), { status: 409, body: { reason: 'quantity', most: 1 } })
  t.match(await change('return', { ...dent, refund: 299901 }), {
    status: 409,
    body: { reason: 'refund', most: { amount: 299900, currency: 'CNY' } }
  })
  t.match(await change('return', dent), { status: 201, body: { order: { status: 'returned' } } })
  t.match(await change('return', dent), { status: 409, body: { orderStatus: 'returned' } })
  t.match(await session('life'), { total: 10, remaining: 10, held: 0, paid: 0 })
  t.match((await shop.ask(`/v1/orders/${life}`, { user: 'alice' })).body, {
    status: 'returned',
    returned: 2,
    refundDue: 599800
  })
  const seen = async () => (await shop.operate('GET', `/orders/${life}`)).body
  const parts = async (name: string) => ((await seen())[name] ?? []) as Array<Record<string, unknown>>
  await waitFor(async () => (await parts('returns')).length === 3, { what: 'the returns in the history' })
  t.match(await seen(), {
    payments: [{ amount: 599800, currency: 'CNY', reference: 'bank-7', accepted: true }],
    shipments: [{ carrier: 'SF', state: 'in-transit' }, { state: 'delivered' }],
    returns: [
      { kind: 'exchange', returned: 0, refund: null },
      { returned: 1, refund: { amount: 299900 } },
      { returned: 2 }
    ],
    refundDue: [{ amount: 299900, reference: 'bank-7' }, { amount: 299900 }]
  })
})

t.test('each step of an order is an event, and so is money that is due back', async (t) => {
  const types = 'accepted paid shipped shipped returned returned refund-due returned refund-due'.split(' ')
  const told = async () =>
    (await readEvents(stack.places(), 'life')).filter(({ subject }) => subject.includes('.order.'))
  await waitFor(async () => (await told()).length >= types.length, { what: 'all events' })
  const events = (await told()).map(({ messageId, event }) => ({ messageId, ...event })) as Array<
    Record<string, unknown>
  >
  t.same(
    events.map(({ type }) => type),
    types.map((type) => `floodgate.order.${type}`)
  )
  t.match(
    events,
    [1, 2, 3, 4, 5, 6, 6, 7, 7].map((entityVersion) => ({
      subject: life,
      partitionkey: 'alice',
      data: { entityVersion }
    }))
  )
  t.match(events.at(-1), { data: { amount: 299900, currency: 'CNY', reference: 'bank-7', cause: 'return' } })
  t.ok(events.every((event) => event.id === event.messageId))
  t.equal(new Set(events.map((event) => event.id)).size, types.length)
})

t.test('one payment is for one order, and what is paid twice or cancelled afterwards is due back', async (t) => {
  await stack.publish(definition('double', 10, { campaign: { policies: { cancellable: 'unshipped' } } }))
  const [first, second] = await Promise.all(
    ['jan', 'kim'].map(async (user) => orderId(await shop.buy('double/phone', user)))
  )
  const change = (id: string | undefined, action: string, body: object) =>
    shop.operate('POST', `/orders/${id}/${action}`, body)
  const paid = { amount: 299900, currency: 'CNY', reference: 'one; "and" %only'.replaceAll(' ', '_') }
  const wrong = await change(second, 'payment', { ...paid, amount: 1 })
  t.match(wrong, { status: 409, body: { reason: 'amount' } }, 'told for the wrong order, and nothing stands')
  t.equal((await change(first, 'payment', paid)).status, 201)
  t.match(await change(second, 'payment', paid), {
    status: 409,
    body: { code: 'CONFLICT', reason: 'reference', order: first }
  })
  t.equal(await statusOf(second ?? '', 'kim'), 'accepted')
  const again = { ...paid, reference: 'again' }
  t.match(await change(first, 'payment', again), {
    status: 409,
    body: { code: 'NOT_PAYABLE', orderStatus: 'paid', refundDue: again }
  })
  t.match(await change(second, 'payment', again), { status: 409, body: { reason: 'reference', order: first } })
  const cancel = { method: 'POST', user: 'jan', key: 'jan-cancels', body: {} } as const
  const cancelled = await shop.ask(`/v1/orders/${first}/cancellation`, cancel)
  t.match(cancelled, { status: 201, body: { refundDue: paid } })
  t.same(
    (await shop.ask('/v1/requests/jan-cancels', { user: 'jan' })).body,
    cancelled.body,
    'whichever way it is asked'
  )
  const due = async () => {
    const events = await readEvents(stack.places(), 'double')
    return events.filter(({ subject }) => subject.endsWith('.order.refund-due')).map(({ event }) => event)
  }
  await waitFor(async () => (await due()).length === 2, { what: 'both events' })
  t.match(await due(), [
    { subject: first, data: { ...again, cause: 'payment', status: 'paid' } },
    { subject: first, data: { ...paid, cause: 'cancellation', status: 'cancelled' } }
  ])
})

t.test('a cancelled order gives its unit to the next, and twice is once', async (t) => {
  await stack.publish(definition('regret', 1))
  const id = orderId(await shop.buy('regret/phone', 'dora'))
  const cancel = (key: string) =>
    shop.ask(`/v1/orders/${id}/cancellation`, { method: 'POST', user: 'dora', key, body: {} })
  const [once, again, other] = await Promise.all([cancel('dora-key-1'), cancel('dora-key-1'), cancel('dora-key-2')])
  // three connections: either key may be decided first, and then its answers are the same
  const [won, lost] = once.status === 201 ? [[once, again], [other]] : [[other], [once, again]]
  for (const { status, body } of won) {
    t.equal(status, 201)
    t.same(body, won[0]?.body)
  }
  for (const answer of lost) {
    t.match(answer, { status: 409, body: { code: 'NOT_CANCELLABLE', orderStatus: 'cancelled' } })
  }
  t.match(await session('regret'), { total: 1, remaining: 1, held: 0 })
  t.equal((await shop.buy('regret/phone', 'emil')).status, 201)
  t.match(await shop.buy('regret/phone', 'fred'), { status: 409, body: { code: 'SOLD_OUT' } })
})

t.test('stock is added and removed while it sells; sold out reopens at once at every gateway', async (t) => {
  await stack.publish(definition('refill', 1))
  const patch = (body: object) =>
    shop.operate('PATCH', '/campaigns/refill/activities/phone', { reason: 'test', ...body })
  t.equal((await shop.buy('refill/phone', 'f0')).status, 201)
  t.match(await shop.buy('refill/phone', 'f1'), { body: { code: 'SOLD_OUT' } })
  t.match(await patch({ addStock: 20 }), { status: 200 })
  // whatever is not definite is asked again; nobody is told that it is sold out
  const after = await Promise.all(Array.from({ length: 10 }, (_, n) => shop.buy('refill/phone', `g${n}`)))
  t.ok(after.every(({ status }) => status === 201))
  const removed = await patch({ addStock: -50 })
  t.match(JSON.stringify(removed.body), /-10/, 'takes what is left and reports it')
  t.match(await session('refill'), { total: 11, remaining: 0, held: 11 })
})

t.test('price, limit and end change while it sells; an accepted order keeps its price', async (t) => {
  await stack.publish(definition('moving', 100))
  const patch = (body: object) =>
    shop.operate('PATCH', '/campaigns/moving/activities/phone', { reason: 'test', ...body })
  const before = orderId(await shop.buy('moving/phone', 'hal'))
  t.match(await patch({ price: 1000 }), { status: 200 })
  t.match(await shop.buy('moving/phone', 'ida'), { status: 201, body: { order: { unitPrice: 1000 } } })
  t.match((await shop.ask(`/v1/orders/${before}`, { user: 'hal' })).body, { unitPrice: 299900 })
  t.match(await patch({ limits: { unitsPerUser: 1 } }), { status: 200 })
  t.match(await shop.buy('moving/phone', 'ida'), { body: { code: 'LIMIT_REACHED', scope: 'activity', limit: 1 } })
  t.match(await patch({ price: 999_999_999 }), { status: 400, body: { code: 'VALIDATION' } })
  const later = new Date(Date.now() + 30 * 3_600_000).toISOString()
  t.match(await shop.operate('PATCH', '/campaigns/moving', { reason: 'a good day', closesAt: later }), { status: 200 })
  const shown = async () => (await shop.ask('/v1/campaigns/moving')).body.closesAt === later
  await waitFor(shown, { what: 'the storefront to show the new end' })
  const { rows } = await pool.query(`select action from audit where target like '%moving%'`)
  t.ok(rows.length >= 4, 'every change is in the audit')
})

t.test('how much an activity is used is one figure, whichever process is asked', async (t) => {
  await stack.publish(definition('used', 20))
  const alone = { headers: { connection: 'close' } }
  const users = Array.from({ length: 8 }, (_, index) => `u${index}`)
  // each on a connection of its own, so that both processes confirm some
  const bought = await Promise.all(users.map((user) => shop.buy('used/phone', user, alone)))
  for (const [index, answer] of bought.entries()) {
    const path = `/v1/orders/${orderId(answer)}/cancellation`
    const cancelled = await shop.ask(path, { method: 'POST', user: `u${index}`, key: `cancel-used-${index}`, body: {} })
    t.equal(cancelled.status, 201)
  }
  const used = async () => {
    const ask = () => shop.ask('/v1/campaigns/used/activities/hot?limit=1', alone)
    const answers = await Promise.all(Array.from({ length: 10 }, ask))
    return answers.map(({ body }) => (body.items as Array<{ uses: number }>)[0]?.uses)
  }
  // nothing of stock is taken any more: what is told is what the processes counted together
  await waitFor(async () => (await used()).every((uses) => uses === users.length), { what: 'one figure' })
  t.same(new Set(await used()), new Set([users.length]))
})

t.test('an unpaid order expires once: unit and limit come back, and a payment is too late', async (t) => {
  await waitFor(async () => (await statusOf(unpaid, 'bob')) === 'expired', { what: 'the order to expire' })
  await waitFor(async () => (await session('brief'))?.remaining === 1, { what: 'the unit to come back' })
  const refundDue = { amount: 299900, currency: 'CNY', reference: 'late' }
  for (const attempt of ['first', 'repeated']) {
    const answer = await shop.operate('POST', `/orders/${unpaid}/payment`, refundDue)
    t.match(answer, { status: 409, body: { code: 'NOT_PAYABLE', orderStatus: 'expired', refundDue } }, attempt)
  }
  const due = async () =>
    (await readEvents(stack.places(), 'brief')).filter(({ subject }) => subject.endsWith('.order.refund-due'))
  await waitFor(async () => (await due()).length > 0, { what: 'the event that money is due back' })
  t.match(await due(), [{ event: { subject: unpaid, data: { ...refundDue, cause: 'payment', status: 'expired' } } }])
  t.equal((await due()).length, 1, 'once')
  const history = async () => (await shop.operate('GET', `/orders/${unpaid}`)).body.payments as unknown[]
  await waitFor(async () => (await history()).length > 0, { what: 'the payment in the order' })
  t.match(await history(), [{ reference: 'late', accepted: false }])
  const { rows } = await pool.query('select after from audit where target = $1', [`order:${unpaid}`])
  t.match(rows, [{ after: { status: 'expired', outcome: 'refused', refundDue } }])
  const { body } = await shop.operate('GET', '/users/bob/timeline?campaign=brief')
  t.match((body.items as object[])[0], { type: 'order.refund-due' })
  const next = orderId(await shop.buy('brief/phone', 'bob'))
  t.not(next, unpaid, 'the limit came back too')
  const pay = { amount: 299900, currency: 'CNY', reference: 'in-time' }
  const paid = await shop.operate('POST', `/orders/${next}/payment`, pay)
  await waitFor(async () => ['paid', 'expired'].includes(String(await statusOf(next, 'bob'))))
  t.equal(await statusOf(next, 'bob'), paid.status === 201 ? 'paid' : 'expired', 'exactly one of the two')
  t.match(await session('brief'), { total: 1 })
  await assertEvents(t, stack.file())
})
