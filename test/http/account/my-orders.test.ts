import { test } from 'tap'
import { UnavailableError } from '../../../src/base/errors.ts'
import { aCampaign, aCatalogue, bearer, publicApp } from '../../support/http/http-app.ts'
import { accepted, anOrder } from '../../support/http/scripted-gate.ts'

const alice = { authorization: bearer('alice', 2) }

test('my standing tells counts and what is left of the limits', async (t) => {
  const campaign = aCampaign()
  const activities = campaign.rules.activities.map((activity) => ({
    ...activity,
    requires: { entitlement: activity.id === 'phone' ? 'vip' : 'other', level: 0 }
  }))
  const catalogue = aCatalogue([{ ...campaign, rules: { ...campaign.rules, activities } }])
  const { app, gate } = await publicApp(t, { catalogue, now: () => Date.UTC(2026, 10, 11, 1) })
  gate.hashes = { 'u:alice': { 'n:launch': '1', 'n:launch/phone': '1', 'e:launch/vip': '1', 'e:other/x': '1' } }
  const answer = await app.inject({ url: '/v1/campaigns/launch/me', headers: alice })
  t.match(answer.json(), {
    campaign: 'launch',
    level: 2,
    disqualified: false,
    entitlements: ['vip'],
    units: { count: 1, limit: 2, left: 1 },
    activities: [
      { id: 'phone', units: { count: 1, limit: 1, left: 0 }, session: { id: 'am', units: { limit: null, left: null } } }
    ]
  })
  t.equal((await app.inject('/v1/campaigns/launch/me')).statusCode, 401)
  gate.failure = new UnavailableError('away')
  const away = await app.inject({ url: '/v1/campaigns/launch/me', headers: alice })
  t.equal(away.json().code, 'UNAVAILABLE', 'without Redis nobody has 0 of anything')
})

test('an order in Redis is mine at once; what is not journaled says so', async (t) => {
  const { app, gate } = await publicApp(t)
  gate.orders = [{ order: anOrder(), journaled: false }]
  const answer = await app.inject({ url: '/v1/orders/0-1700000000-7', headers: alice })
  t.match(answer.json(), { id: '0-1700000000-7', status: 'accepted', pending: true })
  gate.orders = [{ order: anOrder(), journaled: true }]
  const confirmed = await app.inject({ url: '/v1/orders/0-1700000000-7', headers: alice })
  t.equal(confirmed.json().pending, undefined)
  t.equal(confirmed.headers['cache-control'], 'no-store')
  t.equal((await app.inject({ url: '/v1/orders/rubbish', headers: alice })).json().code, 'NOT_FOUND')
})

test('the status route says by its key what became of a request', async (t) => {
  const { app, gate } = await publicApp(t)
  gate.found = accepted(anOrder(), true)
  const done = await app.inject({ url: '/v1/requests/a%2Fb%3Fc-key', headers: alice })
  t.equal(done.statusCode, 200)
  t.match(done.json(), { outcome: 'confirmed', requestId: 'a/b?c-key', order: { id: '0-1700000000-7' } })
  gate.found = { kind: 'pending', decision: accepted().decision }
  const pending = await app.inject({ url: `/v1/requests/${'%21'.repeat(128)}`, headers: alice })
  t.equal(pending.statusCode, 202)
  t.match(pending.json(), { outcome: 'pending', requestId: '!'.repeat(128), retryAfterMs: Number })
  for (const key of ['short', '%22%22twice-quoted%22%22'])
    t.equal((await app.inject({ url: `/v1/requests/${key}`, headers: alice })).json().code, 'NOT_FOUND', key)
  const quoted = await app.inject({ url: '/v1/requests/%22once-quoted%22', headers: alice })
  t.match(quoted.json(), { requestId: 'once-quoted' }, 'as the header is read')
})

test('without Redis or Postgres, a list of orders is refused, not answered in part', async (t) => {
  const { app, gate } = await publicApp(t)
  gate.orders = [{ order: anOrder(), journaled: true }]
  for (const url of ['/v1/me/orders', '/v1/orders/0-1-1', '/v1/requests/key-0000001']) {
    const answer = await app.inject({ url, headers: alice })
    t.equal(answer.json().code, 'UNAVAILABLE', url)
    t.equal(answer.statusCode, 503)
  }
  gate.failure = new UnavailableError('away')
  t.equal((await app.inject({ url: '/v1/orders/0-1700000000-7', headers: alice })).json().code, 'UNAVAILABLE')
})

test('wrong query parameters are refused by name', async (t) => {
  const { app } = await publicApp(t)
  for (const query of [
    'limit=0',
    'limit=101',
    'limit=ten',
    'campaign=UPPER',
    'cursor=!!',
    'cursor=AAAA',
    'nonsense=1'
  ]) {
    const answer = await app.inject({ url: `/v1/me/orders?${query}`, headers: alice })
    t.equal(answer.json().code, 'VALIDATION', query)
    t.equal(answer.json().errors[0].pointer, `/${query.split('=')[0]}`)
  }
})

test('a user cancels only an order of their own', async (t) => {
  const { app, gate } = await publicApp(t)
  const headers = { ...alice, 'idempotency-key': 'key-0000002' }
  gate.orders = [{ order: anOrder(), journaled: true }]
  gate.outcome = { ...accepted(anOrder({ status: 'cancelled' })) }
  const answer = await app.inject({ method: 'POST', url: '/v1/orders/0-1700000000-7/cancellation', headers })
  t.equal(answer.statusCode, 201)
  t.equal(answer.json().order.status, 'cancelled')
  t.match(gate.commands, [
    {
      op: 'transition',
      transition: 'cancel',
      by: 'user',
      user: 'alice',
      order: '0-1700000000-7',
      campaign: 'launch',
      key: 'u:key-0000002'
    }
  ])
  gate.outcome = { kind: 'refused', code: 'NOT_CANCELLABLE', members: { orderStatus: 'shipped' } }
  const late = await app.inject({ method: 'POST', url: '/v1/orders/0-1700000000-7/cancellation', headers, payload: {} })
  t.match(late.json(), { code: 'NOT_CANCELLABLE', orderStatus: 'shipped' })
  const noKey = await app.inject({ method: 'POST', url: '/v1/orders/0-1700000000-7/cancellation', headers: alice })
  t.equal(noKey.json().code, 'IDEMPOTENCY_KEY_REQUIRED')
  const extra = await app.inject({
    method: 'POST',
    url: '/v1/orders/0-1700000000-7/cancellation',
    headers,
    payload: { refund: 1 }
  })
  t.match(extra.json(), { code: 'VALIDATION', errors: [{ pointer: '/refund' }] })
})
