import t from 'tap'
import { ensureOperator } from '../../../src/store/operators/operators.ts'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const shop = await startMallShop(t)
const { ask, admin, pool } = shop
const HOUR = 3_600_000
await ensureOperator(pool, {
  name: 'parcels',
  token: 'token-of-parcels',
  role: 'service',
  scopes: ['wins:address', 'wins:fulfilment', 'wins:read']
})

const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
/** Draws that always win: something to ship, a code, points. */
const draw = (id: string, prize: object) => ({
  id,
  kind: 'draw',
  title: id,
  chances: { daily: 9, extraPerDay: 9 },
  fallback: 'thanks',
  prizes: [
    { id: 'prize', tier: 1, title: 'Prize', quota: 50, weight: 1, ...prize },
    { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
  ]
})
await shop.publish({
  id: 'fair',
  title: 'Fair',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  units: { points: { scope: 'account' } },
  activities: [
    draw('parcel', { type: 'physical', supplier: 'acme' }),
    draw('card', { type: 'e-card', pool: 'cards' }),
    draw('points', { type: 'points', reward: { points: 5 } })
  ]
} as { id: string })
await admin('ada', 'POST /admin/v1/campaigns/fair/pools/cards/codes?reason=x', {
  body: 'CARD-1\nCARD-2',
  type: 'text/plain'
})

const address = { name: 'Ann', phone: '13800000000', city: 'Shanghai', line1: '1 Nanjing Road' }

async function won(user: string, wheel: string): Promise<string> {
  const spun = await ask(user, `POST /v1/campaigns/fair/draws/${wheel}/spins`, { body: {} })
  return spun.body.spin.win.id
}

async function claimed(user: string, wheel = 'parcel'): Promise<string> {
  const id = await won(user, wheel)
  const body = wheel === 'parcel' ? { address } : {}
  t.match(await ask(user, `POST /v1/wins/${id}/claim`, { body }), { status: 201 })
  return id
}

const fulfil = (id: string, body: object, by = 'olga') => admin(by, `POST /admin/v1/wins/${id}/fulfilment`, { body })
const mine = async (user: string, id: string) => (await ask(user, `GET /v1/wins/${id}`)).body
const stored = (id: string, state: string) =>
  waitFor(
    async () => {
      const { rows } = await pool.query('select 1 from wins where win_id = $1 and fulfilment = $2', [id, state])
      return rows.length === 1
    },
    { what: `${id} to be stored as ${state}` }
  )

t.test('a claimed win is shipped, with news, and delivered once; its owner sees how far it is', async (t) => {
  const unclaimed = await won('ann', 'parcel')
  t.match(await fulfil(unclaimed, { state: 'shipped' }), {
    status: 409,
    body: { code: 'CONFLICT', reason: 'win', winStatus: 'won' }
  })
  const id = await claimed('ann')
  t.notMatch(await mine('ann', id), { fulfilment: {} })
  const parcel = { state: 'shipped', carrier: 'SF', trackingNumber: 'SF-1' }
  t.match(await admin('vera', `POST /admin/v1/wins/${id}/fulfilment`, { body: parcel }), { status: 403 })
  t.match(await admin('counter', `POST /admin/v1/wins/${id}/fulfilment`, { body: parcel }), { status: 403 })
  t.match(await fulfil(id, { state: 'lost' }), { status: 400, body: { errors: [{ pointer: '/state' }] } })
  t.match(await fulfil('0-1-1', parcel), { status: 404 })
  t.match(await fulfil(id, parcel, 'parcels'), { status: 201, body: { fulfilment: { state: 'shipped', attempt: 1 } } })
  t.match(await fulfil(id, { state: 'shipped', reason: 'customs' }), { status: 201 }, 'news of it')
  await stored(id, 'shipped')
  t.match(await mine('ann', id), {
    fulfilment: { state: 'shipped', carrier: 'SF', trackingNumber: 'SF-1', at: String }
  })
  t.notMatch(JSON.stringify(await mine('ann', id)), /customs/, 'reasons are for operators')
  t.match(await fulfil(id, { state: 'delivered' }), { status: 201 })
  for (const state of ['delivered', 'shipped', 'credited', 'reissued', 'ready-for-pickup'])
    t.match(
      await fulfil(id, { state }),
      { status: 409, body: { reason: 'fulfilment', fulfilment: 'delivered' } },
      state
    )
  await stored(id, 'delivered')
  t.match((await admin('vera', `GET /admin/v1/wins/${id}`)).body, {
    fulfilment: { state: 'delivered', trackingNumber: 'SF-1', attempt: 3 }
  })
  const { body } = await admin('ada', `GET /admin/v1/audit?target=win:${id}`)
  t.match(body.items, [
    { action: 'win.fulfilment', operator: 'olga', after: { state: 'delivered', outcome: 'confirmed' } },
    { reason: 'customs' },
    { operator: 'parcels', before: { user: 'ann', status: 'claimed' }, after: { carrier: 'SF' } }
  ])
})

t.test('two who hand the same win over at once hand it over once', async (t) => {
  const id = await claimed('bob')
  const answers = await Promise.all([fulfil(id, { state: 'credited' }), fulfil(id, { state: 'credited' }, 'parcels')])
  t.same(answers.map(({ status }) => status).sort(), [201, 409])
})

t.test('what failed is sent anew, and what was revoked is not', async (t) => {
  const id = await claimed('cid')
  t.match(await fulfil(id, { state: 'reissued' }), { status: 409, body: { fulfilment: null } }, 'nothing has failed')
  for (const state of ['shipped', 'failed', 'reissued', 'shipped', 'delivered'])
    t.match(await fulfil(id, { state }), { status: 201 }, state)
  const gone = await claimed('cid')
  t.match(await admin('olga', `POST /admin/v1/wins/${gone}/revocation`, { body: { reason: 'fraud' } }), { status: 201 })
  t.match(await fulfil(gone, { state: 'shipped' }), { status: 409, body: { code: 'VOIDED' } })
  t.match(await admin('olga', `GET /admin/v1/wins/${gone}/address`), { status: 409, body: { code: 'VOIDED' } })
})

t.test('a win that lies ready is picked up by its code, which its owner alone sees', async (t) => {
  const id = await claimed('dan')
  t.match(await fulfil(id, { state: 'ready-for-pickup' }), { status: 201 })
  await stored(id, 'ready-for-pickup')
  const { pickupCode } = await mine('dan', id)
  t.match(pickupCode, /^[A-Z]{10}$/)
  t.match((await ask('dan', 'GET /v1/me/wins')).body.items[0], { id, pickupCode })
  t.equal((await ask('eve', `GET /v1/wins/${id}`)).status, 404)
  t.notMatch(JSON.stringify((await admin('ada', `GET /admin/v1/wins/${id}`)).body), new RegExp(pickupCode))
  const pickUp = (code: string, by = 'olga') => admin(by, `POST /admin/v1/pickups/${code}`, { body: {} })
  t.match(await pickUp(pickupCode, 'vera'), { status: 403 })
  t.match(await pickUp('BBBBBBBBBB'), { status: 404 })
  t.match(await fulfil(id, { state: 'failed', reason: 'lost in the store' }), { status: 201 })
  t.match(await pickUp(pickupCode), { status: 409, body: { fulfilment: 'failed' } })
  t.match(await fulfil(id, { state: 'reissued' }), { status: 201 })
  t.match(await fulfil(id, { state: 'ready-for-pickup' }), { status: 201 })
  await stored(id, 'ready-for-pickup')
  const { pickupCode: next } = await mine('dan', id)
  t.not(next, pickupCode)
  t.match(await pickUp(pickupCode), { status: 404 }, 'the old code is nobody’s')
  const [first, second] = await Promise.all([pickUp(next), pickUp(next, 'parcels')])
  t.same([first?.status, second?.status].sort(), [201, 409], 'once, whoever asks')
  await stored(id, 'delivered')
  t.notMatch(Object.keys(await mine('dan', id)), ['pickupCode'])
  const { rows } = await pool.query('select 1 from decisions where request::text ~ $1 or report ~ $1', [next])
  const { rows: audited } = await pool.query('select 1 from audit where after::text ~ $1 or target ~ $1', [next])
  t.same([rows, audited], [[], []], 'no code is in the journal, nor in the audit trail')
})

t.test('an address is read by those who ship, and each reading stands in the audit trail', async (t) => {
  const id = await claimed('fay')
  await waitFor(async () => (await admin('olga', `GET /admin/v1/wins/${id}/address`)).status === 200, {
    what: 'the claim to be stored'
  })
  const read = await admin('parcels', `GET /admin/v1/wins/${id}/address`)
  t.match(read, { status: 200, body: { win: id, user: 'fay', address }, headers: { 'cache-control': 'no-store' } })
  t.match(await admin('vera', `GET /admin/v1/wins/${id}/address`), { status: 403 })
  t.match(await admin('counter', `GET /admin/v1/wins/${id}/address`), { status: 403 })
  const { body } = await admin('ada', `GET /admin/v1/audit?target=win:${id}`)
  t.match(body.items, [{ action: 'win.address-read', operator: 'parcels' }, { operator: 'olga' }])
  t.notMatch(JSON.stringify(body), /Nanjing|138/)
  const code = await claimed('fay', 'card')
  t.match(await admin('olga', `GET /admin/v1/wins/${code}/address`), { status: 404 }, 'it has none')
})

t.test('a prize that is a code is credited by itself; the queue has what waits, and the figures add up', async (t) => {
  const code = await claimed('gil', 'card')
  await stored(code, 'credited')
  t.match(await mine('gil', code), { code: /^CARD-/, fulfilment: { state: 'credited' } })
  t.match(await ask('gil', 'POST /v1/campaigns/fair/draws/points/spins', { body: {} }), { status: 201 })
  const waiting = await claimed('gil')
  const queue = async (query: string) => {
    const { body } = await admin('parcels', `GET /admin/v1/wins?campaign=fair&${query}`)
    return body.items.map(({ id }: { id: string }) => id)
  }
  await waitFor(async () => (await queue('fulfilment=waiting')).includes(waiting), { what: 'the claim to be stored' })
  t.same(await queue('fulfilment=waiting&supplier=acme&user=gil'), [waiting])
  t.same(await queue('fulfilment=waiting&supplier=nobody'), [])
  t.same(await queue('fulfilment=credited&type=e-card&user=gil'), [code])
  t.equal((await admin('parcels', 'GET /admin/v1/wins?fulfilment=gone')).status, 400)
  const { body } = await admin('parcels', 'GET /admin/v1/campaigns/fair/fulfilment')
  const parts = ['unclaimed', 'lapsed', 'owed', 'underWay', 'issued']
  for (const prize of body.prizes)
    t.equal(
      parts.reduce((sum, part) => sum + prize[part], 0),
      prize.won,
      prize.activity
    )
  const { rows } = await pool.query(
    `select count(*)::int as n, count(*) filter (where status = 'claimed' and fulfilment is null)::int as owed
     from wins where activity_id = 'parcel' and status <> 'revoked'`
  )
  t.match(
    body.prizes.find(({ activity }: { activity: string }) => activity === 'parcel'),
    { won: rows[0].n, owed: rows[0].owed, revoked: 1 }
  )
  t.match(
    body.prizes.find(({ activity }: { activity: string }) => activity === 'points'),
    { won: 1, issued: 1 },
    'points are issued when they are won'
  )
})
