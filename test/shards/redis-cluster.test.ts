import fc from 'fast-check'
import t from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { slotOf } from '../../src/gate/redis/cluster-map.ts'
import { readShard, requestReopening } from '../../src/store/shard/shards.ts'
import { beginMove, endMove, moveKeys, redisCluster } from '../support/servers/redis-cluster.ts'
import { shardsEnv, sharedServers } from '../support/servers/servers.ts'
import { buy } from '../support/shop/core.ts'
import { assertOpenedAgain, epochsOf, goOn, isOpen, keepBuying, slotOfShard } from '../support/shop/many-shards.ts'
import { assertWhole, bought, openShop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 4
const UNITS = 5

const cluster = await redisCluster(t)
const [one, two] = cluster.masters
if (one === undefined || two === undefined) throw new Error('three masters were asked for')
const urls = { ...(await sharedServers(t)), redisUrl: cluster.url, env: shardsEnv(COUNT) }

t.test('the slot of a key is the one that Redis says', async () => {
  const texts = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('{', '}', 'a', 'é') }))
  await fc.assert(
    fc.asyncProperty(texts, async (key) => slotOf(key) === (await one.redis.cluster('KEYSLOT', key))),
    { numRuns: 300 }
  )
})

t.test('a sale of four shards over three masters sells each unit once', async (t) => {
  const shop = await openShop(t, urls, { stock: UNITS })
  const users = Array.from({ length: 100 }, (_, n) => `user-${n}`)
  let sold = 0
  const insist = async (user: string) => {
    let kind = ''
    while (sold < COUNT * UNITS && kind !== 'confirmed' && kind !== 'refused') {
      kind = (await shop.gate.submit(buy(shop.sale, user))).kind
      if (kind === 'confirmed') sold += 1
    }
  }
  await Promise.all(users.map(insist))
  t.equal(sold, COUNT * UNITS)
  await assertWhole(t, shop)
  const places = await Promise.all(
    cluster.masters.map(async ({ redis }) => {
      const keys = await redis.keys(`${shop.core.config.NAMESPACE}:*`)
      return [...new Set(keys.map((key) => /\{s(\d)\}/.exec(key)?.[1]))].sort()
    })
  )
  t.same(places, [['2'], ['3'], ['0', '1']], 'each shard is where its slot is')
})

t.test('a slot that is moved in the middle of a sale closes its shard until it is whole, and no other', async (t) => {
  const shop = await openShop(t, urls, { stock: 1_000_000 })
  const before = await epochsOf(shop)
  const slot = slotOfShard(shop, 3)
  const buyers = keepBuying(shop)
  await waitFor(async () => (await two.redis.cluster('COUNTKEYSINSLOT', slot)) > 20, { what: 'keys to move' })
  await beginMove(slot, two, one)
  await waitFor(() => !isOpen(shop, 3), { what: 'the shard to be closed' })
  await goOn(buyers, [0, 1, 2])
  t.notOk(isOpen(shop, 3), 'it is not whole yet')
  await moveKeys(slot, two, one)
  await endMove(slot, cluster, one)
  await goOn(buyers, shop.gate.numbers)
  await buyers.end()
  await assertOpenedAgain(t, shop, { before, expected: [3] })
  await beginMove(slot, one, two)
  await moveKeys(slot, one, two)
  await endMove(slot, cluster, two)
})

t.test('no shard is opened while its slot is on its way', async (t) => {
  const shop = await openShop(t, urls, { stock: 10_000 })
  const before = await epochsOf(shop)
  const slot = slotOfShard(shop, 3)
  await shop.stopWorker()
  await requestReopening(shop.core.pool, 3)
  await beginMove(slot, two, one)
  shop.core.worker()
  const waits = async () => (await readShard(shop.core.pool, 3))?.waitingFor ?? ''
  await waitFor(async () => new RegExp(`slot ${slot} is on its way to`).test(await waits()), {
    what: 'the worker to wait'
  })
  await moveKeys(slot, two, one)
  t.same(await epochsOf(shop), before, 'no epoch was tried in vain')
  await endMove(slot, cluster, one)
  const user = Array.from({ length: 100 }, (_, n) => `user-${n}`).find((name) => shardOf(name, COUNT) === 3) ?? ''
  await bought(shop, user)
  await assertOpenedAgain(t, shop, { before, expected: [3] })
})
