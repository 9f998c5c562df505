import { type Test, test } from 'tap'
import { UnavailableError } from '../../../src/base/errors.ts'
import { drawRandom } from '../../../src/record/draw-random.ts'
import { aCatalogue, bearer, publicApp, type TestApp } from '../../support/http/http-app.ts'
import { buy, isProblem, refused } from '../../support/http/http-requests.ts'
import { aMall, aWin, DECIDED_AT, decided, SEED } from '../../support/shop/mall.ts'

const at = (path: string) => `/v1/campaigns/mall/${path}`
const SPIN = at('draws/wheel/spins')
const CLAIM = at('redemptions/ticket/claims')
const CHECK_IN = at('tasks/check-in/completions')

function start(t: Test, campaign = aMall()): Promise<TestApp> {
  return publicApp(t, { catalogue: aCatalogue([campaign]), now: () => Date.UTC(2026, 10, 12) })
}

const ask = (app: TestApp, url: string, payload: unknown = {}) => buy(app, { url, payload })
const spinWith = (app: TestApp, headers: Record<string, string>) => buy(app, { url: SPIN, payload: {}, headers })

test('a spin is asked for with the number of its seed, user and key; a body is not needed', async (t) => {
  const app = await start(t)
  app.gate.outcome = decided('spin.lost', 'thanks,,0a1b2c3d4e5f6,,thanks,,0,|points -10 90')
  const answer = await ask(app, SPIN)
  t.equal(answer.statusCode, 201)
  t.same(answer.json(), {
    outcome: 'confirmed',
    requestId: 'key-0000001',
    sequence: 9,
    eventId: '0-1700000000-9',
    spin: {
      id: '0-1700000000-9',
      campaign: 'mall',
      draw: 'wheel',
      prize: { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing' },
      win: null,
      cost: { points: 10 },
      credited: {},
      balances: { points: 90 },
      number: '0a1b2c3d4e5f6',
      spunAt: '2026-11-11T00:00:01.005Z'
    }
  })
  const bare = await app.app.inject({
    method: 'POST',
    url: SPIN,
    headers: { authorization: bearer('alice', 3), 'idempotency-key': '"key-0000001"' }
  })
  t.equal(bare.statusCode, 201)
  const [first, second] = app.gate.commands
  t.same(first, second, 'the same command, so the same hash')
  t.match(first, {
    op: 'participate',
    by: 'user',
    user: 'alice',
    level: 3,
    key: 'u:key-0000001',
    campaign: 'mall',
    activity: 'wheel',
    quantity: 1,
    pool: 'coupons',
    request: '{}',
    random: drawRandom(SEED, { campaign: 'mall', draw: 'wheel', user: 'alice', key: 'key-0000001' })
  })
})

test('a spin that wins shows prize and win; why it is not the picked prize; words in the language asked for', async (t) => {
  const app = await start(t)
  const win = aWin({ claimBy: DECIDED_AT + 1000 })
  app.gate.outcome = decided('spin.won', 'first,,0a1b2c3d4e5f6,ff,thanks,guaranteed,0,|points -10 90', { win })
  const answer = await spinWith(app, { 'accept-language': 'zh-CN' })
  t.match(answer.json().spin, {
    prize: { id: 'first', tier: 1, title: '手机', type: 'physical' },
    win: { id: win.id, status: 'won', claimBy: '2026-11-11T00:00:02.005Z', claimRequires: ['address'] },
    why: 'guaranteed'
  })
  app.gate.outcome = { ...decided('spin.won', 'gone,,0,,gone,,0,', { win: aWin({ prize: 'gone' }) }), replayed: true }
  const replay = await ask(app, SPIN)
  t.equal(replay.headers['idempotent-replayed'], 'true')
  t.match(replay.json().spin.prize, { id: 'gone', title: 'gone' }, 'a prize that the catalogue does not know')
})

test('a fallback with sub-prizes says which one it was, what it credited and the chances left', async (t) => {
  const app = await start(t)
  const given = [{ unit: 'points', field: 'b:points', amount: 3 }]
  const win = aWin({ draw: 'daily', prize: 'luck', sub: 'small', tier: 9, type: 'points', status: 'given', given })
  app.gate.outcome = decided('spin.won', 'luck,small,0,,luck,,0,1|points 1 8|points 2 10', { win })
  const { spin } = (await ask(app, at('draws/daily/spins'))).json()
  t.match(spin, {
    prize: { id: 'luck', sub: { id: 'small', title: 'Small' } },
    win: { status: 'given', claimBy: null, claimRequires: [] },
    cost: {},
    credited: { points: 3 },
    balances: { points: 10, chances: { daily: { daily: 1 } } }
  })
  app.gate.outcome = decided('spin.won', 'luck,,0,,luck,,0,0|chances:daily -1 4', { win })
  t.same((await ask(app, at('draws/daily/spins'))).json().spin.balances, { chances: { daily: { daily: 0, extra: 4 } } })
})

test('a claim takes from its pool; while Postgres is away it is confirmed without its code', async (t) => {
  const app = await start(t)
  app.gate.outcome = decided('claim.accepted', '2,tickets|points -1000 200')
  const answer = await ask(app, CLAIM, { quantity: 2 })
  t.equal(answer.statusCode, 201)
  t.same(answer.json().claim, {
    id: '0-1700000000-9',
    campaign: 'mall',
    item: 'ticket',
    quantity: 2,
    cost: { points: 1000 },
    balances: { points: 200 },
    acceptedAt: '2026-11-11T00:00:01.005Z'
  })
  t.match(app.gate.commands, [
    { op: 'participate', quantity: 2, pool: 'tickets', random: '', request: '{"quantity":2}' }
  ])
  app.gate.outcome = decided('claim.accepted', '1,|stars -5 0')
  const goods = await ask(app, at('redemptions/mug/claims'), { quantity: 1 })
  t.match(goods.json().claim, { item: 'mug', cost: { stars: 5 }, balances: { stars: 0 } })
  t.equal((app.gate.commands[1] as { pool?: string }).pool, '')
})

test('a completion says what was credited, cut and doubled, and how long the streak is', async (t) => {
  const app = await start(t)
  app.gate.outcome = decided(
    'task.completed',
    '20768,7,1,chances:daily,2|points 10 10|chances:daily 0 3|points 100 110'
  )
  const answer = await ask(app, CHECK_IN, { proof: 'seen at 10:00' })
  t.same(answer.json().completion, {
    id: '0-1700000000-9',
    campaign: 'mall',
    task: 'check-in',
    period: '2026-11-11',
    credited: { points: 110, chances: { daily: 0 } },
    cappedBy: 'chances:daily',
    doubled: 2,
    streak: { length: 7, bonus: true },
    balances: { points: 110, chances: { daily: { extra: 3 } } },
    completedAt: '2026-11-11T00:00:01.005Z'
  })
  app.gate.outcome = decided('task.completed', ',,0,,1|entitlement:vip 1 1|doubler 2 1794355201005')
  t.match((await ask(app, at('tasks/buyer/completions'))).json().completion, {
    period: null,
    credited: { entitlement: 'vip', doubler: { factor: 2, until: '2026-11-11T00:00:01.005Z' } },
    balances: {}
  })
  app.gate.outcome = decided('task.completed', '20768,1,0,stars,3|points 30 30|stars 10 10')
  const cut = (await ask(app, CHECK_IN, { proof: 'seen' })).json().completion
  t.match(cut, { doubled: 3, cappedBy: 'stars', credited: { points: 30, stars: 10 } }, 'the card, not what a cap left')
  app.gate.outcome = decided('task.completed', '20768,1,0,|points 20 20')
  t.notOk('doubled' in (await ask(app, CHECK_IN)).json().completion, 'an older version did not say it')
  t.match(app.gate.commands, [{ request: '{"proof":"seen at 10:00"}' }, { request: '{}', random: '', pool: '' }])
})

test('what is not journaled in time is pending, whatever its kind', async (t) => {
  const app = await start(t)
  app.gate.outcome = { kind: 'pending', decision: decided('spin.lost', 'thanks,,0,,thanks,,0,').decision }
  for (const [url, payload] of [
    [SPIN, {}],
    [CLAIM, { quantity: 1 }],
    [CHECK_IN, {}]
  ] as const) {
    const answer = await ask(app, url, payload)
    t.equal(answer.statusCode, 202)
    t.match(answer.json(), { outcome: 'pending', statusUrl: '/v1/requests/key-0000001' })
  }
})

test('refusals of the gate carry their members', async (t) => {
  const app = await start(t)
  const resetsAt = '2026-11-11T16:00:00.000Z'
  for (const [code, status, members] of [
    ['INSUFFICIENT_BALANCE', 409, { unit: 'points', balance: 3, required: 10 }],
    ['LIMIT_REACHED', 409, { scope: 'day', limit: 5, resetsAt }],
    ['ALREADY_DONE', 409, {}],
    ['PREREQUISITE', 409, { after: ['check-in'] }],
    ['SOLD_OUT', 409, { remaining: 0, mayReopen: false }],
    ['NOT_ELIGIBLE', 403, { requires: { entitlement: 'vip' } }],
    ['DISQUALIFIED', 403, {}],
    ['UNVERIFIED', 403, {}],
    ['PAUSED', 409, {}],
    ['ENDED', 410, {}],
    ['RATE_LIMITED', 429, { scope: 'campaign' }],
    ['KEY_REUSED', 422, {}]
  ] as const) {
    app.gate.outcome = refused(code, members)
    isProblem(t, await ask(app, SPIN), { status, code, ...members, requestId: 'key-0000001' })
  }
})

test('only an activity that exists, is shown and has the right kind can be taken part in', async (t) => {
  const app = await start(t)
  for (const path of [
    'draws/ticket/spins',
    'draws/nothing/spins',
    'tasks/wheel/completions',
    'tasks/hidden/completions',
    'redemptions/check-in/claims',
    'sales/wheel/orders'
  ]) {
    const answer = await ask(app, at(path), /claims|orders/.test(path) ? { quantity: 1 } : {})
    isProblem(t, answer, { status: 404, code: 'NOT_FOUND' })
  }
  isProblem(t, await ask(app, '/v1/campaigns/other/draws/wheel/spins'), { status: 404, code: 'NOT_FOUND' })
  t.same(app.gate.commands, [])
})

test('malformed requests never reach the gate', async (t) => {
  const app = await start(t)
  for (const [url, payload, pointer] of [
    [SPIN, { quantity: 2 }, '/quantity'],
    [CLAIM, {}, '/quantity'],
    [CLAIM, { quantity: 0 }, '/quantity'],
    [CLAIM, { quantity: 1.5 }, '/quantity'],
    [CHECK_IN, { proof: '' }, '/proof'],
    [CHECK_IN, { proof: 'x'.repeat(201) }, '/proof'],
    [CHECK_IN, { user: 'bob' }, '/user']
  ] as const) {
    isProblem(t, await ask(app, url, payload), { status: 400, code: 'VALIDATION', errors: [{ pointer }] })
  }
  isProblem(t, await spinWith(app, { 'idempotency-key': '' }), { status: 400, code: 'IDEMPOTENCY_KEY_REQUIRED' })
  isProblem(t, await spinWith(app, { authorization: '' }), { status: 401, code: 'UNAUTHENTICATED' })
  t.same(app.gate.commands, [])
})

test('a draw without its seed refuses spins', async (t) => {
  const app = await start(t, aMall({ seeds: new Map() }))
  isProblem(t, await ask(app, SPIN), { status: 503, code: 'UNAVAILABLE' })
  t.same(app.gate.commands, [])
})

test('the status route knows requests of every kind, from the frames where Postgres does not have them yet', async (t) => {
  const { app, gate } = await start(t)
  const get = () => app.inject({ url: '/v1/requests/key-0000001', headers: { authorization: bearer('alice') } })
  const place = {
    id: '0-1700000000-9',
    key: 'u:key-0000001',
    campaign: 'mall',
    at: DECIDED_AT,
    entity: '0-',
    record: '',
    request: {},
    moved: {}
  }
  for (const [activity, outcome, shown] of [
    ['wheel', decided('spin.lost', 'thanks,,0,,thanks,,0,'), { spin: { prize: { title: 'Thanks' }, draw: 'wheel' } }],
    ['mug', decided('claim.accepted', '1,|stars -5 0'), { claim: { item: 'mug', quantity: 1 } }],
    ['check-in', decided('task.completed', '20768,,0,|points 5 5'), { completion: { task: 'check-in' } }]
  ] as const) {
    const { type, report } = outcome.decision
    gate.found = outcome
    gate.unstored = [{ ...place, activity, type, report, journaled: true }]
    const answer = await get()
    t.equal(answer.statusCode, 200)
    t.match(answer.json(), { outcome: 'confirmed', requestId: 'key-0000001', ...shown })
  }
  gate.found = decided('win.claimed', '1700000000-9', { win: aWin({ status: 'claimed' }) })
  t.match((await get()).json(), { win: { status: 'claimed', draw: 'wheel', claimRequires: [] } })
  gate.found = decided('spin.lost', 'thanks,,0,,thanks,,0,')
  gate.unstored = []
  t.equal((await get()).json().code, 'UNAVAILABLE', 'where it was made only Postgres would know')
  gate.failure = new UnavailableError('away')
  t.equal((await get()).json().code, 'UNAVAILABLE')
})

test('while the gate has too much to decide, users are refused before their tokens are read, and return at spread times', async (t) => {
  const mall = await start(t)
  mall.gate.busy = true
  const headers = { authorization: 'Bearer not-a-token', origin: 'http://localhost:8080' }
  const answers = await Promise.all(Array.from({ length: 40 }, () => spinWith(mall, headers)))
  const waits = answers.map((answer) => {
    isProblem(t, answer, { status: 503, code: 'UNAVAILABLE' })
    t.equal(answer.headers['access-control-allow-origin'], headers.origin, 'a page may read it')
    const { retryAfterMs } = answer.json<{ retryAfterMs: number }>()
    t.equal(Number(answer.headers['retry-after']), Math.ceil(retryAfterMs / 1000))
    return retryAfterMs
  })
  t.equal(mall.gate.commands.length, 0)
  t.ok(Math.min(...waits) >= 1000 && Math.max(...waits) <= 4000)
  for (const from of [1000, 2000, 3000]) {
    const share = waits.filter((wait) => wait >= from && wait < from + 1000).length
    t.ok(share >= 10, `${share} of 40 in the second from ${from} ms`)
  }
  t.equal((await mall.app.inject({ url: '/v1/campaigns/mall' })).statusCode, 200, 'pages are shown')
  mall.gate.busy = false
  isProblem(t, await spinWith(mall, headers), { status: 401, code: 'UNAUTHENTICATED' })
})
