import t, { type Test } from 'tap'
import { createGateParts } from '../../src/gate/shard/create-gate.ts'
import type { Server } from '../../src/stack/servers/server.ts'
import { FaultyProxy } from '../support/servers/proxy.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { withFirst } from '../support/shop/core.ts'
import { epochsOf } from '../support/shop/many-shards.ts'
import { assertWhole, bought, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'
import { admin, openedAgain, ownRedis } from './redis-set-up.ts'

// A name of Redis leads to another server from now on, and the one before goes on to answer, as a master, whoever is connected to it.

const shared = await sharedServers(t)

const at = ({ port }: Server) => ({ host: '127.0.0.1', port })

async function proxyTo(t: Test, server: Server): Promise<{ readonly proxy: FaultyProxy; readonly url: string }> {
  const proxy = new FaultyProxy(at(server))
  const port = await proxy.listen()
  t.teardown(() => proxy.close())
  return { proxy, url: `redis://127.0.0.1:${port}` }
}

/** A shop whose worker reaches Redis through one proxy, and a gateway of it through another one. */
async function switchable(t: Test) {
  const [first, second] = [await ownRedis(t), await ownRedis(t)]
  const [ofWorker, ofGateway] = [await proxyTo(t, first), await proxyTo(t, first)]
  const { core, sale, stopWorker } = await openShop(t, { ...shared, redisUrl: ofWorker.url }, { stock: 1000 })
  const { pool, logger } = core
  const parts = await createGateParts({ ...core.config, REDIS_URL: ofGateway.url }, { pool, logger, name: 'moved' })
  t.teardown(() => parts.gate.close(500))
  await parts.gate.ready()
  const shop: Shop = { ...withFirst(parts), core, sale, stopWorker }
  await bought(shop, 'before')
  const clients = async (server: Server) => String(await admin(t, server.url).client('LIST'))
  return {
    shop,
    first,
    second,
    ofWorker: ofWorker.proxy,
    ofGateway: ofGateway.proxy,
    clients,
    before: await epochsOf(shop)
  }
}

t.test('a gateway whose connection leads to a Redis that was given up makes another one', async (t) => {
  const { shop, first, second, ofWorker, ofGateway, clients, before } = await switchable(t)
  ofGateway.retarget(at(second), 'stay')
  ofWorker.retarget(at(second))
  await openedAgain(shop, before)
  await bought(shop, 'after')
  await waitFor(async () => !(await clients(first)).includes('name=moved'), { what: 'every connection to be left' })
  t.match(await clients(second), /name=moved /)
  await assertWhole(t, shop)
})

t.test('an owner whose connection leads to a Redis that gateways have left follows them', async (t) => {
  const { shop, second, ofWorker, ofGateway, before } = await switchable(t)
  ofWorker.retarget(at(second), 'stay')
  ofGateway.retarget(at(second))
  await openedAgain(shop, before)
  await bought(shop, 'after')
  await assertWhole(t, shop)
  t.equal(
    (await epochsOf(shop)).every((epoch, shard) => epoch === (before[shard] ?? 0) + 1),
    true,
    'by one opening'
  )
})
