import { randomBytes } from 'node:crypto'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'tap'
import { UnavailableError } from '../../../src/base/errors.ts'
import { type ConditionName, conditionTable } from '../../../src/health/conditions.ts'
import { setDrainPhase } from '../../../src/http/running/drain.ts'
import { aCampaign, aCatalogue, bearer, publicApp, type TestApp } from '../../support/http/http-app.ts'
import { waitFor } from '../../support/wait.ts'

const alice = { authorization: bearer('alice', 2) }
const stock = { 'am:total': '1000', 'am:remaining': '990', 'am:held': '7', 'am:paid': '3', 'am:position': '10' }
const hashes = { 's:launch:phone': stock, 'c:launch': { participants: '9' } }

test('the clock is told in UTC with milliseconds', async (t) => {
  const { app } = await publicApp(t, { now: () => 1 })
  const answer = await app.inject('/v1/time')
  t.strictSame(answer.json(), { serverTime: '1970-01-01T00:00:00.001Z' })
  t.equal(answer.headers['x-content-type-options'], 'nosniff')
})

test('a campaign is shown with what is left, in the language asked for, without what is hidden', async (t) => {
  const now = Date.UTC(2026, 10, 11, 1)
  const { app, gate } = await publicApp(t, { now: () => now })
  gate.hashes = hashes
  const answer = await app.inject('/v1/campaigns/launch')
  t.equal(answer.statusCode, 200)
  t.match(answer.json(), {
    id: 'launch',
    title: 'New phone',
    status: 'running',
    version: 1,
    participants: 9,
    opensAt: '2026-11-10T16:00:00.000Z',
    activities: [
      {
        id: 'phone',
        kind: 'sale',
        price: 299900,
        listPrice: 399900,
        remaining: 990,
        currentSession: 'am',
        sessions: [{ id: 'am', total: 1000, remaining: 990, opensAt: '2026-11-10T16:00:00.000Z' }]
      }
    ]
  })
  t.equal(answer.json().activities.length, 1, 'the hidden sale is not there')
  const chinese = await app.inject({ url: '/v1/campaigns', headers: { 'accept-language': 'zh' } })
  t.match(chinese.json(), { items: [{ id: 'launch', title: '新手机' }], nextCursor: null })
  t.equal((await app.inject('/v1/campaigns/other')).statusCode, 404)
  t.equal((await app.inject('/v1/campaigns/OTHER')).json().code, 'NOT_FOUND')
})

test('a page that did not change is not sent twice', async (t) => {
  let now = Date.UTC(2026, 10, 11, 1)
  const { app, gate } = await publicApp(t, { now: () => now })
  gate.hashes = hashes
  const first = await app.inject('/v1/campaigns/launch')
  t.equal(first.headers['cache-control'], 'public, max-age=1')
  t.equal(first.headers.vary, 'origin, accept-language, accept-encoding')
  const etag = String(first.headers.etag)
  const again = (tag: string) => app.inject({ url: '/v1/campaigns/launch', headers: { 'if-none-match': tag } })
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) t.equal((await again(tag)).statusCode, 304)
  t.equal((await again('"other"')).statusCode, 200)
  gate.hashes = { ...hashes, 's:launch:phone': { ...stock, 'am:remaining': '1' } }
  now += 300
  const changed = await again(etag)
  t.equal(changed.statusCode, 200)
  t.equal(changed.json().activities[0].remaining, 1)
})

test('Redis is read once in 250 ms for all readers, and while it is away the last figures stay', async (t) => {
  let now = Date.UTC(2026, 10, 11, 1)
  const { app, gate } = await publicApp(t, { now: () => now })
  gate.hashes = hashes
  await Promise.all(Array.from({ length: 50 }, () => app.inject('/v1/campaigns')))
  t.equal(gate.reads, 1)
  now += 250
  gate.failure = new UnavailableError('away')
  const stale = await app.inject('/v1/campaigns/launch')
  t.equal(gate.reads, 2)
  t.equal(stale.json().activities[0].remaining, 990)
})

test('figures that were never read are null, not zero', async (t) => {
  const { app, gate } = await publicApp(t, { now: () => Date.UTC(2026, 10, 11, 1) })
  gate.failure = new UnavailableError('away')
  t.match((await app.inject('/v1/campaigns/launch')).json(), { participants: null, activities: [{ remaining: null }] })
})

test('while the catalogue was never read, no campaign is called unknown', async (t) => {
  const catalogue = {
    ...aCatalogue([]),
    refresh: async () => {
      throw new Error('no Postgres yet')
    }
  }
  const { app, gate } = await publicApp(t, { catalogue })
  for (const url of ['/v1/campaigns/launch', '/v1/campaigns'])
    t.equal((await app.inject(url)).json().code, 'UNAVAILABLE')
  const headers = { ...alice, 'idempotency-key': 'key-0000001' }
  const buy = await app.inject({
    method: 'POST',
    url: '/v1/campaigns/launch/sales/phone/orders',
    headers,
    payload: { quantity: 1 }
  })
  t.equal(buy.json().code, 'UNAVAILABLE')
  t.equal(gate.commands.length, 0)
})

test('a campaign published a moment ago is found by reading the catalogue again', async (t) => {
  const campaigns = [aCampaign()]
  const now: typeof campaigns = []
  const catalogue = { ...aCatalogue(now), refresh: async () => void now.push(...campaigns.splice(0)) }
  const { app } = await publicApp(t, { catalogue })
  const headers = { ...alice, 'idempotency-key': 'key-0000001' }
  const buy = await app.inject({
    method: 'POST',
    url: '/v1/campaigns/launch/sales/phone/orders',
    headers,
    payload: { quantity: 1 }
  })
  t.equal(buy.statusCode, 201)
})

test('the rules in force name limits and policies', async (t) => {
  const { app } = await publicApp(t)
  t.match((await app.inject('/v1/campaigns/launch/rules')).json(), {
    campaign: 'launch',
    version: 1,
    limits: { unitsPerUser: 2 },
    policies: { cancellable: 'unpaid' },
    activities: [{ id: 'phone', unitsPerUser: 1, payWithinSeconds: 900 }]
  })
})
const justOfProcess = new Set<ConditionName>(
  conditionTable.filter(({ sources }) => sources.join() === 'process').map(({ name }) => name)
)

test('readiness tells the parts, and 503 before the gate opened and while the process stops', async (t) => {
  t.teardown(() => setDrainPhase('serving'))
  const { app, gate } = await publicApp(t)
  gate.parts = { gate: 'closed', journal: 'degraded' }
  t.strictSame((await app.inject('/healthz')).json(), { status: 'ok' })
  const ready = await app.inject('/readyz')
  t.equal(ready.statusCode, 200, 'losing a part later does not make a gateway unready')
  const { conditions, ...parts } = ready.json()
  t.strictSame(parts, {
    ready: true,
    status: 'ready',
    environment: 'development',
    gate: 'closed',
    journal: 'degraded',
    postgres: 'closed',
    projection: 'closed'
  })
  t.strictSame(
    conditions.map(({ name }: { name: string }) => name),
    conditionTable.map(({ name }) => name)
  )
  t.strictSame(conditions.at(0), { name: 'redis', ok: true })
  const ofPostgres = conditions.filter((one: { name: ConditionName }) => !justOfProcess.has(one.name))
  t.notOk(
    ofPostgres.some(({ ok }: { ok: boolean }) => ok),
    'what comes from Postgres is not claimed while it is away'
  )
  setDrainPhase('leaving')
  const draining = await app.inject('/readyz')
  t.equal(draining.statusCode, 503)
  t.equal(draining.json().status, 'draining')
})

test('caches may keep public pages, by every header that they depend on, and nothing else', async (t) => {
  const { app, gate } = await publicApp(t, { env: { CORS_ORIGINS: 'https://shop.example' } })
  gate.hashes = hashes
  const origin = 'https://shop.example'
  const shared = ['/v1/campaigns', '/v1/campaigns/launch', '/v1/campaigns/launch/rules', '/openapi.json', '/docs']
  for (const url of [...shared, '/v1/campaigns/launch/activities/hot', '/schemas/', '/schemas/order.json']) {
    const { headers } = await app.inject({ url, headers: { origin } })
    t.match(headers['cache-control'], /^public, max-age=/, url)
    t.equal(headers.vary, 'origin, accept-language, accept-encoding', url)
    t.equal(headers['access-control-allow-origin'], origin, url)
    t.equal(headers['x-content-type-options'], 'nosniff', url)
  }
  const mine = ['/v1/me/orders', '/v1/me/wins', '/v1/orders/0-1700000000-7', '/v1/requests/key-00000001']
  const odd = ['/nowhere', '/v1/campaigns/%ZZ', '/v1/campaigns/other', '/v1/time', '/healthz', '/readyz']
  for (const url of [...mine, '/v1/campaigns/launch/me', ...odd]) {
    const { headers } = await app.inject({ url, headers: alice })
    t.equal(headers['cache-control'], 'no-store', url)
    t.equal(headers['x-content-type-options'], 'nosniff', url)
  }
  const ids = await Promise.all(
    Array.from({ length: 50 }, async () => String((await app.inject('/healthz')).headers['x-request-id']))
  )
  t.equal(new Set(ids.map((id) => id.slice(0, 8))).size, 50, 'the name of one exchange tells nothing of the next')
})

test('input that is not HTTP gets an answer in the same form', async (t) => {
  const { app } = await publicApp(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  let text = ''
  socket.on('data', (part) => {
    text += String(part)
  })
  socket.write('rubbish\r\n\r\n')
  await waitFor(() => socket.closed, { what: 'the connection to end' })
  t.match(text, /^HTTP\/1\.1 400 /)
  for (const header of [/x-content-type-options: nosniff/, /cache-control: no-store/, /x-request-id: \S{20}/]) {
    t.match(text, header)
  }
})

test('browsers of listed origins may call, others are refused by CORS', async (t) => {
  const { app } = await publicApp(t, { env: { CORS_ORIGINS: 'https://shop.example, https://m.shop.example' } })
  const from = (origin: string) => app.inject({ url: '/v1/time', headers: { origin } })
  t.equal((await from('https://m.shop.example')).headers['access-control-allow-origin'], 'https://m.shop.example')
  t.equal((await from('https://evil.example')).headers['access-control-allow-origin'], undefined)
  const closed = await publicApp(t)
  const none = await closed.app.inject({ url: '/v1/time', headers: { origin: 'https://shop.example' } })
  t.equal(none.headers['access-control-allow-origin'], undefined)
})

test('pages of the same machine may call in development, and only there', async (t) => {
  const ask = ({ app }: TestApp, origin: string) =>
    app.inject({
      method: 'OPTIONS',
      url: '/v1/campaigns/launch/sales/phone/orders',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'idempotency-key' }
    })
  const shop = await publicApp(t)
  for (const origin of ['http://localhost:5173', 'http://127.0.0.1:8080', 'https://localhost', 'http://[::1]:3000']) {
    const { statusCode, headers } = await ask(shop, origin)
    t.equal(statusCode, 204, origin)
    t.equal(headers['access-control-allow-origin'], origin)
    t.match(headers['access-control-allow-headers'], /idempotency-key.*traceparent/)
  }
  for (const origin of ['http://localhost.example', 'http://evil.example:5173', 'null']) {
    t.equal((await ask(shop, origin)).headers['access-control-allow-origin'], undefined, origin)
  }
  const listed = await publicApp(t, { env: { CORS_ORIGINS: 'https://shop.example' } })
  const production = await publicApp(t, {
    env: { FLOODGATE_ENV: 'production', TOKEN_SECRET: randomBytes(32).toString('hex') }
  })
  for (const other of [listed, production]) {
    t.equal((await ask(other, 'http://localhost:5173')).headers['access-control-allow-origin'], undefined)
  }
})

test('the contract is published: OpenAPI 3.1, schemas, and pages to read them', async (t) => {
  const { app } = await publicApp(t)
  const document = (await app.inject('/openapi.json')).json()
  t.match(document.openapi, /^3\.1/)
  const paths = Object.keys(document.paths)
  for (const path of [
    '/v1/campaigns/{campaign}/sales/{sale}/orders',
    '/v1/me/orders',
    '/v1/requests/{key}',
    '/readyz'
  ]) {
    t.ok(paths.includes(path), path)
  }
  t.notOk(
    paths.some((path) => path.startsWith('/admin')),
    'nothing of the admin port'
  )
  const list = (await app.inject('/schemas/')).json() as { items: string[] }
  for (const url of list.items) t.match((await app.inject(url)).json(), { $schema: String, type: 'object' }, url)
  t.equal((await app.inject('/schemas/__proto__')).statusCode, 404)
  t.match(
    (await app.inject('/docs')).headers['content-type'] ?? (await app.inject('/docs/')).headers['content-type'],
    /html/
  )
})
