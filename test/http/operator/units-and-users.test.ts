import t from 'tap'
import { openLoans } from '../../../src/store/campaigns/loans.ts'
import { middayTimezone } from '../../support/midday.ts'
import { type Answer, startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const shop = await startMallShop(t)
const { ask, admin, pool } = shop
const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const prize = (id: string, tier: number, more: object) => ({ id, tier, title: id, quota: 10, weight: 0, ...more })

/** A draw that always wins `prizes`' one with weight, a task with a goal, a mug for points, and caps for grants. */
function definition(id: string, winning: object) {
  const now = Date.now()
  return {
    id,
    title: 'Mall',
    timezone: middayTimezone,
    opensAt: iso(now - HOUR),
    closesAt: iso(now + HOUR),
    units: { points: { scope: 'account' }, stars: { scope: 'campaign' } },
    policies: { grantCap: { stars: 100, chances: 3 } },
    activities: [
      {
        id: 'wheel',
        kind: 'draw',
        title: 'Wheel',
        chances: { daily: 2, extraPerDay: 5 },
        fallback: 'thanks',
        prizes: [prize('winning', 1, { weight: 1, ...winning }), prize('thanks', 9, { type: 'nothing', quota: null })]
      },
      {
        id: 'reader',
        kind: 'task',
        per: 'day',
        goal: { counter: 'pages', count: 3 },
        reward: { stars: 7, chances: { wheel: 1 } }
      },
      { id: 'mug', kind: 'redemption', title: 'Mug', cost: { stars: 60 }, stock: 5, pool: 'mugs' },
      { id: 'lounge', kind: 'task', per: 'day', reward: { entitlement: 'vip' } }
    ]
  }
}

await shop.publish(definition('mall', { type: 'points', value: 50, reward: { stars: 50 } }))

const grant = (user: string, body: object, key?: string) =>
  admin('olga', `POST /admin/v1/users/${user}/grants`, {
    body: { campaign: 'mall', reason: 'a gift', ...body },
    ...(key !== undefined && { key })
  })
const me = async (user: string) => (await ask(user, 'GET /v1/campaigns/mall/me')).body
const spin = (user: string) => ask(user, 'POST /v1/campaigns/mall/draws/wheel/spins', { body: {} })

t.test('points, chances and entitlements are granted, up to the cap of their unit', async (t) => {
  t.match(await grant('gina', { unit: 'stars', amount: 60 }, 'grant-0001'), {
    status: 200,
    body: { outcome: 'confirmed' }
  })
  t.match(await grant('gina', { unit: 'stars', amount: 60 }, 'grant-0001'), { status: 200 }, 'the same grant again')
  t.match(await grant('gina', { unit: 'stars', amount: 41 }), {
    status: 409,
    body: { code: 'LIMIT_REACHED', scope: 'grant', limit: 100, detail: /60 of at most 100 stars/ }
  })
  t.match(await grant('gina', { unit: 'stars', amount: 40 }), { status: 200 })
  t.match(await grant('gina', { unit: 'points', amount: 1_000_000 }), { status: 200 }, 'no cap')
  t.match(await grant('gina', { unit: 'chances:wheel', amount: 3 }), { status: 200 })
  t.match(await grant('gina', { unit: 'chances:wheel', amount: 1 }), { status: 409, body: { code: 'LIMIT_REACHED' } })
  t.match(await grant('gina', { unit: 'entitlement:vip', amount: 1 }), { status: 200 })
  t.match(await me('gina'), {
    balances: { stars: 100, points: 1_000_000 },
    chances: { wheel: { daily: 2, extra: 3, total: 5 } },
    entitlements: ['vip']
  })
  for (const unit of ['pearls', 'chances:other', 'chances:mug', 'entitlement:', 'doubler']) {
    t.match(await grant('gina', { unit, amount: 1 }), { status: 400, body: { errors: [{ pointer: '/unit' }] } }, unit)
  }
  t.match(await grant('gina', { unit: 'stars', amount: 1, reason: ' ' }), { status: 400 })
  t.match(await admin('vera', 'POST /admin/v1/users/gina/grants', { body: {} }), { status: 403 })
  const ledger = await ask('gina', 'GET /v1/me/ledger')
  t.match(ledger.body.items[0], { type: 'balance.credited', unit: 'chances:wheel', delta: 3, campaign: 'mall' })
  t.equal(ledger.body.items.length, 4)
})

const csv = (path: string, body: string, more: object = {}) =>
  admin('ada', `POST /admin/v1${path}`, { body, type: 'text/csv', ...more })

t.test('grants come in bulk: each line once, wrong lines named with their number', async (t) => {
  const lines = [
    'user,unit,amount,reference',
    'bea,stars,30,r-1',
    'bea,stars,30,r-1',
    '"bob" , "stars" , 5 , r-2',
    'bob,pearls,5,r-3',
    'bob,stars,0,r-4',
    `${'b'.repeat(256)},stars,5,r-5`,
    '',
    'bob,stars,96,r-6',
    'bob,stars,7,r-2',
    'too,many,1,columns,here',
    '"open,stars,1,r-7'
  ]
  const path = '/campaigns/mall/grants?reason=a%20party'
  const first = await csv(path, `${lines.join('\r\n')}\r\n`)
  t.match(first, {
    status: 200,
    body: { accepted: 2, duplicates: 1, rejected: 7, errors: { length: 7 } }
  })
  const wrong = new Map(first.body.errors.map(({ line, detail }: { line: number; detail: string }) => [line, detail]))
  t.match(Object.fromEntries(wrong), {
    5: /no unit/,
    6: /amount/,
    7: /as issued/,
    9: /5 of at most 100 stars/,
    10: /another grant/,
    11: /expected columns/,
    12: /expected columns/
  })
  t.match(await csv(path, lines.slice(0, 3).join('\n')), { body: { accepted: 0, duplicates: 2 } }, 'sent again')
  const unnamed = { key: 'a-file-0001' }
  t.match(await csv(path, 'carl,stars,1\ncarl,stars,1', unnamed), { body: { accepted: 2 } }, 'no header, no references')
  t.match(await csv(path, 'carl,stars,1\ncarl,stars,1', unnamed), { body: { accepted: 2 } }, 'the same answer')
  await pool.query("delete from admin_requests where key = 'a-file-0001'")
  const lost = await csv(path, 'carl,stars,1\ncarl,stars,1', unnamed)
  t.match(lost, { body: { accepted: 0, duplicates: 2 } }, 'as if the answer had been lost: no line counts twice')
  const credited = async () => {
    const stars = await Promise.all(['bea', 'bob', 'carl'].map(async (user) => (await me(user)).balances.stars))
    return stars.join() === '30,5,2'
  }
  await waitFor(credited, { what: 'grants to be credited' })
  t.match(
    await csv('/campaigns/mall/grants', 'carl,stars,1'),
    { status: 400, body: { code: 'VALIDATION' } },
    'no reason'
  )
  t.match(await csv(path, 'user,amount\ncarl,1'), { status: 400, body: { errors: [{ detail: /must name unit/ }] } })
  t.match(await csv(path, '{}', { type: 'application/json' }), { status: 415, body: { detail: /text\/csv/ } })
  t.match(await csv('/campaigns/nowhere/grants?reason=x', 'carl,stars,1'), { status: 404 })
})

t.test('a campaign can be paused while thousands of grants are carried out', async (t) => {
  const users = Array.from({ length: 1500 }, (_, index) => `crowd-${index}`)
  const file = csv('/campaigns/mall/grants?reason=crowd', users.map((user) => `${user},stars,1`).join('\n'))
  t.match(await admin('olga', 'POST /admin/v1/campaigns/mall/pause', { body: { reason: 'a test' } }), { status: 200 })
  t.match(await admin('olga', 'POST /admin/v1/campaigns/mall/resumption', { body: {} }), { status: 200 })
  t.match(await file, { body: { accepted: 1500 } })
  const credited = async () => {
    const { rows } = await pool.query(
      "select count(*)::int as count from ledger where user_id like 'crowd-%' and unit = 'stars'"
    )
    return rows[0]?.count === users.length
  }
  await waitFor(credited, { what: '1,500 grants to be stored' })
  const { rows } = await pool.query(
    `select max(sequence) filter (where type = 'campaign.paused') < max(sequence) filter (where user_id like 'crowd-%') as early
     from decisions where campaign_id = 'mall'`
  )
  t.same(rows, [{ early: true }], 'it was paused among them, not behind the last')
})

t.test('codes are loaded once, become available, and are seen by their owner only', async (t) => {
  const load = (body: string, type = 'text/plain') => csv('/campaigns/mall/pools/mugs/codes?reason=x', body, { type })
  t.match(await load('M-1\nM-2\n\nM-1\n M-3 \nnot a code\n'), {
    status: 200,
    body: { loaded: 3, duplicates: 1, total: 3, rejected: 1, errors: [{ line: 6 }] }
  })
  t.match(await load('code\n"M-3"\nM-4', 'text/csv'), { body: { loaded: 1, duplicates: 1, total: 4 } })
  t.match(await csv('/campaigns/mall/pools/other/codes', 'X'), { status: 404 })
  t.match(await csv('/campaigns/nowhere/pools/mugs/codes', 'X'), { status: 404 })
  const claimed = await ask('gina', 'POST /v1/campaigns/mall/redemptions/mug/claims', { body: { quantity: 1 } })
  t.match(claimed, { status: 201, body: { claim: { code: 'M-1', cost: { stars: 60 }, balances: { stars: 40 } } } })
  t.match((await ask('gina', 'GET /v1/me/claims')).body, { items: [{ code: 'M-1', item: 'mug' }] })
  t.match((await ask('bea', 'GET /v1/me/claims')).body, { items: [] })
  const refused = await ask('gina', 'POST /v1/campaigns/mall/redemptions/mug/claims', { body: { quantity: 1 } })
  t.match(refused, { status: 409, body: { code: 'INSUFFICIENT_BALANCE', unit: 'stars', balance: 40, required: 60 } })
  const { rows } = await pool.query(
    "select 1 from decisions where request::text ~ 'M-[0-9]' or report ~ 'M-[0-9]' or record ~ 'M-[0-9]'"
  )
  t.same(rows, [], 'no code is in the journal')
  const audit = await admin('ada', 'GET /admin/v1/audit?target=campaign:mall')
  t.match(
    audit.body.items.filter(({ action }: { action: string }) => action === 'pool.loaded'),
    [{ after: { pool: 'mugs', codes: 1 } }, { operator: 'ada', reason: 'x', after: { codes: 3 } }]
  )
  t.notMatch(JSON.stringify(audit.body), /M-\d/)
})

t.test('opening balances are imported, each reference once', async (t) => {
  const body = 'user,amount,reference\nivan,100,i-1\nivan,1,i-2\nivan,0,i-3\nivan,5,\n'
  t.match(await csv('/units/points/imports', body), {
    status: 200,
    body: { accepted: 2, duplicates: 0, differing: 0, rejected: 2, errors: [{ line: 4 }, { line: 5 }] }
  })
  t.match(await csv('/units/points/imports', 'ivan,100,i-1\nivan,2,i-2'), {
    body: { accepted: 0, duplicates: 2, differing: 1 }
  })
  await waitFor(async () => (await me('ivan')).balances.points === 101, { what: 'imports to be credited' })
  t.match((await ask('ivan', 'GET /v1/me/ledger')).body.items, [{ scope: 'account', unit: 'points' }, {}])
  t.match(await csv('/units/stars/imports', 'ivan,1,i-9'), { status: 404 }, 'a unit of a campaign')
  t.match(await admin('olga', 'POST /admin/v1/units/points/imports', { body: 'x', type: 'text/csv' }), { status: 403 })
})

const progress = (body: object) => admin('counter', 'POST /service/v1/campaigns/mall/tasks/reader/progress', { body })

t.test('a service reports progress, and the goal is reached once although reports come twice', async (t) => {
  const report = (event: string, amount = 1) => progress({ user: 'petra', sourceEventId: event, amount })
  t.match(await report('e-1'), { status: 200, body: { count: 1, goal: 3, completed: false, repeated: false } })
  t.match(await report('e-1'), { body: { count: 1, completed: false, repeated: true } })
  t.match(await report('e-1', 2), { status: 409, body: { code: 'CONFLICT' } })
  t.match(await report('e-2', 2), { body: { count: 3, goal: 3, completed: true } })
  t.match(await report('e-3'), { body: { count: 4, completed: true } })
  await waitFor(async () => (await me('petra')).balances.stars === 7, { what: 'the task to be completed' })
  const mine = await me('petra')
  t.match(mine.chances.wheel, { extra: 1 })
  t.match(
    mine.activities.find(({ id }: { id: string }) => id === 'reader'),
    { done: true, progress: { count: 4, goal: 3 } }
  )
  t.match(await ask('petra', 'POST /v1/campaigns/mall/tasks/reader/completions', { body: {} }), {
    status: 403,
    body: { code: 'UNVERIFIED' }
  })
  for (const [occurredAt, words] of [
    [iso(Date.now() + 86_400_000), /has passed/],
    ['2026-02-30T00:00:00z', /does not exist/]
  ] as const) {
    const answer = await progress({ user: 'petra', sourceEventId: 'e-6', occurredAt })
    t.match(answer, { status: 400, body: { errors: [{ pointer: '/occurredAt', detail: words }] } }, occurredAt)
  }
  const before = { user: 'petra', sourceEventId: 'e-5', occurredAt: '2020-01-01t00:00:00.123456789z' }
  t.match(await progress(before), { status: 409, body: { code: 'NOT_STARTED', opensAt: String } })
  t.match(await progress({ user: 'petra' }), { status: 400, body: { errors: [{ pointer: '/sourceEventId' }] } })
  const elsewhere = '/service/v1/campaigns/mall/tasks/wheel/progress'
  t.match(await admin('counter', `POST ${elsewhere}`, { body: { user: 'p', sourceEventId: 'x' } }), { status: 404 })
  t.match(await admin('vera', `POST ${elsewhere}`, { body: { user: 'p', sourceEventId: 'x' } }), { status: 403 })
  t.match(await admin('counter', 'GET /admin/v1/campaigns'), { status: 403 })
})

t.test('a win is revoked once: what it gave is taken back as far as it is there, and the quota returns', async (t) => {
  const won = await spin('wanda')
  t.match(won, { status: 201, body: { spin: { prize: { id: 'winning' }, credited: { stars: 50 } } } })
  await grant('wanda', { unit: 'stars', amount: 15 })
  const mug = await ask('wanda', 'POST /v1/campaigns/mall/redemptions/mug/claims', { body: { quantity: 1 } })
  t.match(mug.body.claim, { balances: { stars: 5 } }, 'most of it is spent')
  const { id } = won.body.spin.win
  const revoke = (body: object) => admin('olga', `POST /admin/v1/wins/${id}/revocation`, { body })
  t.match(await revoke({}), { status: 400 })
  t.match(await admin('vera', `POST /admin/v1/wins/${id}/revocation`, { body: { reason: 'x' } }), { status: 403 })
  t.match(await revoke({ reason: 'a mistake' }), {
    status: 201,
    body: { win: { id, status: 'revoked' }, revocation: { takenBack: { stars: 5 }, shortfall: { stars: 45 } } }
  })
  const again = await revoke({ reason: 'once more', returnQuota: false })
  t.match([again.status, again.headers['idempotent-replayed']], [201, 'true'])
  t.equal((await me('wanda')).balances.stars, 0)
  t.match((await ask('wanda', `GET /v1/wins/${id}`)).body, { status: 'revoked' })
  t.match(await ask('wanda', `POST /v1/wins/${id}/claim`, { body: {} }), { status: 409, body: { code: 'VOIDED' } })
  t.match(await admin('olga', 'POST /admin/v1/wins/0-1-1/revocation', { body: { reason: 'x' } }), { status: 404 })
  t.match((await admin('vera', `GET /admin/v1/wins/${id}`)).body, { user: 'wanda', status: 'revoked' })
  const audit = await admin('ada', `GET /admin/v1/audit?target=win:${id}`)
  t.match(audit.body.items, [{ operator: 'olga', action: 'win.revoked', reason: 'a mistake' }])
  t.equal(audit.body.items.length, 1, 'a replay is no change')
})

const stockOf = async () => {
  await waitFor(async () => (await openLoans(pool, 'mall')) === 0, { what: 'no unit to be between two shards' })
  const { body } = await admin('vera', 'GET /admin/v1/campaigns/mall/state')
  return body.activities.find(({ id }: { id: string }) => id === 'wheel').prizes[0].remaining
}

t.test('a disqualified user is refused everywhere, and loses every win if the operator says so', async (t) => {
  await grant('eve', { unit: 'chances:wheel', amount: 2 })
  const wins: string[] = []
  for (let turn = 0; turn < 4; turn++) wins.unshift((await spin('eve')).body.spin.win.id)
  t.match(await spin('eve'), { status: 409, body: { code: 'INSUFFICIENT_BALANCE', unit: 'chances:wheel' } })
  const left = await stockOf()
  const disqualify = () =>
    admin('olga', 'POST /admin/v1/users/eve/disqualification', {
      key: 'disqualify-eve',
      body: { campaign: 'mall', reason: 'a bot', revokeWins: true, returnQuota: true }
    })
  t.match(await disqualify(), { status: 200, body: { outcome: 'confirmed', revokedWins: wins } })
  t.match(await disqualify(), { status: 200, body: { revokedWins: wins } }, 'asked again, the same')
  t.match(await spin('eve'), { status: 403, body: { code: 'DISQUALIFIED' } })
  t.match(await me('eve'), { disqualified: true, balances: { stars: 0 } })
  await waitFor(async () => (await stockOf()) === left + 4, { what: 'the quota to return' })
  const timeline = await admin('vera', 'GET /admin/v1/users/eve/timeline?campaign=mall')
  const types = timeline.body.items.map(({ type }: { type: string }) => type)
  t.same(types.slice(0, 5), [...wins.map(() => 'win.revoked'), 'user.disqualified'])
  t.match(timeline.body.items.at(-1), { type: 'balance.credited', campaign: 'mall' })
})

t.test('a disqualified user keeps the wins unless the operator says otherwise', async (t) => {
  const { body }: Answer = await spin('mild')
  const asked = { body: { campaign: 'mall', reason: 'a test' } }
  const answer = await admin('olga', 'POST /admin/v1/users/mild/disqualification', asked)
  t.match([answer.status, answer.body.revokedWins], [200, undefined])
  t.match((await ask('mild', `GET /v1/wins/${body.spin.win.id}`)).body, { status: 'given' })
})
