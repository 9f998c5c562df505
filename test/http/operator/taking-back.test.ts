import t from 'tap'
import { openLoans } from '../../../src/store/campaigns/loans.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const { ask, admin, publish, pool } = await startMallShop(t)
const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()

/** A sale, and a draw whose only prizes have no quota. */
function definition(id: string, more: object = {}) {
  const now = Date.now()
  const [opensAt, closesAt] = [iso(now - HOUR), iso(now + HOUR)]
  return {
    $schema: '/schemas/campaign.json',
    id,
    title: 'Truth',
    timezone: 'Asia/Shanghai',
    opensAt,
    closesAt,
    units: { stars: { scope: 'campaign' } },
    policies: { grantCap: { stars: 20_000 } },
    activities: [
      {
        id: 'phone',
        kind: 'sale',
        title: 'Phone',
        price: 100,
        currency: 'cny',
        sessions: [{ id: 'am', opensAt, closesAt, stock: 6 }]
      },
      {
        id: 'wheel',
        kind: 'draw',
        title: 'Wheel',
        fallback: 'thanks',
        prizes: [
          {
            id: 'stars',
            tier: 1,
            title: 'Stars',
            type: 'points',
            quota: null,
            weight: 1,
            value: 5,
            reward: { stars: 5 }
          },
          { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
        ]
      }
    ],
    ...more
  }
}

await publish(definition('truth'))

const grant = (user: string, body: object) =>
  admin('olga', `POST /admin/v1/users/${user}/grants`, { body: { campaign: 'truth', reason: 'a mistake', ...body } })
const stars = async (user: string) => (await ask(user, 'GET /v1/campaigns/truth/me')).body.balances.stars
const audit = async (target: string) =>
  (await admin('ada', `GET /admin/v1/audit?target=${target}`)).body.items as Array<Record<string, unknown>>
const timeline = async (user: string) =>
  (await admin('vera', `GET /admin/v1/users/${user}/timeline`)).body.items as Array<Record<string, unknown>>

t.test('what was granted is taken back, to zero, and what is missing is named', async (t) => {
  await grant('ann', { unit: 'stars', amount: 10_000 })
  t.match(await grant('ann', { unit: 'stars', amount: -9900 }), {
    status: 200,
    body: { outcome: 'confirmed', balances: [{ unit: 'stars', asked: -9900, applied: -9900, shortfall: undefined }] }
  })
  t.equal(await stars('ann'), 100)
  t.match(await grant('ann', { unit: 'stars', amount: -150 }), {
    status: 200,
    body: { balances: [{ unit: 'stars', asked: -150, applied: -100, shortfall: 50 }] }
  })
  t.equal(await stars('ann'), 0)
  t.match(await grant('ann', { unit: 'stars', amount: 0 }), { status: 400, body: { errors: [{ pointer: '/amount' }] } })
  t.match(await grant('ann', { unit: 'stars', amount: -5, reason: ' ' }), { status: 400 })
  t.match(await audit('user:ann'), [
    { action: 'balance.debited', reason: 'a mistake', after: { balances: [{ applied: -100, shortfall: 50 }] } },
    { action: 'balance.debited', after: { unit: 'stars', amount: -150 } },
    { action: 'balance.debited', after: { amount: -9900 } },
    { action: 'balance.credited', after: { amount: 10_000 } }
  ])
  t.match(await timeline('ann'), [
    { type: 'balance.debited', operator: 'olga', reason: 'a mistake', moves: [{ unit: 'stars', delta: -100 }] },
    { data: { unit: 'stars', amount: -9900 }, moves: [{ delta: -9900 }] },
    { type: 'balance.credited', operator: 'olga', moves: [{ unit: 'stars', delta: 10_000 }] }
  ])
  const { body } = await ask('ann', 'GET /v1/me/ledger')
  t.match(body.items, [{ type: 'balance.debited', delta: -100 }, { delta: -9900 }, { delta: 10_000 }])
})

t.test('a file of grants takes back as a single grant does', async (t) => {
  const file = 'user,unit,amount,reference\nbea,stars,30,t-1\nbea,stars,-20,t-2\nben,stars,-5,t-3\nben,stars,0,t-4\n'
  const path = 'POST /admin/v1/campaigns/truth/grants?reason=wrong%20list'
  t.match(await admin('ada', path, { body: file, type: 'text/csv' }), {
    status: 200,
    body: { accepted: 3, rejected: 1, errors: [{ line: 5, detail: /negative to take back/ }] }
  })
  await waitFor(async () => (await stars('bea')) === 10, { what: 'both lines to be carried out' })
  await waitFor(async () => (await audit('user:ben')).length === 2, { what: 'the entry of what was missing' })
  t.match(await audit('user:ben'), [{ after: { balances: [{ asked: -5, applied: 0, shortfall: 5 }] } }, {}])
})

t.test('an adjustment that did less than was asked says so on every page', async (t) => {
  const body = { reason: 'broken ones', addStock: -8 }
  t.match(await admin('olga', 'PATCH /admin/v1/campaigns/truth/activities/phone', { body, key: 'take-away-8' }), {
    status: 200,
    body: { stock: [{ session: 'am', asked: -8, applied: -6 }] }
  })
  const [short, asked] = await audit('campaign:truth')
  t.match(short, {
    operator: 'olga',
    action: 'campaign.adjusted',
    reason: 'broken ones',
    after: { activity: 'phone', stock: [{ session: 'am', asked: -8, applied: -6 }] }
  })
  t.match(asked, { action: 'campaign.adjusted', operator: 'olga' })
})

t.test('the state counts wins of prizes without a quota, and says who changed what last', async (t) => {
  for (const user of ['cem', 'cem', 'dan']) {
    t.match(await ask(user, 'POST /v1/campaigns/truth/draws/wheel/spins', { body: {} }), { status: 201 })
  }
  const state = async () => (await admin('vera', 'GET /admin/v1/campaigns/truth/state')).body
  const wheel = async () => (await state()).activities.find(({ id }: { id: string }) => id === 'wheel')
  await waitFor(async () => (await wheel()).taken === 3, { what: 'three wins to be counted' })
  t.match(await wheel(), {
    prizes: [
      { id: 'stars', quota: null, taken: 3 },
      { id: 'thanks', taken: 0 }
    ]
  })
  t.match(await state(), { lastChange: { action: 'campaign.adjusted', operator: 'olga', reason: 'broken ones' } })
  const [win] = (await ask('dan', 'GET /v1/me/wins')).body.items
  await grant('dan', { unit: 'stars', amount: -2 })
  await admin('olga', `POST /admin/v1/wins/${win.id}/revocation`, { body: { reason: 'a bot' } })
  t.match(await audit(`win:${win.id}`), [
    { after: { takenBack: [{ unit: 'stars', amount: 3 }], shortfall: [{ unit: 'stars', amount: 2 }] } }
  ])
  t.match(await timeline('dan'), [
    { type: 'win.revoked', operator: 'olga', reason: 'a bot', win: { id: win.id, prize: 'stars', status: 'revoked' } },
    { type: 'balance.debited' },
    { type: 'spin.won' }
  ])
})

t.test('the check of a draft warns of what is probably not meant, and explains the form of an id', async (t) => {
  const drafted = definition('drafted')
  const [sale] = drafted.activities
  const asksFor = { ...drafted, activities: [{ ...sale, requires: { entitlement: 'vip' } }] }
  const warnings = [{ pointer: '/activities/0/requires/entitlement', detail: /gives "vip"/ }]
  let puts = 0
  const put = (id: string, body: object, query = '') =>
    admin('olga', `PUT /admin/v1/campaigns/${encodeURIComponent(id)}${query}`, {
      body,
      key: `put-number-${puts++}`
    })
  t.match(await put('drafted', asksFor, '?dryRun=true'), { status: 200, body: { valid: true, warnings } })
  t.match(await put('drafted', asksFor), { status: 201, body: { warnings } })
  const over = { ...asksFor, opensAt: '2020-01-01T00:00:00Z', closesAt: '2020-01-02T00:00:00Z' }
  const past = {
    ...over,
    activities: [{ ...sale, sessions: undefined, daily: [{ from: '10:00', to: '11:00', stock: 1 }] }]
  }
  t.match(await put('drafted', past, '?dryRun=true'), {
    status: 200,
    body: { warnings: [{ pointer: '/closesAt', detail: /in the past/ }] }
  })
  t.match(await put('Winter Days', definition('Winter Days'), '?dryRun=true'), {
    status: 400,
    body: { errors: [{ pointer: '/id', detail: /lower-case letters, digits and hyphens.*"Winter Days"/ }] }
  })
  t.match(await put('Winter Days', definition('winter')), {
    status: 400,
    body: { errors: [{ pointer: '/id', detail: /of the address must be an id/ }] }
  })
  const { rows } = await pool.query('select 1 from campaigns where campaign_id like $1', ['Winter%'])
  t.same(rows, [])
})

t.test('whether a released order gives its limit back, and a revoked win its quota, is a policy', async (t) => {
  for (const returns of [true, false]) {
    const id = returns ? 'lenient' : 'strict'
    const base = definition(id)
    const [sale, wheel] = base.activities
    const mug = { id: 'mug', tier: 1, title: 'Mug', type: 'physical', quota: 9, weight: 1 }
    const thanks = { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
    await publish({
      ...base,
      policies: { releasedOrderReturnsLimit: returns, revokedWinReturnsQuota: returns },
      activities: [
        { ...sale, unitsPerUser: 1 },
        { ...wheel, prizes: [mug, thanks] }
      ]
    } as { id: string })
    const buy = () => ask('pia', `POST /v1/campaigns/${id}/sales/phone/orders`, { body: { quantity: 1 } })
    const spin = async () => (await ask('pia', `POST /v1/campaigns/${id}/draws/wheel/spins`, { body: {} })).body.spin
    const order = (await buy()).body.order.id
    t.match(await ask('pia', `POST /v1/orders/${order}/cancellation`, { body: {} }), { status: 201 })
    const again = returns ? { status: 201 } : { status: 409, body: { code: 'LIMIT_REACHED', limit: 1 } }
    t.match(await buy(), again, `a cancelled order, ${id}`)
    const { win } = await spin()
    const revocation = { body: { reason: 'a mistake' } }
    t.match(await admin('olga', `POST /admin/v1/wins/${win.id}/revocation`, revocation), { status: 201 })
    await spin()
    const left = async () => {
      const { body } = await admin('vera', `GET /admin/v1/campaigns/${id}/state`)
      const of = (activity: string) => body.activities.find((one: { id: string }) => one.id === activity)
      return [of('phone').sessions[0].remaining, of('wheel').prizes[0].remaining]
    }
    const expected = returns ? [5, 8] : [6, 7]
    // units between two shards are in neither
    const isSo = async () => (await openLoans(pool, id)) === 0 && `${await left()}` === `${expected}`
    await waitFor(isSo, { what: `${expected} units of sale and prize to be left, ${id}` })
  }
})
