import t from 'tap'
import { segmentNames, usersOf } from '../../../src/store/reading/segments.ts'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const { ask, admin, adminApp, pool, publish } = await startMallShop(t)
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
const all = { id: 'all', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 50 }
await publish({
  id: 'letters',
  title: 'Letters',
  timezone: middayTimezone,
  opensAt: all.opensAt,
  closesAt: all.closesAt,
  units: { points: { scope: 'campaign' } },
  activities: [
    { id: 'phone', kind: 'sale', title: 'Phone', price: 1, currency: 'CNY', payWithinSeconds: 900, sessions: [all] },
    {
      id: 'wheel',
      kind: 'draw',
      title: 'Wheel',
      chances: { daily: 9 },
      fallback: 'thanks',
      prizes: [
        { id: 'mug', tier: 1, title: 'Mug', type: 'physical', quota: 9, weight: 1 },
        { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
      ]
    },
    { id: 'hello', kind: 'task', per: 'campaign', reward: { points: 1 } }
  ]
} as { id: string })
await publish({
  id: 'others',
  title: 'Others',
  timezone: middayTimezone,
  opensAt: all.opensAt,
  closesAt: all.closesAt,
  units: { points: { scope: 'campaign' } },
  activities: [{ id: 'hello', kind: 'task', per: 'campaign', reward: { points: 1 } }]
} as { id: string })

const post = (user: string, path: string, body: object = {}) =>
  ask(user, `POST /v1/campaigns/letters/${path}`, { body })
const buy = async (user: string) => (await post(user, 'sales/phone/orders', { quantity: 1 })).body.order.id
const spin = async (user: string) => (await post(user, 'draws/wheel/spins')).body.spin.win.id
const read = (query: string, operator = 'ada') =>
  adminApp.inject({ url: `/admin/v1/participants?${query}`, headers: { authorization: `Bearer token-of-${operator}` } })
const named = async (segment: string, more = '') => {
  const { statusCode, body } = await read(`campaign=letters&segment=${segment}&format=ndjson${more}`)
  if (statusCode !== 200) throw new Error(`${statusCode}: ${body}`)
  const lines = body === '' ? [] : body.trim().split('\n')
  return lines.map((line) => JSON.parse(line).user).sort()
}
const STRANGE = '客户 7'

t.test('a campaign in which seven users do different things', async (t) => {
  // ann has not paid, ben has; wim has claimed what he won, una has not; lea was excluded, ron lost his win
  await buy('ann')
  const paid = await buy('ben')
  const payment = { amount: 1, currency: 'CNY', reference: 'pay-ben' }
  t.match(await admin('olga', `POST /admin/v1/orders/${paid}/payment`, { body: payment }), { status: 201 })
  const claimed = await spin('wim')
  await spin('una')
  const revoked = await spin('ron')
  await buy('lea')
  await spin('lea')
  await post(STRANGE, 'tasks/hello/completions')
  await ask('zoe', 'POST /v1/campaigns/others/tasks/hello/completions', { body: {} })
  const address = { name: 'Wim', phone: '13800000000', city: 'Shanghai', line1: '1 Nanjing Road' }
  t.match(await ask('wim', `POST /v1/wins/${claimed}/claim`, { body: { address } }), { status: 201 })
  t.match(await admin('olga', `POST /admin/v1/wins/${revoked}/revocation`, { body: { reason: 'a test' } }), {
    status: 201
  })
  await admin('olga', 'POST /admin/v1/users/lea/disqualification', { body: { campaign: 'letters', reason: 'a bot' } })
  await admin('olga', 'POST /admin/v1/users/ann/grants', {
    body: { campaign: 'letters', unit: 'points', amount: 1, reason: 'an apology' }
  })
  await waitFor(async () => (await named('participants')).length === 6 && (await named('unclaimed')).length === 1, {
    what: 'all of it to be stored'
  })
})

t.test('each segment names those alone whom it is about', async (t) => {
  t.same(await named('participants'), ['ann', 'ben', 'ron', 'una', 'wim', STRANGE].sort())
  t.same(await named('unpaid'), ['ann'])
  t.same(await named('unclaimed'), ['una'])
  t.same(await named('winners'), ['una', 'wim'])
  t.same(await named('inactive'), [], 'all of them were here today')
})

t.test('who did nothing for some days is inactive', async (t) => {
  await pool.query("update decisions set at = at - interval '5 days' where user_id in ('ben', 'una')")
  t.same(await named('inactive', '&days=4'), ['ben', 'una'])
  t.same(await named('inactive', '&days=6'), [])
  await pool.query("update decisions set at = at - interval '3 days' where user_id = 'una'")
  t.same(await named('inactive'), ['una'], 'a week unless said')
})

t.test('whoever was excluded is named again once they are let in', async (t) => {
  await admin('olga', 'DELETE /admin/v1/users/lea/disqualification?campaign=letters')
  await waitFor(async () => (await named('winners')).includes('lea'), { what: 'the requalification to be stored' })
  t.same(await named('unpaid'), ['ann', 'lea'])
})

t.test('more users than are read at once are all in the file', async (t) => {
  await pool.query(
    `insert into orders (shard, order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency, status, epoch,
       sequence, accepted_at, position, updated_at, record)
     select shard, 'made-' || n, campaign_id, activity_id, session_id, 'made-' || n, quantity, unit_price, currency, status, epoch,
       sequence + 1000 + n, accepted_at, position, updated_at, record
     from (select * from orders where user_id = 'ann') o, generate_series(1, 5001) n`
  )
  const { body, headers } = await read('campaign=letters&segment=unpaid')
  t.match(headers, { 'content-type': /^text\/csv/, 'content-disposition': /filename="letters-unpaid\.csv"/ })
  const [head, ...users] = body.trim().split('\r\n')
  t.equal(head, 'user')
  t.equal(new Set(users).size, 5003)
  t.equal(users.length, 5003)
  await pool.query("delete from orders where order_id like 'made-%'")
})

t.test('whoever reads it is in the audit trail, and it is for admins', async (t) => {
  t.match((await admin('vera', 'GET /admin/v1/audit?target=campaign:letters&limit=1')).body.items, [
    { operator: 'ada', action: 'participants.read', after: { segment: 'unpaid' } }
  ])
  t.equal((await read('campaign=letters&segment=winners', 'olga')).statusCode, 403)
  t.equal((await read('campaign=nowhere&segment=winners')).statusCode, 404)
  t.equal((await read('campaign=letters&segment=strangers')).statusCode, 400)
  t.equal((await read('campaign=letters&segment=winners&days=0')).statusCode, 400)
  t.equal((await read('campaign=letters')).statusCode, 400)
})

t.test('reading all, and leaving in the middle, gives the connection back', async (t) => {
  let held = 0
  const connect = async () => {
    const client = await pool.connect()
    const release = client.release.bind(client)
    held += 1
    client.release = (error) => {
      held -= 1
      release(error)
    }
    return client
  }
  for (const leaves of [true, false]) {
    for (const segment of segmentNames) {
      const asked = { campaign: 'letters', segment, keys: 'u:%', days: 7 }
      for await (const page of usersOf({ connect } as typeof pool, asked)) {
        t.same([page.length > 0, held], [true, 1])
        if (leaves) break
      }
      t.equal(held, 0, segment)
    }
  }
})
