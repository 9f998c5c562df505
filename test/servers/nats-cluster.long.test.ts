import t, { type Test } from 'tap'
import { connectJournal } from '../../src/journal/connection.ts'
import { completeStream, manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { freePort } from '../../src/stack/servers/ports.ts'
import type { Server } from '../../src/stack/servers/server.ts'
import { readShard, requestReopening } from '../../src/store/shard/shards.ts'
import { natsServer } from '../support/servers/nats-server.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { assertWhole, bought, openShop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const shared = await sharedServers(t)

/** Three servers, each of which knows the others. */
async function clusterOf(t: Test): Promise<Server[]> {
  const ports = [await freePort(), await freePort(), await freePort()]
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ')
  return Promise.all(
    ports.map((port, index) => {
      const lines = [`cluster { name: shop, listen: "127.0.0.1:${port}", routes: [${routes}] }`]
      return natsServer(t, { name: `nats-${index}`, lines })
    })
  )
}

t.test('three servers: one dies, what is open goes on selling, and what must be opened anew is opened', async (t) => {
  const servers = await clusterOf(t)
  const natsUrl = servers.map(({ url }) => url).join(',')
  const connection = await connectJournal({ url: natsUrl, creds: '', name: 'nats-test' })
  t.teardown(() => connection.close())
  const jsm = await manager(connection)
  const hasLeader = () =>
    jsm.getAccountInfo().then(
      () => true,
      () => false
    )
  await waitFor(hasLeader, { what: 'the cluster to have a leader', deadlineMs: 120_000 })
  const shop = await openShop(t, { ...shared, natsUrl, env: { NATS_REPLICAS: '3' } }, { stock: 100 })
  await bought(shop, 'ann')
  const { pool, config } = shop.core
  const names = streamNames(config.NAMESPACE)
  const opening = async () => (await readShard(pool, shop.shard)) ?? { epoch: 0, state: 'closed' }
  const streamOf = async () => jsm.streams.info(names.journalStream(shop.shard, (await opening()).epoch))
  t.match(await streamOf(), { config: { num_replicas: 3 } })

  const reopened = async () => {
    const { epoch } = await opening()
    await requestReopening(pool, shop.shard)
    const isNew = async () => {
      const now = await opening()
      return now.epoch > epoch && now.state === 'open'
    }
    await waitFor(isNew, { what: 'an opening with two of three servers', deadlineMs: 120_000 })
  }

  // struck dead: the others believe for a while that it comes back, and promise it a copy
  const used = () => servers.find(({ port }) => port === Number(shop.connection.nc.getServer().split(':').at(-1)))
  const struck = used()
  await struck?.kill()
  await bought(shop, 'ben')
  await reopened()
  await bought(shop, 'cem')
  await struck?.restart()

  // taken away: they know that it is away
  const taken = used()
  await taken?.stop()
  await bought(shop, 'dan')
  await reopened()
  await bought(shop, 'eve')
  const { num_replicas: copies } = (await streamOf()).config
  t.ok(copies >= 2, `${copies} copies`)
  await taken?.restart()
  const settings = { replicas: 3, maxBytes: config.JOURNAL_MAX_BYTES }
  // what the janitor does every 30 s
  const isWhole = async () => (await completeStream(jsm, await streamOf(), settings).catch(() => false)) || isThree()
  const isThree = async () => (await streamOf()).config.num_replicas === 3
  await waitFor(isWhole, { what: 'the third copy', deadlineMs: 120_000, everyMs: 500 })
  t.equal(await isThree(), true)
  await bought(shop, 'fay')
  await assertWhole(t, shop)
})
