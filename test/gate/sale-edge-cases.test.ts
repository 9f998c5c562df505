import t from 'tap'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, preload } from '../support/shop/core.ts'
import { assertWhole, atRest, bought, decisionOf, move, openShop, ordersHeld, rawCall } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

t.test('each decision about one user within one batch is kept', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, sale } = shop
  const old = await bought(shop, 'alice')
  const keys = ['u:first-key', 'u:second-key', 'u:third-key', 'u:fourth-key']
  const [cancelled, ...orders] = await Promise.all([
    gate.submit(move(shop, 'cancel', { user: 'alice', order: old })),
    ...keys.map((key) => gate.submit(buy(sale, 'alice', { key })))
  ])
  t.match(cancelled, { kind: 'confirmed' })
  const again = await Promise.all(keys.map((key) => gate.submit(buy(sale, 'alice', { key }))))
  t.ok(again.every((outcome) => outcome.kind === 'confirmed' && outcome.replayed))
  t.same(
    again.map((outcome) => decisionOf(outcome).id),
    orders.map((outcome) => decisionOf(outcome).id)
  )
  t.equal((await ordersHeld(shop, 'alice')).length, 5)
  await assertWhole(t, shop)
})

t.test('the same key twice in one batch is one decision, and a different body under it is refused', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, sale } = shop
  const [first, second, other] = await Promise.all([
    gate.submit(buy(sale, 'alice')),
    gate.submit(buy(sale, 'alice')),
    gate.submit(buy(sale, 'alice', { quantity: 2 }))
  ])
  t.match(second, { kind: 'confirmed', replayed: true, decision: { id: decisionOf(first as never).id } })
  t.match(other, { kind: 'refused', code: 'KEY_REUSED' })
  await assertWhole(t, shop)
})

t.test('after more stock was removed than is left, a sold unit can still come back', async (t) => {
  const shop = await openShop(t, urls, { stock: 1 })
  const { gate, sale } = shop
  const order = await bought(shop, 'alice')
  const taken = await gate.submit({
    ...preload(sale),
    type: 'campaign.adjusted',
    key: 'x:adj:less',
    puts: [],
    adds: [['s:c:s', 'am:remaining', -5]]
  })
  t.same(decisionOf(taken).applied, [0])
  t.match(await gate.submit(buy(sale, 'bob')), { kind: 'refused', code: 'SOLD_OUT', members: { mayReopen: true } })
  await gate.submit(move(shop, 'cancel', { user: 'alice', order }))
  t.match(await gate.submit(buy(sale, 'bob')), { kind: 'confirmed' })
  await assertWhole(t, shop)
})

t.test('a user hash that is not readable fails the commands of that user only', async (t) => {
  const shop = await openShop(t, urls, { stock: 200 })
  const { gate, sale, redis, prefix } = shop
  const order = await bought(shop, 'wrong-order')
  const entity = order.slice(order.indexOf('-') + 1)
  await atRest(shop)
  await redis.hset(`${prefix}u:wrong-order`, `o:${entity}`, 'garbage')
  await redis.set(`${prefix}u:wrong-type`, 'x')
  await redis.hset(`${prefix}u:wrong-number`, 'n:c', '5.0')
  await redis.hset(`${prefix}u:wrong-replay`, 'u:key-of-wrong-replay', 'garbage')
  const bad = ['wrong-order', 'wrong-type', 'wrong-number', 'wrong-replay']
  const good = Array.from({ length: 120 }, (_, index) => `good-${index}`)
  const users = [...good.slice(0, 60), ...bad, ...good.slice(60)]
  const outcomes = await Promise.all(users.map((user) => gate.submit(buy(sale, user))))
  for (const [index, user] of users.entries()) {
    const expected = bad.includes(user) ? 'unavailable' : 'confirmed'
    if (outcomes[index]?.kind !== expected) t.match(outcomes[index], { kind: expected }, user)
  }
  t.match(await gate.lookup('good-1', 'u:key-of-good-1'), { kind: 'confirmed' })
  await t.rejects(gate.orderOf('wrong-order', order), /not readable/)
})

t.test('rules and stock that are not readable fail the commands of their own sale only', async (t) => {
  const shop = await openShop(t, urls, { stock: 100 })
  const { gate, redis, prefix } = shop
  const broken: Array<[campaign: string, spoil: (campaign: string) => Promise<unknown>]> = [
    ['no-end', (id) => redis.hdel(`${prefix}c:${id}`, 'closes_at')],
    ['odd-begin', (id) => redis.hset(`${prefix}c:${id}`, 'opens_at', 'soon')],
    ['odd-rate', (id) => redis.hset(`${prefix}c:${id}`, 'rate', 'fast')],
    ['odd-limit', (id) => redis.hset(`${prefix}c:${id}`, 'units_per_user', 'two')],
    ['no-price', (id) => redis.hdel(`${prefix}a:${id}:s`, 'price')],
    ['no-currency', (id) => redis.hdel(`${prefix}a:${id}:s`, 'currency')],
    ['odd-sessions', (id) => redis.hset(`${prefix}a:${id}:s`, 'sessions', 'x'.repeat(130))],
    ['odd-ship-by', (id) => redis.hset(`${prefix}a:${id}:s`, 'ship_by', 'x'.repeat(52))],
    ['rules-gone', (id) => redis.unlink(`${prefix}a:${id}:s`)],
    ['rules-type', (id) => redis.set(`${prefix}c:${id}`, 'x')],
    ['stock-gone', (id) => redis.unlink(`${prefix}s:${id}:s`)],
    ['stock-odd', (id) => redis.hset(`${prefix}s:${id}:s`, 'am:remaining', '1e3')],
    ['stock-type', (id) => redis.set(`${prefix}s:${id}:s`, 'x')]
  ]
  for (const [campaign] of broken) {
    await gate.submit({ ...preload({ campaign, sale: 's', stock: 5 }) })
  }
  await atRest(shop)
  for (const [campaign, spoil] of broken) await spoil(campaign)
  const all = await Promise.all([
    gate.submit(buy(shop.sale, 'before')),
    ...broken.map(([campaign]) => gate.submit(buy({ campaign, sale: 's' }, 'alice'))),
    gate.submit(buy(shop.sale, 'after'))
  ])
  const kinds = Object.fromEntries(broken.map(([campaign], index) => [campaign, all[index + 1]?.kind]))
  t.same(kinds, Object.fromEntries(broken.map(([campaign]) => [campaign, 'unavailable'])))
  t.match(all[0], { kind: 'confirmed' })
  t.match(all.at(-1), { kind: 'confirmed' })
})

t.test('an order whose stock hash is gone is not changed, and no stock is made up', async (t) => {
  const shop = await openShop(t, urls)
  const order = await bought(shop, 'alice')
  await atRest(shop)
  await shop.redis.unlink(`${shop.prefix}s:c:s`)
  const outcome = await shop.gate.submit(move(shop, 'cancel', { user: 'alice', order }))
  t.match(outcome, { kind: 'unavailable' })
  t.equal(await shop.redis.exists(`${shop.prefix}s:c:s`), 0)
})

t.test('a counter that no settle can add to does not stop the gate', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  const order = await bought(shop, 'alice')
  await atRest(shop)
  // its relay would settle before the counter is spoiled
  await shop.stopWorker()
  const [frame] = [...(await rawCall(shop, [move(shop, 'cancel', { user: 'alice', order })])).frames.values()]
  await redis.hset(`${prefix}u:alice`, 'n:c', '1.0')
  const settled = await rawCall(
    shop,
    [buy(shop.sale, 'bob')],
    [{ entry: frame?.entry ?? '', keys: frame?.giveKeys ?? [] }]
  )
  t.match(settled.replies, [{ kind: 'decided' }])
  t.equal(await redis.hget(`${prefix}s:c:s`, 'am:remaining'), '8', 'half a settle is none')
  await redis.hset(`${prefix}u:alice`, 'n:c', '1')
  shop.core.worker()
  await atRest(shop)
  t.equal(await redis.hget(`${prefix}s:c:s`, 'am:remaining'), '9')
  t.match(await gate.submit(buy(shop.sale, 'carol')), { kind: 'confirmed' })
  await assertWhole(t, shop)
})

t.test('many frames that are acked at once are all settled, also when no command follows', async (t) => {
  const shop = await openShop(t, urls, { stock: 200, limits: { batchCalls: 1, batchesInFlight: 200 } })
  const users = Array.from({ length: 150 }, (_, index) => `user-${index}`)
  const orders = await Promise.all(users.map((user) => bought(shop, user)))
  const cancelled = Promise.all(
    users.map((user, index) => shop.gate.submit(move(shop, 'cancel', { user, order: orders[index] ?? '' })))
  )
  let done = false
  void cancelled.then(() => {
    done = true
  })
  await waitFor(() => done, { what: 'every cancellation to be answered' })
  await assertWhole(t, shop)
  t.equal(await shop.redis.hget(`${shop.prefix}s:c:s`, 'am:remaining'), '200')
})

t.test('a clock stepped back does not close the bucket', async (t) => {
  const shop = await openShop(t, urls, { campaignRules: { rate: '50', burst: '1' } })
  const { redis, prefix, gate, sale } = shop
  await gate.submit(buy(sale, 'alice'))
  const ahead = Date.now() + 60_000
  await redis.hset(`${prefix}shard`, 'clock', String(ahead), 'bucket:c', `0.000;${ahead}`)
  t.match(await gate.submit(buy(sale, 'bob')), { kind: 'refused', code: 'RATE_LIMITED' })
  await waitFor(async () => (await gate.submit(buy(sale, 'bob'))).kind === 'confirmed')
})

t.test('a wrong count of kept frames is mended, and the gate decides again', async (t) => {
  const shop = await openShop(t, urls, { limits: { keptBytes: 1000 } })
  const { redis, prefix, gate, sale } = shop
  await atRest(shop)
  await redis.hset(`${prefix}shard`, 'kept_bytes', '5000')
  let asked = 0
  const confirmed = async () => {
    asked += 1
    return (await gate.submit(buy(sale, 'alice'))).kind === 'confirmed'
  }
  await waitFor(confirmed)
  t.ok(asked <= 100, `asked ${asked} times`)
  await assertWhole(t, shop)
})
