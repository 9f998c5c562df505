import t from 'tap'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist, preload, startCore } from '../support/shop/core.ts'
import { atRest, bought, move, openShop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

t.test('a sale is preloaded, bought, journaled, projected and told', async (t) => {
  const core = await startCore(t, await sharedServers(t))
  core.worker()
  const { gate, redis, prefix } = await core.gateway()
  await gate.ready()
  const sale = { campaign: 'launch', sale: 'phone', stock: 3 }
  const published = await gate.submit(preload(sale))
  t.match(published, { kind: 'confirmed', decision: { type: 'campaign.published', applied: [3] } })
  t.match(await redis.hgetall(`${prefix}s:launch:phone`), { 'am:total': '3', 'am:remaining': '3' })

  const first = await gate.submit(buy(sale, 'alice'))
  t.match(first, {
    kind: 'confirmed',
    replayed: false,
    decision: { type: 'order.accepted', order: { position: 1, quantity: 1 } }
  })
  const again = await gate.submit(buy(sale, 'alice'))
  t.match(again, { kind: 'confirmed', replayed: true })
  t.same(again.kind === 'confirmed' && again.decision, first.kind === 'confirmed' && first.decision)
  t.match(await gate.submit(buy(sale, 'alice', { quantity: 2 })), { kind: 'refused', code: 'KEY_REUSED' })

  const crowd = await Promise.all(['bob', 'carol', 'dave', 'erin'].map((user) => gate.submit(buy(sale, user))))
  t.equal(crowd.filter((outcome) => outcome.kind === 'confirmed').length, 2)
  t.match(crowd[3], { kind: 'refused', code: 'SOLD_OUT', members: { remaining: 0, mayReopen: true } })

  await waitFor(async () => (await core.pool.query('select 1 from orders')).rowCount === 3, { what: 'three orders' })
  t.same((await core.pool.query('select total, remaining, held, paid from stock')).rows, [
    { total: 3, remaining: 0, held: 3, paid: 0 }
  ])
  await waitFor(async () => (await redis.hlen(`${prefix}kept`)) + (await redis.xlen(`${prefix}outbox`)) === 0, {
    what: 'outbox and kept to be empty'
  })
  const order = first.kind === 'confirmed' ? (first.decision.order?.id ?? '') : ''
  t.match(await gate.orderOf('alice', order), { journaled: true, order: { status: 'accepted', position: 1 } })
  t.equal(await gate.orderOf('bob', order), undefined, 'an order is of one user')
  t.equal(await gate.orderOf('alice', order.replace(/^0/, '1')), undefined, 'and of one shard')
  t.same(await gate.ordersOf('alice'), [], 'what is stored is asked of Postgres')
})

t.test('orders are paid, cancelled and returned exactly once', async (t) => {
  const core = await startCore(t, await sharedServers(t))
  core.worker()
  const { gate, redis, prefix } = await core.gateway()
  await gate.ready()
  const sale = { campaign: 'c', sale: 's', stock: 1, rules: { units_per_user: '1' } }
  await gate.submit(preload(sale))
  const bought = await insist(() => gate.submit(buy(sale, 'alice')))
  const order = bought.kind === 'confirmed' ? (bought.decision.order?.id ?? '') : ''
  const move = (transition: 'cancel' | 'pay' | 'ship', key: string, more = {}) =>
    gate.submit({
      op: 'transition',
      transition,
      user: 'alice',
      key,
      hash: 'x',
      campaign: 'c',
      activity: 's',
      session: 'am',
      order,
      by: 'user',
      request: '{}',
      ...more
    })
  t.match(await move('ship', 'u:ship-early'), { kind: 'refused', code: 'CONFLICT' })
  t.match(await move('pay', 'x:pay:1', { amount: 99, currency: 'CNY' }), { kind: 'refused', code: 'CONFLICT' })
  const both = await Promise.all([move('cancel', 'u:cancel-1'), move('cancel', 'u:cancel-2')])
  t.same(both.map(({ kind }) => kind).sort(), ['confirmed', 'refused'])
  t.match(await redis.hgetall(`${prefix}s:c:s`), { 'am:remaining': '1', 'am:held': '0', 'am:total': '1' })
  t.match(await move('pay', 'x:pay:2', { amount: 100, currency: 'CNY' }), { kind: 'refused', code: 'NOT_PAYABLE' })
  const again = await gate.submit(buy(sale, 'alice', { key: 'u:a-new-key' }))
  t.match(again, { kind: 'confirmed', decision: { order: { position: 2 } } }, 'the limit came back with the unit')
  await waitFor(async () => (await core.pool.query(`select 1 from orders where status = 'cancelled'`)).rowCount === 1)
})

t.test(
  'orders of older versions go on: those that were shipped, and those called returned when a part came back',
  async (t) => {
    const shop = await openShop(t, await sharedServers(t))
    const order = await bought(shop, 'ann', { quantity: 3 })
    const [key, field] = [`${shop.prefix}u:ann`, `o:${order.slice(order.indexOf('-') + 1)}`]
    await atRest(shop)
    const record = await shop.redis.hget(key, field)
    const be = (status: string, returned: number) =>
      shop.redis.hset(key, field, `${status}${record?.slice(1).replace(/;0$/, `;${returned}`)}`)
    const take = (quantity: number, n: number) =>
      insist(() => shop.gate.submit(move(shop, 'return', { user: 'ann', order, quantity, key: `x:op:ann:${n}` })))
    await be('s', 0)
    t.match(await take(1, 1), { decision: { order: { status: 'shipped', returned: 1, refunded: 100, version: 4 } } })
    await atRest(shop)
    await be('r', 1)
    t.match(await take(3, 2), { kind: 'refused', members: { reason: 'quantity', most: 2 } })
    t.match(await take(2, 3), { decision: { order: { status: 'returned', returned: 3, refunded: 300, version: 5 } } })
    t.match(await take(1, 1), { replayed: true, decision: { order: { status: 'shipped', returned: 1 } } }, 'as decided')
  }
)

t.test('a Redis that was wiped is rebuilt from the journal, with every replay', async (t) => {
  const core = await startCore(t, await sharedServers(t))
  core.worker()
  const { gate, redis, prefix } = await core.gateway()
  await gate.ready()
  const sale = { campaign: 'c', sale: 's', stock: 100 }
  await gate.submit(preload(sale))
  const users = Array.from({ length: 40 }, (_, index) => `user-${index}`)
  const before = await Promise.all(users.map((user) => gate.submit(buy(sale, user))))
  t.ok(before.every(({ kind }) => kind === 'confirmed'))
  const keys = await redis.keys(`${prefix}*`)
  await redis.unlink(...keys)
  const after = await Promise.all(users.map((user) => insist(() => gate.submit(buy(sale, user)))))
  t.same(
    after.map((outcome) => outcome.kind === 'confirmed' && outcome.decision.id),
    before.map((outcome) => outcome.kind === 'confirmed' && outcome.decision.id),
    'the same keys have the same orders'
  )
  t.match(await redis.hgetall(`${prefix}s:c:s`), { 'am:remaining': '60', 'am:held': '40', 'am:total': '100' })
  const { rows } = await core.pool.query('select epoch, state from shards')
  t.equal(rows[0]?.state, 'open')
})
