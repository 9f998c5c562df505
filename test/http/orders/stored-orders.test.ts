import type pg from 'pg'
import { pino } from 'pino'
import tap, { type Test, test } from 'tap'
import { setStoreDeadline } from '../../../src/base/deadline.ts'
import { createAuditedGate } from '../../../src/campaign/carrying/audited-gate.ts'
import { createOrderFinder } from '../../../src/http/orders/find-orders.ts'
import { createMetrics } from '../../../src/http/running/metrics.ts'
import { buildAdminApp } from '../../../src/http/server/admin-app.ts'
import { HealthCheck } from '../../../src/http/server/health.ts'
import { createPool } from '../../../src/store/connection/pool.ts'
import { ensureOperator } from '../../../src/store/operators/operators.ts'
import { aCatalogue, bearer, publicApp } from '../../support/http/http-app.ts'
import { accepted, anOrder, ScriptedGate } from '../../support/http/scripted-gate.ts'
import { freshDatabase } from '../../support/servers/database.ts'
import { sharedServers } from '../../support/servers/servers.ts'

const { databaseUrl } = await sharedServers(tap)

const database = (t: Test) => freshDatabase(t, databaseUrl)

/** Stores an accepted order of a user and its decision, as the worker does. */
async function storeOrder(
  pool: pg.Pool,
  user: string,
  place: { sequence: number; at: number; campaign?: string }
): Promise<string> {
  const { sequence, at, campaign = 'launch' } = place
  const entity = `1700000000-${sequence}`
  const record = `a;1700000000-${sequence};${campaign};phone;am;1;299900;CNY;${at};900;;${sequence};0`
  await pool.query("insert into shards (shard, epoch, state) values (0, 1, 'closed') on conflict do nothing")
  await pool.query(
    `insert into orders (order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency, status, shard,
       epoch, sequence, accepted_at, position, updated_at, record)
     values ($1, $2, 'phone', 'am', $3, 1, 299900, 'CNY', 'accepted', 0, 1700000000, $4::bigint, to_timestamp($5 / 1000.0), $4::bigint, now(), $6)`,
    [`0-${entity}`, campaign, user, sequence, at, record]
  )
  await pool.query(
    `insert into decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id, session_id, entity, at,
       request, adds, puts, record, report)
     values (0, 1700000000, $1, 1, 'order.accepted', $2, $3, 'h', $4, 'phone', 'am', $5, now(), '{}', '{}', '{}', $6, '')`,
    [sequence, user, `u:key-${sequence}-of-user`, campaign, entity, record]
  )
  return `0-${entity}`
}

test('orders of Redis and Postgres are one list, newest first and page by page', async (t) => {
  const { pool } = await database(t)
  const { app, gate } = await publicApp(t, { pool })
  for (let sequence = 1; sequence <= 25; sequence += 1) {
    // several at one instant, so that the sequence has to settle the order
    await storeOrder(pool, 'alice', { sequence, at: 1_700_000_000_000 + Math.floor(sequence / 4) })
  }
  await storeOrder(pool, 'alice', { sequence: 26, at: 1_600_000_000_000, campaign: 'other' })
  await storeOrder(pool, 'bob', { sequence: 27, at: 1_700_000_000_000 })
  gate.orders = [
    { order: anOrder({ id: '0-1700000000-30', acceptedAt: 1_700_000_001_000 }), journaled: false },
    { order: anOrder({ id: '0-1700000000-25', acceptedAt: 1_700_000_000_006, status: 'paid' }), journaled: true }
  ]
  const headers = { authorization: bearer('alice') }
  const seen: Array<{ id: string; status: string; pending?: boolean }> = []
  let url = '/v1/me/orders?limit=7'
  for (let pages = 0; pages < 10; pages += 1) {
    const page = (await app.inject({ url, headers })).json()
    seen.push(...page.items)
    if (page.nextCursor === null) break
    url = `/v1/me/orders?limit=7&cursor=${page.nextCursor}`
  }
  const sequences = seen.map(({ id }) => Number(id.split('-')[2]))
  t.strictSame(sequences, [30, ...Array.from({ length: 25 }, (_, index) => 25 - index), 26])
  t.match(seen.slice(0, 2), [{ pending: true }, { status: 'paid' }])
  const one = (await app.inject({ url: '/v1/me/orders?campaign=other', headers })).json()
  t.equal(one.items.length, 1)
})

test('an order and a request of long ago are read from Postgres, by their owner only', async (t) => {
  const { pool } = await database(t)
  const { app } = await publicApp(t, { pool })
  const id = await storeOrder(pool, 'alice', { sequence: 5, at: 1_700_000_000_123 })
  const as = (user: string) => ({ authorization: bearer(user) })
  const mine = await app.inject({ url: `/v1/orders/${id}`, headers: as('alice') })
  t.match(mine.json(), { id, acceptedAt: '2023-11-14T22:13:20.123Z', payBy: '2023-11-14T22:28:20.123Z', position: 5 })
  t.equal((await app.inject({ url: `/v1/orders/${id}`, headers: as('bob') })).json().code, 'NOT_FOUND')
  const cancel = {
    method: 'POST' as const,
    url: `/v1/orders/${id}/cancellation`,
    headers: { ...as('bob'), 'idempotency-key': 'key-0000001' }
  }
  t.equal((await app.inject(cancel)).json().code, 'NOT_FOUND')
  const request = await app.inject({ url: '/v1/requests/key-5-of-user', headers: as('alice') })
  t.equal(request.statusCode, 200)
  t.match(request.json(), { outcome: 'confirmed', requestId: 'key-5-of-user', sequence: 5, eventId: id, order: { id } })
  t.equal((await app.inject({ url: '/v1/requests/key-5-of-user', headers: as('bob') })).statusCode, 404)
})

async function adminApp(t: Test) {
  const { pool, config } = await database(t)
  const gate = new ScriptedGate()
  const metrics = createMetrics()
  const app = await buildAdminApp({
    config,
    gate,
    catalogue: aCatalogue([]),
    pool,
    metrics,
    logger: pino({ level: 'silent' }),
    // a clock that stands: how long Postgres takes is not looked at here
    health: new HealthCheck({ gate, pool, now: () => 0 }),
    metricsText: () => metrics.registry.metrics()
  })
  t.teardown(() => app.close())
  for (const role of ['viewer', 'operator', 'admin'] as const)
    await ensureOperator(pool, { name: role, role, token: `${role}-token` })
  await ensureOperator(pool, { name: 'payments', role: 'service', token: 'service-token', scopes: ['orders:payment'] })
  let keys = 0
  const call = (url: string, who: string, payload?: object) => {
    if (payload !== undefined) keys += 1
    return app.inject({
      method: payload === undefined ? 'GET' : 'POST',
      url,
      headers: { authorization: `Bearer ${who}-token`, ...(payload && { 'idempotency-key': `admin-key-${keys}` }) },
      ...(payload && { payload })
    })
  }
  return { app, gate, pool, call }
}

test('operators do what their role allows, services what their scopes list', async (t) => {
  const { call, pool } = await adminApp(t)
  const id = await storeOrder(pool, 'alice', { sequence: 7, at: 1_700_000_000_000 })
  const payment = { amount: 299900, currency: 'CNY', reference: 'pay-1' }
  const url = `/admin/v1/orders/${id}`
  t.equal((await call(url, 'nobody')).json().code, 'UNAUTHENTICATED')
  t.equal((await call(url, 'viewer')).statusCode, 200)
  t.match((await call(`${url}/payment`, 'viewer', payment)).json(), { code: 'FORBIDDEN', requires: 'operator' })
  t.equal((await call(`${url}/payment`, 'operator', payment)).statusCode, 201)
  t.equal((await call(`${url}/payment`, 'service', payment)).statusCode, 201)
  t.match((await call(`${url}/shipment`, 'service', {})).json(), { code: 'FORBIDDEN', requires: 'orders:shipment' })
  t.equal((await call(url, 'service')).json().code, 'FORBIDDEN')
  await ensureOperator(pool, { name: 'viewer', role: 'viewer', token: 'another-token' })
  t.equal((await call(url, 'another')).statusCode, 200, 'an operator can be given another token')
})

test('an order is shown to operators with its user and its history', async (t) => {
  const { call, pool } = await adminApp(t)
  const id = await storeOrder(pool, 'alice', { sequence: 7, at: 1_700_000_000_000 })
  t.match((await call(`/admin/v1/orders/${id}`, 'viewer')).json(), {
    id,
    user: 'alice',
    returned: 0,
    history: [{ eventId: id, type: 'order.accepted' }]
  })
  t.equal((await call('/admin/v1/orders/0-1-1', 'viewer')).json().code, 'NOT_FOUND')
})

test('changes of an order are gate commands with keys that no client can send, and are audited', async (t) => {
  const { call, gate, pool } = await adminApp(t)
  const id = await storeOrder(pool, 'alice', { sequence: 7, at: 1_700_000_000_000 })
  gate.outcome = accepted(anOrder({ id, status: 'paid' }))
  const url = `/admin/v1/orders/${id}`
  await call(`${url}/payment`, 'operator', { amount: 299900, currency: 'cny', reference: 'pay-1' })
  await call(`${url}/shipment`, 'operator', { carrier: 'SF', trackingNumber: '1' })
  await call(`${url}/return`, 'admin', { quantity: 1, kind: 'return', reason: 'broken', refund: true })
  await call(`${url}/cancellation`, 'admin', { reason: 'asked for' })
  t.match(gate.commands, [
    {
      transition: 'pay',
      by: 'operator',
      user: 'alice',
      key: `x:pay:${id}:pay-1`,
      amount: 299900,
      currency: 'CNY',
      order: id
    },
    {
      transition: 'ship',
      user: 'alice',
      key: 'x:op:operator:admin-key-2',
      campaign: 'launch',
      activity: 'phone',
      session: 'am'
    },
    { transition: 'return', key: 'x:op:admin:admin-key-3', quantity: 1 },
    { transition: 'cancel', key: 'x:op:admin:admin-key-4' }
  ])
  t.match(JSON.parse(gate.commands[2]?.request ?? ''), { operator: 'admin', reason: 'broken', refund: true })
  const { rows } = await pool.query(
    'select operator, action, target, reason, before, after from audit order by audit_id'
  )
  t.match(rows, [
    {
      operator: 'operator',
      action: 'order.payment',
      target: `order:${id}`,
      before: { status: 'accepted' },
      after: { status: 'paid' }
    },
    { operator: 'operator', action: 'order.shipment' },
    { operator: 'admin', action: 'order.return', reason: 'broken' },
    { operator: 'admin', action: 'order.cancellation', reason: 'asked for' }
  ])
})

test('what the gate refuses or has answered before is not audited again', async (t) => {
  const { call, gate, pool } = await adminApp(t)
  const id = await storeOrder(pool, 'alice', { sequence: 7, at: 1_700_000_000_000 })
  const payment = { amount: 1, currency: 'CNY', reference: 'pay-1' }
  gate.outcome = {
    kind: 'refused',
    code: 'CONFLICT',
    members: { reason: 'amount', expected: { amount: 299900, currency: 'CNY' } }
  }
  const wrong = await call(`/admin/v1/orders/${id}/payment`, 'operator', payment)
  t.match(wrong.json(), { status: 409, code: 'CONFLICT', expected: { amount: 299900 } })
  gate.outcome = accepted(anOrder({ id }), true)
  t.equal((await call(`/admin/v1/orders/${id}/payment`, 'operator', payment)).headers['idempotent-replayed'], 'true')
  t.equal((await pool.query('select 1 from audit')).rowCount, 0)
})

test('a connection that comes too late for a change goes back to its pool', async (t) => {
  const { config } = await database(t)
  setStoreDeadline(800)
  const pool = createPool(config, { max: 1, name: 'test' })
  t.teardown(() => pool.end())
  const held = await pool.connect()
  const submit = createAuditedGate({ gate: new ScriptedGate(), pool, logger: pino({ level: 'silent' }) })
  const change = { command: { op: 'query', user: 'ann', key: 'k' } as never, entryOf: () => ({}) as never }
  await t.rejects(submit(change), { message: 'Postgres did not answer in time' })
  held.release()
  t.equal((await pool.query('select 1')).rowCount, 1)
})

test('a malformed request about an order is refused before the gate is asked', async (t) => {
  const { call, gate, pool } = await adminApp(t)
  const id = await storeOrder(pool, 'alice', { sequence: 7, at: 1_700_000_000_000 })
  const wrong: Array<[string, object, string]> = [
    ['payment', {}, '/amount'],
    ['payment', { amount: -1, currency: 'CNY', reference: 'x' }, '/amount'],
    ['payment', { amount: 1.5, currency: 'CNY', reference: 'x' }, '/amount'],
    ['payment', { amount: 1, currency: 'yuan', reference: 'x' }, '/currency'],
    ['payment', { amount: 1, currency: 'RMB', reference: 'x' }, '/currency'],
    ['payment', { amount: 1, currency: 'CNY', reference: 'with space' }, '/reference'],
    ['payment', { amount: 1, currency: 'CNY', reference: 'x', user: 'bob' }, '/user'],
    ['return', { quantity: 0 }, '/quantity'],
    ['return', { kind: 'gift' }, '/kind'],
    ['return', { refund: 'yes' }, '/refund'],
    ['shipment', { carrier: '' }, '/carrier'],
    ['cancellation', { reason: 'x'.repeat(501) }, '/reason']
  ]
  for (const [action, payload, pointer] of wrong) {
    const answer = await call(`/admin/v1/orders/${id}/${action}`, 'admin', payload)
    t.match(answer.json(), { code: 'VALIDATION' }, `${action} ${JSON.stringify(payload).slice(0, 60)}`)
    t.ok(
      answer.json().errors.some((error: { pointer: string }) => error.pointer === pointer),
      pointer
    )
  }
  t.equal(gate.commands.length, 0)
})

test('the admin port has the figures and the health', async (t) => {
  const { app, call, pool } = await adminApp(t)
  const id = await storeOrder(pool, 'alice', { sequence: 7, at: 1_700_000_000_000 })
  await call(`/admin/v1/orders/${id}/cancellation`, 'admin', {})
  t.match((await call('/admin/v1/health', 'viewer')).json(), { ready: true, gate: 'ok', journal: 'ok', postgres: 'ok' })
  const { conditions } = (await call('/admin/v1/health', 'viewer')).json()
  t.match(conditions.at(0), { name: 'redis', ok: true, detail: '', runbook: 'docs/runbook.md#condition-redis' })
  t.equal(conditions.at(0).since, '1970-01-01T00:00:00.000Z')
  const text = (await app.inject('/metrics')).body
  t.match(text, /floodgate_condition\{name="operators"\} 1/)
  t.match(text, /floodgate_condition\{name="workers"\} 0/)
  t.match(text, /floodgate_http_answers_total\{route="\/admin\/v1\/orders\/:order\/cancellation",status="201"\} 1/)
  t.match(text, /floodgate_gate_outcomes_total\{outcome="confirmed"\} 1/)
  t.match(text, /floodgate_part_health\{part="gate"\} 2/)
})

test('an order that Postgres does not have yet is found through its owner', async (t) => {
  const { pool } = await database(t)
  const gate = new ScriptedGate()
  gate.ownerOf = async () => 'alice'
  gate.orders = [{ order: anOrder(), journaled: true }]
  t.match(await createOrderFinder(gate, pool).findAny('0-1700000000-7'), {
    user: 'alice',
    order: { id: '0-1700000000-7' }
  })
})

test('an order that the worker stores while its owner is looked for is found all the same', async (t) => {
  const { pool } = await database(t)
  const gate = new ScriptedGate()
  gate.ownerOf = async () => {
    await storeOrder(pool, 'ann', { sequence: 7, at: Date.now() })
    return undefined
  }
  t.match(await createOrderFinder(gate, pool).findAny('0-1700000000-7'), { user: 'ann', journaled: true })
})
