import fc from 'fast-check'
import t, { type Test } from 'tap'
import { slotOf } from '../../src/gate/redis/cluster-map.ts'
import { readShard, requestReopening } from '../../src/store/shard/shards.ts'
import { beginMove, endMove, moveKeys, redisCluster } from '../support/servers/redis-cluster.ts'
import { shardsEnv, sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { assertWhole, atRest, bought, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 4
const UNITS = 5

const cluster = await redisCluster(t)
const [one, two] = cluster.masters
if (one === undefined || two === undefined) throw new Error('three masters were asked for')
const urls = { ...(await sharedServers(t)), redisUrl: cluster.url, env: shardsEnv(COUNT) }

async function assertAllWhole(test: Test, shop: Shop): Promise<void> {
  for (const shard of shop.shards) await assertWhole(test, { ...shop, ...shard })
}

const epochsOf = ({ core, gate }: Shop) =>
  Promise.all(gate.numbers.map(async (shard) => (await readShard(core.pool, shard))?.epoch ?? 0))

const slotOfShard = ({ shards }: Shop, shard: number) => slotOf(shards[shard]?.prefix ?? '')

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
  const outcomes = await Promise.all(users.map((user) => insist(() => shop.gate.submit(buy(shop.sale, user)))))
  t.equal(outcomes.filter(({ kind }) => kind === 'confirmed').length, COUNT * UNITS)
  await assertAllWhole(t, shop)
  const places = await Promise.all(
    cluster.masters.map(async ({ redis }) => {
      const keys = await redis.keys(`${shop.core.config.NAMESPACE}:*`)
      return [...new Set(keys.map((key) => /\{s(\d)\}/.exec(key)?.[1]))].sort()
    })
  )
  t.same(places, [['2'], ['3'], ['0', '1']], 'each shard is where its slot is')
})

/** Buys one unit after the other for ever new users of all shards. @returns ends it, and says how many each of them bought */
function keepBuying(shop: Shop): () => Promise<number[]> {
  const state = { isOver: false }
  const buyers = Array.from({ length: 8 }, async (_, buyer) => {
    let count = 0
    for (; !state.isOver; count += 1) await bought(shop, `user-${buyer}-${count}`)
    return count
  })
  return () => {
    state.isOver = true
    return Promise.all(buyers)
  }
}

async function assertOthersWentOn(test: Test, shop: Shop, before: readonly number[]): Promise<void> {
  const after = await epochsOf(shop)
  test.same(
    after.map((epoch, shard) => epoch > (before[shard] ?? 0)),
    [false, false, false, true]
  )
  for (const shard of shop.shards) await atRest(shard)
  await assertAllWhole(test, shop)
}

const isOpen = ({ shards }: Shop, shard: number) => shards[shard]?.watch.current() !== undefined

t.test('a slot that is moved in the middle of a sale closes its shard until it is whole, and no other', async (t) => {
  const shop = await openShop(t, urls, { stock: 10_000 })
  const before = await epochsOf(shop)
  const slot = slotOfShard(shop, 3)
  const end = keepBuying(shop)
  await waitFor(async () => (await two.redis.cluster('COUNTKEYSINSLOT', slot)) > 20, { what: 'keys to move' })
  await beginMove(slot, two, one)
  await waitFor(() => !isOpen(shop, 3), { what: 'the shard to be closed' })
  t.ok([0, 1, 2].every((shard) => isOpen(shop, shard)))
  await moveKeys(slot, two, one)
  await endMove(slot, cluster, one)
  await waitFor(() => isOpen(shop, 3), { what: 'the shard to be open' })
  t.ok((await end()).every((count) => count > 0))
  await assertOthersWentOn(t, shop, before)
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
  const end = keepBuying(shop)
  await waitFor(() => isOpen(shop, 3), { what: 'the shard to be open' })
  await end()
  await assertOthersWentOn(t, shop, before)
})
