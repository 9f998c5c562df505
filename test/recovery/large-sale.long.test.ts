import t from 'tap'
import { tookAtMost } from '../support/running/pace.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { atRest, decisionOf, openShop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const ORDERS = Number(process.env.FLOODGATE_TEST_ORDERS ?? 20_000)
const AT_ONCE = 512
const OPEN_WITHIN_MS = 5000

const urls = await sharedServers(t)

t.test(`Redis is wiped in the middle of a sale with ${ORDERS} orders: open again in time, nothing lost`, async (t) => {
  const shop = await openShop(t, urls, { stock: ORDERS * 2 })
  const { gate, redis, prefix, core } = shop
  let next = 0
  let confirmed = 0
  const buyer = async () => {
    for (let number = next++; number < ORDERS; number = next++) {
      decisionOf(await insist(() => gate.submit(buy(shop.sale, `user-${number}`)), 120_000))
      confirmed += 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, buyer))
  await atRest(shop, 300_000)
  t.equal(confirmed, ORDERS)

  const startedAt = performance.now()
  // its own keys only: other tests use this Redis too
  await redis.unlink(...(await redis.keys(`${prefix.replace('{', '\\{').replace('}', '\\}')}*`)))
  const isOpen = async () =>
    (await gate.submit(buy(shop.sale, 'the-next', { key: 'u:after-the-wipe' }))).kind === 'confirmed'
  await waitFor(isOpen, { deadlineMs: 300_000, what: 'a confirmation after the wipe' })
  const tookMs = performance.now() - startedAt
  tookAtMost(t, `first confirmation after the wipe of ${ORDERS} orders`, { ms: tookMs, boundMs: OPEN_WITHIN_MS })

  await atRest(shop, 120_000)
  const stock = await redis.hmget(`${prefix}s:c:s`, 'am:total', 'am:remaining', 'am:held')
  t.same(stock.map(Number), [ORDERS * 2, ORDERS - 1, ORDERS + 1])
  const { rows } = await core.pool.query<{ orders: number }>('select count(*)::float8 as orders from orders')
  t.same(rows, [{ orders: ORDERS + 1 }])
  t.match(await gate.submit(buy(shop.sale, 'user-7')), { kind: 'confirmed', replayed: true })
})
