import { pino } from 'pino'
import t from 'tap'
import { createMetrics } from '../../../src/http/running/metrics.ts'
import { buildAdminApp } from '../../../src/http/server/admin-app.ts'
import { HealthCheck } from '../../../src/http/server/health.ts'
import { ensureOperator } from '../../../src/store/operators/operators.ts'
import { HOUR, iso, openDefinition, setUp } from '../../campaign/at-the-gate.ts'
import { aDraw, aRedemption, aTask } from '../../campaign/example-kinds.ts'
import { aCatalogue } from '../../support/http/http-app.ts'

const { core, purchase, realGate: gate } = await setUp(t)
const { pool } = core
for (const [name, role] of [
  ['ada', 'admin'],
  ['ben', 'admin'],
  ['olga', 'operator'],
  ['vera', 'viewer']
] as const) {
  await ensureOperator(pool, { name, role, token: `token-of-${name}` })
}
const app = await buildAdminApp({
  config: core.config,
  gate,
  catalogue: aCatalogue([]),
  pool,
  logger: pino({ level: 'silent' }),
  metrics: createMetrics(),
  health: new HealthCheck({ gate, pool }),
  metricsText: async () => '',
  carryMs: 20_000
})
t.teardown(() => app.close())

let count = 0

interface Question {
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Asks the admin API as an operator; every change gets a key of its own unless one is given. */
async function askWith(operator: string, request: string, { body, headers = {} }: Question) {
  const [method = 'GET', path = ''] = request.split(' ')
  const reply = await app.inject({
    method: method as 'GET',
    url: `/admin/v1${path}`,
    headers: {
      authorization: `Bearer token-of-${operator}`,
      ...(method === 'GET' ? {} : { 'idempotency-key': `key-number-${count++}` }),
      ...headers
    },
    ...(body === undefined ? {} : { payload: body as object })
  })
  return { status: reply.statusCode, body: reply.json<Record<string, unknown>>(), headers: reply.headers }
}

const ask = (operator: string, request: string, body?: unknown) => askWith(operator, request, { body })

async function publish(id: string, sale: Record<string, unknown> = {}, changes: Record<string, unknown> = {}) {
  const saved = await ask('ada', `PUT /campaigns/${id}`, openDefinition(id, sale, changes))
  const { version } = saved.body
  await ask('ada', `POST /campaigns/${id}/submission`, { version })
  await ask('ben', `POST /campaigns/${id}/approval`, { version })
  return ask('ben', `POST /campaigns/${id}/publication`, { version })
}

t.test('one operator writes a campaign, another one approves it, and it opens', async (t) => {
  const path = '/campaigns/http'
  t.match(await ask('ada', `GET ${path}`), { status: 404, body: { code: 'NOT_FOUND' } })
  t.match(await ask('olga', `PUT ${path}?dryRun=true`, openDefinition('http')), {
    status: 200,
    body: { valid: true, sessions: 1 }
  })
  t.match(await ask('ada', `GET ${path}`), { status: 404 })
  t.match(await ask('olga', `PUT ${path}`, openDefinition('http')), {
    status: 201,
    body: { state: 'draft', version: 1 }
  })
  t.match(await ask('olga', `PUT ${path}`, openDefinition('http', {}, { title: 'Later' })), {
    status: 200,
    body: { state: 'draft', version: 2 }
  })
  t.match(await ask('olga', `POST ${path}/submission`, { version: 2 }), { status: 200, body: { state: 'submitted' } })
  t.match(await ask('olga', `POST ${path}/approval`, { version: 2 }), { status: 403, body: { code: 'FORBIDDEN' } })
  t.match(await ask('ben', `POST ${path}/approval`, { version: 2 }), {
    status: 200,
    body: { state: 'approved', approvedBy: 'ben' }
  })
  const published = await ask('ben', `POST ${path}/publication`, { version: 2 })
  t.match(published, {
    status: 200,
    body: { outcome: 'confirmed', eventId: /^0-\d+-\d+$/, campaign: { state: 'running' } }
  })
  t.match(await purchase('http', 'alice'), { kind: 'confirmed' })
  t.match(await ask('vera', `GET ${path}`), {
    status: 200,
    headers: { etag: /^"2\.\d+"$/ },
    body: { state: 'running', definition: { id: 'http' }, inForce: { definition: { id: 'http' }, pausedSessions: [] } }
  })
  t.match(await ask('vera', `GET ${path}/versions?limit=1`), {
    body: { items: [{ version: 2, author: 'olga' }], nextCursor: '2' }
  })
  t.match(await ask('vera', `GET ${path}/versions?cursor=2`), { body: { items: [{ version: 1 }], nextCursor: null } })
  t.match(await ask('vera', `GET ${path}/versions/1`), {
    body: { version: 1, author: 'olga', definition: { id: 'http' }, differences: undefined }
  })
  t.match(await ask('vera', `GET ${path}/versions/2?against=1`), {
    body: { version: 2, against: 1, differences: [{ pointer: '/title', after: 'Later' }] }
  })
  t.match(await ask('vera', `GET ${path}/versions/3`), { status: 404, body: { detail: /no version 3/ } })
  t.match(await ask('vera', `GET ${path}/versions/1?against=9`), { status: 404 })
  t.match(await ask('vera', 'GET /campaigns'), {
    body: { items: [{ id: 'http', state: 'running' }], nextCursor: null }
  })
})

t.test('whoever is signed in learns who they are', async (t) => {
  t.match(await ask('vera', 'GET /me'), { status: 200, body: { name: 'vera', role: 'viewer', scopes: [] } })
  t.match(await ask('nobody', 'GET /me'), { status: 401 })
})

t.test('the author cannot approve, and a viewer changes nothing', async (t) => {
  await ask('ada', 'PUT /campaigns/alone', openDefinition('alone'))
  await ask('ada', 'POST /campaigns/alone/submission', { version: 1 })
  t.match(await ask('ada', 'POST /campaigns/alone/approval', { version: 1 }), {
    status: 409,
    body: { code: 'CONFLICT', detail: /another operator/ }
  })
  t.match(await ask('vera', 'PUT /campaigns/other', openDefinition('other')), { status: 403 })
  t.match(await ask('nobody', 'GET /campaigns'), { status: 401 })
})

t.test('bad documents and bodies are answered with every error, and change nothing', async (t) => {
  t.match(
    await ask('ada', 'PUT /campaigns/bad', { id: 'bad', activities: [{ id: 'wheel', kind: 'draw' }], extra: 1 }),
    {
      status: 400,
      body: { code: 'VALIDATION', errors: [{ pointer: '/title', detail: 'is missing' }] }
    }
  )
  t.match(await ask('ada', 'PUT /campaigns/bad?dryRun=true', openDefinition('good')), {
    status: 400,
    body: { errors: [{ pointer: '/id' }] }
  })
  t.match(
    await askWith('ada', 'PUT /campaigns/bad', { body: '{"id":', headers: { 'content-type': 'application/json' } }),
    { status: 400 }
  )
  t.match(await ask('ada', 'PUT /campaigns/bad'), { status: 400, body: { code: 'VALIDATION' } })
  t.match(await ask('ada', 'PUT /campaigns/BAD', openDefinition('bad')), { status: 400 })
  t.match(await ask('ada', 'GET /campaigns/bad'), { status: 404 })
  await publish('strict')
  t.match(await ask('ada', 'POST /campaigns/strict/pause', {}), {
    status: 400,
    body: { errors: [{ pointer: '/reason' }] }
  })
  t.match(await ask('ada', 'POST /campaigns/strict/pause', { reason: 'x', more: 1 }), { status: 400 })
  t.match(await ask('ada', 'PATCH /campaigns/strict/activities/phone', { price: 5 }), {
    status: 400,
    body: { errors: [{ pointer: '/reason' }] }
  })
  t.match(await ask('ada', 'PATCH /campaigns/strict/activities/phone', { reason: 'x', weights: { a: 1 } }), {
    status: 400,
    body: { errors: [{ pointer: '/weights', detail: /phone is a sale/ }] }
  })
  t.match(await ask('ada', 'PATCH /campaigns/strict/activities/none', { reason: 'x', price: 5 }), { status: 404 })
  t.match(
    await askWith('ada', 'POST /campaigns/strict/pause', { body: { reason: 'x' }, headers: { 'idempotency-key': '' } }),
    {
      body: { code: 'IDEMPOTENCY_KEY_REQUIRED' }
    }
  )
})

t.test('adjustments are answered with what they did, and the state shows it', async (t) => {
  const path = '/campaigns/adjust'
  await publish('adjust')
  await purchase('adjust', 'alice')
  const phone = `PATCH ${path}/activities/phone`
  t.match(await ask('olga', phone, { reason: 'more', addStock: 3 }), {
    status: 200,
    body: { stock: [{ session: 'am', asked: 3, applied: 3 }] }
  })
  t.match(await ask('olga', phone, { reason: 'less', addStock: -99 }), {
    body: { stock: [{ asked: -99, applied: -7 }] }
  })
  t.match(await ask('vera', `GET ${path}/state`), {
    body: {
      state: 'running',
      participants: 1,
      activities: [
        { id: 'phone', total: 1, remaining: 0, taken: 1, held: 1, paid: 0, sessions: [{ id: 'am', total: 1 }] }
      ],
      shards: [{ shard: 0, state: 'open' }]
    }
  })
  const headers = { 'idempotency-key': 'the-same-key' }
  const first = await askWith('olga', phone, { body: { reason: 'twice', addStock: 2 }, headers })
  t.equal(
    (await askWith('olga', phone, { body: { reason: 'twice', addStock: 2 }, headers })).body.eventId,
    first.body.eventId
  )
  t.match(await askWith('olga', phone, { body: { reason: 'twice', addStock: 3 }, headers }), {
    status: 422,
    body: { code: 'KEY_REUSED' }
  })
  t.match(await ask('olga', `PATCH ${path}`, { reason: 'longer', closesAt: iso(Date.now() + 3 * HOUR) }), {
    status: 200
  })
  t.match(
    await askWith('olga', `PATCH ${path}`, {
      body: { reason: 'x', admission: null },
      headers: { 'if-match': '"1.1"' }
    }),
    {
      status: 412,
      body: { code: 'VERSION_MISMATCH', version: 1 }
    }
  )
  t.match(await ask('olga', `POST ${path}/pause`, { reason: 'price error' }), {
    body: { campaign: { state: 'paused' } }
  })
  t.match(await purchase('adjust', 'bob'), { code: 'PAUSED' })
  t.match(await ask('olga', `POST ${path}/resumption`, {}), { body: { campaign: { state: 'running' } } })
  t.match(await ask('ben', `POST ${path}/settlement`, {}), { status: 409 })
  t.match(await ask('olga', `POST ${path}/end`, { reason: 'over' }), { body: { campaign: { state: 'ended' } } })
  t.match(await ask('ben', `POST ${path}/settlement`, {}), {
    status: 202,
    body: { campaign: { state: 'ended' }, waitsFor: { step: 'orders', left: 1 } }
  })
  const trail = await ask('vera', 'GET /audit?target=campaign:adjust&limit=2')
  t.match(trail.body, {
    items: [
      { action: 'campaign.settlement', operator: 'ben' },
      { action: 'campaign.ended', reason: 'over' }
    ],
    nextCursor: /^\d+$/
  })
})

t.test('prizes, tasks and items are adjusted by name, and the state counts them', async (t) => {
  const path = '/campaigns/mall'
  await publish('mall', {}, { activities: [aDraw(), aTask(), aRedemption()] })
  t.match(await ask('olga', `PATCH ${path}/activities/wheel`, { reason: 'more', addStock: 4, prize: 'first' }), {
    status: 200,
    body: { stock: [{ prize: 'first', asked: 4, applied: 4 }] }
  })
  t.match(await ask('olga', `PATCH ${path}/activities/ticket`, { reason: 'less', addStock: -50, price: 450 }), {
    status: 200,
    body: { stock: [{ session: 'all', asked: -50, applied: -50 }] }
  })
  t.match(await ask('olga', `PATCH ${path}/activities/check-in`, { reason: 'x', price: 450 }), {
    status: 400,
    body: { errors: [{ pointer: '/price', detail: /only sales and redemptions/ }] }
  })
  t.match(await ask('olga', `PATCH ${path}/activities/check-in`, { reason: 'halt', paused: true }), { status: 200 })
  t.match(await ask('vera', `GET ${path}/state`), {
    body: {
      activities: [
        {
          id: 'wheel',
          total: 7,
          remaining: 7,
          prizes: [
            { id: 'first', total: 7, taken: 0 },
            { id: 'thanks', total: 0 }
          ]
        },
        { id: 'check-in', kind: 'task', paused: true, total: 0, sessions: [{ id: 'all' }] },
        { id: 'ticket', total: 150, remaining: 150, sessions: [{ id: 'all', total: 150 }] }
      ]
    }
  })
  t.match(await ask('vera', `GET ${path}`), {
    body: {
      inForce: { pausedActivities: ['check-in'], definition: { activities: [{ prizes: [{ quota: 7 }, {}] }, {}, {}] } }
    }
  })
})

t.test('users are disqualified and granted entitlements, each with a reason', async (t) => {
  await publish('people', { requires: { entitlement: 'vip' } })
  const grant = { campaign: 'people', unit: 'entitlement:vip', amount: 1, reason: 'a prize' }
  t.match(await ask('olga', 'POST /users/alice/grants', grant), { status: 200, body: { outcome: 'confirmed' } })
  t.match(await purchase('people', 'alice'), { kind: 'confirmed' })
  t.match(await ask('olga', 'POST /users/alice/grants', { ...grant, unit: 'pearls' }), {
    status: 400,
    body: { errors: [{ pointer: '/unit', detail: /is no unit/ }] }
  })
  t.match(await ask('olga', 'POST /users/alice/grants', { ...grant, amount: 0 }), { status: 400 })
  t.match(await ask('olga', 'POST /users/$system/grants', grant), { status: 404 })
  t.match(await ask('olga', 'POST /users/bob/disqualification', { campaign: 'people' }), { status: 400 })
  const body = { campaign: 'people', reason: 'a bot', revokeWins: true, returnQuota: true }
  t.match(await ask('olga', 'POST /users/bob/disqualification', body), { status: 200 })
  t.match(await purchase('people', 'bob'), { code: 'DISQUALIFIED' })
})
