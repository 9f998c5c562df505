import { test } from 'tap'
import type { Outcome } from '../../../src/gate/batch/outcomes.ts'
import { setDrainPhase } from '../../../src/http/running/drain.ts'
import { publicApp } from '../../support/http/http-app.ts'
import { BUY_KEY, buy, isProblem, refused } from '../../support/http/http-requests.ts'
import { accepted, anOrder } from '../../support/http/scripted-gate.ts'

test('a confirmed order is answered as the contract shows it', async (t) => {
  const shop = await publicApp(t)
  const answer = await buy(shop)
  t.equal(answer.statusCode, 201)
  t.strictSame(answer.json(), {
    outcome: 'confirmed',
    requestId: BUY_KEY,
    sequence: 7,
    eventId: '0-1700000000-7',
    order: {
      id: '0-1700000000-7',
      campaign: 'launch',
      sale: 'phone',
      session: 'am',
      quantity: 1,
      unitPrice: 299900,
      currency: 'CNY',
      status: 'accepted',
      acceptedAt: '2026-11-11T00:00:01.005Z',
      payBy: '2026-11-11T00:15:01.005Z',
      shipBy: null,
      position: 4
    }
  })
  t.equal(answer.headers['idempotent-replayed'], undefined)
  t.match(shop.gate.commands, [
    {
      op: 'buy',
      user: 'alice',
      key: `u:${BUY_KEY}`,
      campaign: 'launch',
      activity: 'phone',
      quantity: 1,
      level: 3,
      request: '{"quantity":1}'
    }
  ])
  t.match(shop.gate.commands[0]?.hash, /^[A-Za-z0-9_-]{8,16}$/)
})

test('a replay says so, and shows dates where there are some', async (t) => {
  const shop = await publicApp(t)
  shop.gate.outcome = accepted(anOrder({ payBy: null, shipBy: Date.UTC(2026, 10, 20) }), true)
  const answer = await buy(shop)
  t.equal(answer.statusCode, 201)
  t.equal(answer.headers['idempotent-replayed'], 'true')
  t.match(answer.json().order, { payBy: null, shipBy: '2026-11-20T00:00:00.000Z' })
})

test('a pending decision promises nothing and says where to ask', async (t) => {
  const shop = await publicApp(t)
  shop.gate.outcome = { kind: 'pending', decision: accepted().decision }
  const answer = await buy(shop, { headers: { 'idempotency-key': 'a/b?c%d-e' } })
  t.equal(answer.statusCode, 202)
  const { retryAfterMs, ...rest } = answer.json()
  t.strictSame(rest, { outcome: 'pending', requestId: 'a/b?c%d-e', statusUrl: '/v1/requests/a%2Fb%3Fc%25d-e' })
  t.ok(retryAfterMs >= 100)
})

const refusals: Array<[Outcome, { status: number; code: string } & Record<string, unknown>]> = [
  [refused('NOT_FOUND', {}), { status: 404, code: 'NOT_FOUND' }],
  [
    refused('NOT_STARTED', { opensAt: '2026-11-11T00:00:00.000Z' }),
    { status: 409, code: 'NOT_STARTED', opensAt: '2026-11-11T00:00:00.000Z' }
  ],
  [refused('SESSION_CLOSED', { nextOpensAt: null }), { status: 409, code: 'SESSION_CLOSED', nextOpensAt: null }],
  [
    refused('SESSION_CLOSED', { nextOpensAt: '2026-11-11T15:00:00.000Z' }),
    { status: 409, code: 'SESSION_CLOSED', nextOpensAt: '2026-11-11T15:00:00.000Z' }
  ],
  [refused('PAUSED', {}), { status: 409, code: 'PAUSED' }],
  [refused('ENDED', {}), { status: 410, code: 'ENDED' }],
  [
    refused('SOLD_OUT', { remaining: 1, mayReopen: true }),
    { status: 409, code: 'SOLD_OUT', remaining: 1, mayReopen: true }
  ],
  [
    refused('LIMIT_REACHED', { scope: 'activity', limit: 1 }),
    { status: 409, code: 'LIMIT_REACHED', scope: 'activity', limit: 1 }
  ],
  [
    refused('NOT_ELIGIBLE', { requires: { entitlement: 'vip' } }),
    { status: 403, code: 'NOT_ELIGIBLE', requires: { entitlement: 'vip' } }
  ],
  [refused('DISQUALIFIED', {}), { status: 403, code: 'DISQUALIFIED' }],
  [refused('KEY_REUSED', {}), { status: 422, code: 'KEY_REUSED' }],
  [refused('NOT_PAYABLE', { orderStatus: 'expired' }), { status: 409, code: 'NOT_PAYABLE', orderStatus: 'expired' }],
  [refused('NOT_CANCELLABLE', { orderStatus: 'paid' }), { status: 409, code: 'NOT_CANCELLABLE', orderStatus: 'paid' }],
  [refused('CONFLICT', { reason: 'amount' }), { status: 409, code: 'CONFLICT', reason: 'amount' }],
  [
    refused('RATE_LIMITED', { scope: 'campaign', retryAfterMs: 40 }),
    { status: 429, code: 'RATE_LIMITED', scope: 'campaign' }
  ],
  [
    { kind: 'unavailable', reason: 'closed', retryAfterMs: 400 },
    { status: 503, code: 'UNAVAILABLE' }
  ],
  [
    { kind: 'unknown', reason: 'reply lost' },
    { status: 503, code: 'UNKNOWN_OUTCOME' }
  ]
]

test('every refusal of the gate is a problem with its members, in both languages', async (t) => {
  const shop = await publicApp(t)
  for (const [outcome, expected] of refusals) {
    shop.gate.outcome = outcome
    const english = await buy(shop)
    isProblem(t, english, expected)
    t.equal(english.json().requestId, BUY_KEY)
    const chinese = await buy(shop, { headers: { 'accept-language': 'zh-CN,zh;q=0.9' } })
    isProblem(t, chinese, expected)
    t.match(chinese.json().title, /\p{Script=Han}/u)
    t.notMatch(english.json().title, /\p{Script=Han}/u)
    if (expected.status !== 429 && expected.status !== 503) continue
    t.ok(english.json().retryAfterMs >= 40 && english.json().retryAfterMs <= 1000, 'says how long to wait')
    t.equal(english.headers['retry-after'], '1')
  }
})

test('an idempotency key is required, cleaned of quotes, and has 8 to 128 visible characters', async (t) => {
  const shop = await publicApp(t)
  isProblem(t, await buy(shop, { headers: { 'idempotency-key': '' } }), {
    status: 400,
    code: 'IDEMPOTENCY_KEY_REQUIRED'
  })
  for (const wrong of [
    '1234567',
    'x'.repeat(129),
    'with space',
    '"1234567"',
    'ümlaut-key',
    'tab\tinside',
    '""double-key""',
    '"""twice-more"""'
  ]) {
    const answer = await buy(shop, { headers: { 'idempotency-key': wrong } })
    isProblem(t, answer, { status: 400, code: 'VALIDATION', errors: [{ pointer: '/idempotency-key' }] })
  }
  t.equal(shop.gate.commands.length, 0)
  const good: Array<[string, string]> = [
    ['12345678', '12345678'],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['"quoted-key"', 'quoted-key'],
    ['"half-quoted', '"half-quoted']
  ]
  for (const [sent, kept] of good) {
    const answer = await buy(shop, { headers: { 'idempotency-key': sent } })
    t.equal(answer.json().requestId, kept)
    t.equal(shop.gate.commands.at(-1)?.key, `u:${kept}`)
  }
})

test('a key that looks like an internal one stays below the prefix of clients', async (t) => {
  const shop = await publicApp(t)
  await buy(shop, { headers: { 'idempotency-key': 'x:pay:0-1-1:ref' } })
  t.equal(shop.gate.commands[0]?.key, 'u:x:pay:0-1-1:ref')
})

test('the request hash tells sales and quantities apart, not how the body was written', async (t) => {
  const shop = await publicApp(t)
  await buy(shop)
  await buy(shop, { payload: ' { "quantity" : 1 } ' })
  await buy(shop, { payload: { quantity: 2 } })
  const [first, same, other] = shop.gate.commands.map(({ hash }) => hash)
  t.equal(first, same)
  t.not(first, other)
})

test('a wrong body changes nothing and names everything that is wrong', async (t) => {
  const shop = await publicApp(t)
  const rubbish: Array<[unknown, string[]]> = [
    [{}, ['/quantity']],
    [{ quantity: 0 }, ['/quantity']],
    [{ quantity: -1 }, ['/quantity']],
    [{ quantity: 1.5 }, ['/quantity']],
    [{ quantity: '1' }, ['/quantity']],
    [{ quantity: null }, ['/quantity']],
    [{ quantity: true }, ['/quantity']],
    [{ quantity: [1] }, ['/quantity']],
    [{ quantity: 1e308 }, ['/quantity']],
    [{ quantity: 1_000_001 }, ['/quantity']],
    [{ quantity: 1, user: 'mallory' }, ['/user']],
    [{ quantity: 'x', 'a/b~c': 1 }, ['/a~1b~0c', '/quantity']],
    [[], ['']],
    ['null', ['']],
    ['"text"', ['']],
    ['{"quantity":1', ['']],
    ['{"quantity":NaN}', ['']],
    ['{"quantity":1,"__proto__":{"x":1}}', ['']],
    ['', ['/quantity']]
  ]
  for (const [payload, pointers] of rubbish) {
    const answer = await buy(shop, { payload })
    isProblem(t, answer, { status: 400, code: 'VALIDATION' })
    const { errors } = answer.json() as { errors: Array<{ pointer: string; detail: string }> }
    t.strictSame(errors.map(({ pointer }) => pointer).sort(), pointers, JSON.stringify(payload))
    t.ok(errors.every(({ detail }) => detail.length > 0))
  }
  t.equal(shop.gate.commands.length, 0)
})

test('an empty body is an empty object, with and without a type', async (t) => {
  const shop = await publicApp(t)
  const types = ['', 'application/json', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded']
  for (const type of types) {
    const answer = await buy(shop, { payload: '', headers: { 'content-type': type } })
    isProblem(t, answer, { status: 400, code: 'VALIDATION', errors: [{ pointer: '/quantity' }] })
    const url = `/v1/orders/${anOrder().id}/cancellation`
    shop.gate.orders = [{ order: anOrder(), journaled: true }]
    const cancelled = await buy(shop, { url, payload: '', headers: { 'content-type': type } })
    t.equal(cancelled.statusCode, 201, `of type '${type}'`)
  }
})

test('a buy cannot be stacked with other discounts', async (t) => {
  const shop = await publicApp(t)
  for (const field of ['coupon', 'couponCode', 'points', 'discount']) {
    const answer = await buy(shop, { payload: { quantity: 1, [field]: 'SAVE10' } })
    isProblem(t, answer, { status: 400, code: 'STACKING_NOT_ALLOWED', fields: [field] })
  }
  const both = await buy(shop, { payload: { quantity: -5, coupon: 1, nonsense: 2 } })
  isProblem(t, both, { status: 400, code: 'STACKING_NOT_ALLOWED' })
  t.equal(shop.gate.commands.length, 0)
})

test('bodies that are too large or of another type are refused', async (t) => {
  const shop = await publicApp(t)
  isProblem(t, await buy(shop, { payload: { quantity: 1, x: 'y'.repeat(17_000) } }), {
    status: 413,
    code: 'BODY_TOO_LARGE',
    limitBytes: 16384
  })
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'multipart/form-data; boundary=x'
  ]) {
    isProblem(t, await buy(shop, { headers: { 'content-type': type } }), {
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE'
    })
  }
  t.equal(shop.gate.commands.length, 0)
})

test('unknown and hidden activities, and paths that are no route, are not found', async (t) => {
  const shop = await publicApp(t)
  const urls = [
    '/v1/campaigns/other/sales/phone/orders',
    '/v1/campaigns/launch/sales/other/orders',
    '/v1/campaigns/launch/sales/case/orders',
    `/v1/campaigns/${'x'.repeat(2000)}/sales/phone/orders`,
    '/v1/campaigns/LAUNCH/sales/phone/orders',
    '/v1/campaigns/%ZZ/sales/phone/orders',
    '/v1/campaigns/__proto__/sales/constructor/orders',
    '/admin/v1/orders/0-1-1/payment',
    '/metrics',
    '/v2/campaigns'
  ]
  for (const url of urls) isProblem(t, await buy(shop, { url }), { status: 404, code: 'NOT_FOUND' })
  t.equal(shop.gate.commands.length, 0)
})

test('an internal fault says nothing of its cause, only that the same key will tell the outcome', async (t) => {
  const shop = await publicApp(t)
  shop.gate.submit = async () => {
    throw new Error('secret internals at /var/lib')
  }
  const answer = await buy(shop)
  isProblem(t, answer, { status: 503, code: 'UNKNOWN_OUTCOME' })
  t.notMatch(answer.body, /secret|var\/lib/)
})

test('while the process stops, answers close their connections', async (t) => {
  const shop = await publicApp(t)
  t.teardown(() => setDrainPhase('serving'))
  setDrainPhase('closing')
  t.equal((await buy(shop)).headers.connection, 'close')
  shop.gate.outcome = refused('PAUSED', {})
  t.equal((await buy(shop)).headers.connection, 'close')
})
