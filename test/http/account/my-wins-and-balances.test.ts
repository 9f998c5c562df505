import tap, { test } from 'tap'
import { maskUser } from '../../../src/http/views/mask-user.ts'
import { assignCodes, loadCodes } from '../../../src/store/campaigns/codes.ts'
import { bearer, type TestApp } from '../../support/http/http-app.ts'
import { buy, isProblem } from '../../support/http/http-requests.ts'
import { startMall, storeWin, unstored } from '../../support/http/stored-wins.ts'
import { sharedServers } from '../../support/servers/servers.ts'
import { aWin, DECIDED_AT, decided } from '../../support/shop/mall.ts'

const { databaseUrl } = await sharedServers(tap)
const alice = { authorization: bearer('alice', 2) }
const WIN = '0-1700000000-9'

const get = async ({ app }: TestApp, url: string) => (await app.inject({ url, headers: alice })).json()

test('wins of Redis and Postgres are one list, which only their user sees', async (t) => {
  const it = await startMall(t, databaseUrl)
  for (const sequence of [1, 2, 3]) await storeWin(it.pool, 'alice', { sequence })
  await storeWin(it.pool, 'bob', { sequence: 4 })
  it.gate.wins = [
    { win: aWin({ id: '0-1700000000-3', status: 'claimed', wonAt: DECIDED_AT + 3 }), journaled: true },
    { win: aWin({ id: '0-1700000000-5', wonAt: DECIDED_AT + 5 }), journaled: false }
  ]
  const first = await get(it, '/v1/me/wins?limit=3&campaign=mall')
  t.match(first.items, [
    { id: '0-1700000000-5', pending: true, claimRequires: ['address'] },
    { id: '0-1700000000-3', status: 'claimed', claimRequires: [], prize: { title: 'Phone' }, given: {} },
    { id: '0-1700000000-2', status: 'won', draw: 'wheel', campaign: 'mall' }
  ])
  const rest = await get(it, `/v1/me/wins?limit=3&cursor=${first.nextCursor}`)
  t.same([rest.items.map(({ id }: { id: string }) => id), rest.nextCursor], [['0-1700000000-1'], null])
  t.match(await get(it, '/v1/me/wins?campaign=other'), { items: [], nextCursor: null })
  t.match(await get(it, '/v1/wins/0-1700000000-2'), { id: '0-1700000000-2', status: 'won' })
  for (const id of ['0-1700000000-4', '0-1700000000-99', 'rubbish'])
    t.equal((await get(it, `/v1/wins/${id}`)).code, 'NOT_FOUND')
})

test('the ledger names every movement with its cause, stored or not', async (t) => {
  const it = await startMall(t, databaseUrl)
  await it.pool.query(
    `insert into ledger (shard, epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at)
     select 0, 1700000000, n, 'alice', '', 'points', 'mall', '', 100, 'balance.credited',
       to_timestamp(($1::bigint + n) / 1000.0) from generate_series(1, 2) n`,
    [DECIDED_AT]
  )
  it.gate.unstored = [
    unstored(2, { moved: { 'b:points': 100 }, type: 'balance.credited' }),
    unstored(3, {
      type: 'task.completed',
      activity: 'check-in',
      journaled: false,
      moved: { 'b:points': 5, 'b:mall/stars': 0, 'ch:mall/daily': 1, 'n:mall/check-in': 1, 'cx:mall/daily@20768': 1 }
    })
  ]
  const first = await get(it, '/v1/me/ledger?limit=1')
  t.same(first.items, [
    {
      eventId: '0-1700000000-3',
      type: 'task.completed',
      campaign: 'mall',
      activity: 'check-in',
      unit: 'chances:daily',
      scope: 'campaign',
      delta: 1,
      at: '2026-11-11T00:00:01.008Z',
      pending: true
    }
  ])
  const second = await get(it, `/v1/me/ledger?limit=2&cursor=${first.nextCursor}`)
  t.match(second.items, [
    { eventId: '0-1700000000-3', unit: 'points', scope: 'account', delta: 5 },
    { eventId: '0-1700000000-2', type: 'balance.credited', activity: 'wheel', delta: 100 }
  ])
  const third = await get(it, `/v1/me/ledger?limit=2&cursor=${second.nextCursor}`)
  t.match(third, { items: [{ eventId: '0-1700000000-1', activity: null, delta: 100 }], nextCursor: null })
  isProblem(t, await it.app.inject({ url: '/v1/me/ledger?cursor=AAAA', headers: alice }), {
    status: 400,
    code: 'VALIDATION'
  })
})

test('a claim shows its codes to its owner, at once and in the list, and a replay shows the same', async (t) => {
  const it = await startMall(t, databaseUrl)
  await loadCodes(it.pool, { campaign: 'mall', pool: 'tickets', codes: ['T-1', 'T-2', 'T-3'] })
  it.gate.outcome = decided('claim.accepted', '2,tickets|points -1000 0')
  const claim = () => buy(it, { url: '/v1/campaigns/mall/redemptions/ticket/claims', payload: { quantity: 2 } })
  const codes = { code: 'T-1', codes: ['T-1', 'T-2'] }
  t.match((await claim()).json().claim, codes)
  it.gate.outcome = { ...decided('claim.accepted', '2,tickets|points -1000 0'), replayed: true }
  t.match((await claim()).json().claim, codes)
  it.gate.found = it.gate.outcome
  it.gate.unstored = [
    unstored(9, {
      key: 'u:key-0000001',
      type: 'claim.accepted',
      activity: 'ticket',
      report: '2,tickets|points -1000 0'
    }),
    unstored(10, { type: 'claim.accepted', activity: 'mug', report: '1,|stars -5 0', journaled: false }),
    unstored(11, {})
  ]
  t.match((await get(it, '/v1/requests/key-0000001')).claim, { item: 'ticket', ...codes })
  await it.pool.query(
    `insert into claims (claim_id, campaign_id, activity_id, user_id, quantity, unit, cost, pool, shard, epoch, sequence,
       accepted_at, codes_due)
     values ('0-1700000000-8', 'mall', 'ticket', 'alice', 1, 'points', 500, 'tickets', 0, 1700000000, 8,
       to_timestamp($1 / 1000.0), true)`,
    [DECIDED_AT]
  )
  await assignCodes(it.pool, { claim: '0-1700000000-8', campaign: 'mall', pool: 'tickets', quantity: 1 })
  const { items } = await get(it, '/v1/me/claims')
  t.match(items, [
    { id: '0-1700000000-10', item: 'mug', cost: { stars: 5 }, pending: true },
    { id: WIN, item: 'ticket', quantity: 2, cost: { points: 1000 }, ...codes },
    { id: '0-1700000000-8', cost: { points: 500 }, code: 'T-3' }
  ])
  t.equal(items[2].codes, undefined)
})

test('the winners are listed with masked names, without those whose win was revoked', async (t) => {
  const it = await startMall(t, databaseUrl)
  await storeWin(it.pool, 'alice', { sequence: 1 })
  await storeWin(it.pool, 'bo', { sequence: 2 })
  await storeWin(it.pool, 'carol', { sequence: 3, status: 'r' })
  const answer = await it.app.inject('/v1/campaigns/mall/winners')
  t.same(answer.json(), {
    items: [
      {
        user: '***',
        draw: 'wheel',
        prize: { id: 'first', tier: 1, title: 'Phone', type: 'physical' },
        wonAt: '2026-11-11T00:00:01.007Z'
      },
      {
        user: 'a***e',
        draw: 'wheel',
        prize: { id: 'first', tier: 1, title: 'Phone', type: 'physical' },
        wonAt: '2026-11-11T00:00:01.006Z'
      }
    ],
    nextCursor: null
  })
  const page = (await it.app.inject('/v1/campaigns/mall/winners?limit=1&draw=wheel')).json()
  const next = (await it.app.inject(`/v1/campaigns/mall/winners?limit=1&draw=wheel&cursor=${page.nextCursor}`)).json()
  t.same([page.items[0].user, next.items[0].user, next.nextCursor], ['***', 'a***e', null])
  t.equal((await it.app.inject('/v1/campaigns/other/winners')).json().code, 'NOT_FOUND')
  t.same(['x', 'xy', 'xyz', 'wxyz', 'vwxyz', 'someone@example.com'].map(maskUser), [
    '***',
    '***',
    'x***',
    'w***',
    'v***z',
    's***m'
  ])
})

test('my standing tells balances, chances, streaks, tasks and the doubler of the local day', async (t) => {
  const it = await startMall(t, databaseUrl)
  // 2026-11-11 in Shanghai
  const day = 20_768
  it.gate.hashes = {
    'u:alice': {
      'b:points': '120',
      'b:mall/stars': '7',
      'b:other/stars': '9',
      'ch:mall/daily': '2',
      [`cx:mall/daily@${day}`]: '3',
      [`n:mall/daily@${day}`]: '1',
      'n:mall/daily': '11',
      'n:mall/wheel': '4',
      [`n:mall/wheel@${day}`]: '3',
      'wn:mall/wheel': '2',
      'st:mall/check-in': `${day - 1};6;1-2`,
      'n:mall/check-in': '6',
      'db:mall': `${DECIDED_AT + 7_200_000};2;;1-1;1,${DECIDED_AT + 3_600_000};3;check-in+buyer;1-2;2`,
      'e:mall/vip': '1'
    }
  }
  await it.pool.query(
    "insert into task_counts (campaign_id, task_id, user_id, period, count, state) values ('mall', 'buyer', 'alice', '', 2, 'counting')"
  )
  const me = await get(it, '/v1/campaigns/mall/me')
  t.match(me, {
    localDay: '2026-11-11',
    balances: { points: 120, stars: 7 },
    chances: { daily: { daily: 1, dailyLimit: 2, extra: 2, total: 3, extraToday: { count: 3, limit: 3, left: 0 } } },
    streak: { 'check-in': { length: 6, lastDay: '2026-11-10', today: false } },
    doubler: { factor: 3, activities: ['check-in', 'buyer'], until: '2026-11-11T01:00:01.005Z' },
    doublers: [{ factor: 3 }, { factor: 2, activities: null, until: '2026-11-11T02:00:01.005Z' }],
    entitlements: ['vip'],
    titles: []
  })
  const of = (id: string) => me.activities.find((activity: { id: string }) => activity.id === id)
  t.match(of('wheel'), {
    units: { count: 4, limit: 9, left: 5 },
    today: { count: 3, limit: 5, left: 2 },
    wins: { count: 2, limit: 2, left: 0 }
  })
  t.match(of('check-in'), { done: false })
  t.match(of('buyer'), { done: false, progress: { count: 2, goal: 3 } })
  t.match(of('ticket'), { units: { count: 0, limit: 3, left: 3 } })
  t.equal(of('hidden'), undefined)
})

test('the most used activities come first', async (t) => {
  const it = await startMall(t, databaseUrl)
  it.gate.hashes = { 's:mall:ticket': { 'all:total': '200', 'all:remaining': '198' } }
  it.gate.outcome = decided('task.completed', '20768,1,0,|points 5 5')
  for (const key of ['key-1234567', 'key-7654321', 'key-1111111']) {
    await buy(it, {
      url: '/v1/campaigns/mall/tasks/check-in/completions',
      payload: {},
      headers: { 'idempotency-key': key }
    })
  }
  it.gate.outcome = { ...it.gate.outcome, replayed: true } as typeof it.gate.outcome
  await buy(it, { url: '/v1/campaigns/mall/tasks/check-in/completions', payload: {} })
  const { items } = (await it.app.inject('/v1/campaigns/mall/activities/hot')).json()
  t.match(items, [
    { id: 'check-in', kind: 'task', uses: 3 },
    { id: 'ticket', kind: 'redemption', title: 'Ticket', uses: 2 },
    { uses: 0 }
  ])
})
