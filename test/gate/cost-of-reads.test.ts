import type { Redis } from 'ioredis'
import t from 'tap'
import { privateServers, sharedServers } from '../support/servers/servers.ts'
import { buy } from '../support/shop/core.ts'
import { credit, openActivity, takePart } from '../support/shop/participation.ts'
import { atRest, bought, decisionOf, move, openShop, type Shop } from '../support/shop/shop.ts'

// a Redis of its own: its CPU is measured, and its commands are counted
const { redis: own } = await privateServers(t, { redis: true })
const urls = { ...(await sharedServers(t)), redisUrl: own.url }

/** Buys and cancels by turns, so many orders at once. @returns ids of the orders, oldest first */
async function buyAndCancel(shop: Shop, user: string, { times, atOnce = 1 }: { times: number; atOnce?: number }) {
  const orders: string[] = []
  for (let turn = 0; turn < times; turn += atOnce) {
    const keys = Array.from({ length: atOnce }, (_, index) => `u:buy-${turn + index}`)
    const some = await Promise.all(keys.map((key) => bought(shop, user, { key })))
    await Promise.all(
      some.map(async (order) => decisionOf(await shop.gate.submit(move(shop, 'cancel', { user, order }))))
    )
    orders.push(...some)
  }
  return orders
}

/** CPU that Redis has used, in microseconds. */
async function redisCpu(redis: Redis): Promise<number> {
  const info = await redis.info('cpu')
  const figures = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map(([, seconds]) => Number(seconds))
  return figures.reduce((sum, seconds) => sum + seconds, 0) * 1e6
}

t.test('what one user may decide is bounded, however often it is taken back', async (t) => {
  const shop = await openShop(t, urls, { stock: 1000, limits: { decisionsPerUser: 6 } })
  const { gate, sale } = shop
  await buyAndCancel(shop, 'ann', { times: 3 })
  const more = await gate.submit(buy(sale, 'ann', { key: 'u:more' }))
  t.match(more, { kind: 'refused', code: 'LIMIT_REACHED', members: { scope: 'requests', limit: 6 } })
  t.match(await gate.submit(buy(sale, 'ben')), { kind: 'confirmed' })
})

async function times(count: number, work: (turn: number) => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await work(turn)
}

t.test('every decision that is not stored yet is listed, whatever it changed, and no other', async (t) => {
  const shop = await openShop(t, urls, { stock: 1000 })
  const { gate } = shop
  const old = await bought(shop, 'ann', { key: 'u:old' })
  await atRest(shop)
  t.same(await gate.ordersOf('ann'), [], 'what is stored is asked of Postgres')
  await shop.stopWorker()
  decisionOf(await gate.submit(move(shop, 'cancel', { user: 'ann', order: old })))
  const [first = '', second = ''] = await buyAndCancel(shop, 'ann', { times: 2 })
  const listed = (await gate.ordersOf('ann')).map(({ order, journaled }) => [order.id, order.status, journaled])
  t.same(
    listed,
    [second, first, old].map((id) => [id, 'cancelled', true]),
    'an old order that was changed is among them, each once, newest decision first'
  )
  t.same(await gate.ordersOf('ben'), [])
  t.match(
    (await gate.unstoredOf('ann')).map(({ type, key }) => [type, key]),
    [
      ['order.cancelled', `x:cancel:${second}`],
      ['order.accepted', 'u:buy-1'],
      ['order.cancelled', `x:cancel:${first}`],
      ['order.accepted', 'u:buy-0'],
      ['order.cancelled', `x:cancel:${old}`]
    ]
  )
  t.match(await gate.unstoredUnder('ann', 'u:buy-1'), { id: second, campaign: 'c', activity: 's' })
  t.equal(await gate.unstoredUnder('ann', 'u:old'), undefined, 'that one is stored')
  t.equal(await gate.unstoredUnder('ann', 'u:never'), undefined)
  t.same(await gate.fieldsOf('ann', ['n:c', 'none', 'd']), { 'n:c': '0', d: '6' })
})

t.test(
  'the owner of an order that Postgres does not have yet is found among many frames, and no owner is made up',
  async (t) => {
    const shop = await openShop(t, urls, { stock: 1000 })
    const { gate } = shop
    const stored = await bought(shop, 'ann', { key: 'u:stored' })
    await atRest(shop)
    await shop.stopWorker()
    const orders: string[] = []
    await times(70, async (turn) => orders.push(await bought(shop, `buyer-${turn}`)))
    const found: Array<string | undefined> = []
    await times(70, async (turn) => found.push(await gate.ownerOf(orders[turn] ?? '')))
    t.same(
      found,
      orders.map((_, turn) => `buyer-${turn}`)
    )
    t.equal(await gate.ownerOf(stored), undefined, 'a stored one is asked of Postgres')
    const [shard, epoch] = stored.split('-')
    for (const made of [`${shard}-${epoch}-99999`, `${shard}-1-1`, `1-${epoch}-2`])
      t.equal(await gate.ownerOf(made), undefined, made)
  }
)

t.test('a list that is longer than what is looked at says so', async (t) => {
  const shop = await openShop(t, urls, { stock: 1000 })
  const { gate, sale } = shop
  await atRest(shop)
  await shop.stopWorker()
  const keys = Array.from({ length: 257 }, (_, index) => `u:many-${index}`)
  await Promise.all(keys.slice(0, 256).map((key) => gate.submit(buy(sale, 'ann', { key }))))
  t.equal((await gate.ordersOf('ann')).length, 256)
  decisionOf(await gate.submit(buy(sale, 'ann', { key: keys[256] ?? '' })))
  await t.rejects(gate.ordersOf('ann'), /Postgres lags behind/)
  await gate.submit(buy(sale, 'ben'))
  t.equal((await gate.ordersOf('ben')).length, 1, 'others see theirs')
  shop.core.worker()
  await atRest(shop)
  t.same(await gate.ordersOf('ann'), [])
})

t.test('a page costs Redis the same however much the user has bought', async (t) => {
  const shop = await openShop(t, urls, { stock: 1_000_000 })
  const { gate, redis } = shop
  const task = {
    campaign: 'c',
    activity: 'daily',
    kind: 'task',
    rules: { per: 'campaign', reward: 'points b:points 5 0 0' }
  } as const
  decisionOf(await gate.submit(openActivity(task)))
  decisionOf(await gate.submit(takePart(task, 'ann', { key: 'u:task' })))
  decisionOf(await gate.submit(credit('ann', 'b:points', 1)))
  const mine = await buyAndCancel(shop, 'ann', { times: 600, atOnce: 60 })
  await atRest(shop)
  const asked: Record<string, () => Promise<unknown>> = {
    orders: () => gate.ordersOf('ann'),
    wins: () => gate.winsOf('ann'),
    'claims, ledger, timeline': () => gate.unstoredOf('ann'),
    'one order': () => gate.orderOf('ann', mine[0] ?? ''),
    'one win': () => gate.winOf('ann', mine[0] ?? ''),
    'a request': () => gate.lookup('ann', 'u:buy-1'),
    'where a request was decided': () => gate.unstoredUnder('ann', 'u:buy-1'),
    'my standing': () => gate.fieldsOf('ann', ['n:c', 'n:c/s', 'b:points', 'e:c/vip', 'dq:c'])
  }
  const ROUNDS = 150
  const started = await redisCpu(redis)
  await times(ROUNDS, (turn) => bought(shop, `buyer-${turn}`))
  await atRest(shop)
  // it compares users with Postgres meanwhile, which reads hashes as a whole
  await shop.stopWorker()
  const order = (await redisCpu(redis)) - started
  await redis.config('RESETSTAT')
  for (const [name, ask] of Object.entries(asked)) {
    const before = await redisCpu(redis)
    await times(ROUNDS, ask)
    const cost = ((await redisCpu(redis)) - before) / order
    t.ok(cost <= 8, `${name}: ${cost.toFixed(2)} confirmed orders`)
  }
  const stats = await redis.info('commandstats')
  t.notMatch(stats, /cmdstat_(?:hgetall|hscan|hvals|hkeys):/, 'no hash is read as a whole')
})
