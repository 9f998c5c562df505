import type { JetStreamManager } from 'nats'
import t, { type Test } from 'tap'
import { connectJournal } from '../../src/journal/connection.ts'
import { completeStream, manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { freePort } from '../../src/stack/servers/ports.ts'
import type { Server } from '../../src/stack/servers/server.ts'
import { readShard, requestReopening } from '../../src/store/shard/shards.ts'
import { natsServer } from '../support/servers/nats-server.ts'
import { shardsEnv, sharedServers } from '../support/servers/servers.ts'
import { epochsOf, goOn, keepBuying, PATIENT_MS } from '../support/shop/many-shards.ts'
import { assertWhole, bought, openShop, type Shop } from '../support/shop/shop.ts'
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

type Servers = readonly Server[]

async function connectTo(t: Test, natsUrl: string): Promise<JetStreamManager> {
  const connection = await connectJournal({ url: natsUrl, creds: '', name: 'nats-test' })
  t.teardown(() => connection.close())
  const jsm = await manager(connection)
  const hasLeader = () =>
    jsm.getAccountInfo().then(
      () => true,
      () => false
    )
  await waitFor(hasLeader, { what: 'the cluster to have a leader', deadlineMs: PATIENT_MS })
  return jsm
}

/** Each shard is opened anew. */
async function reopenAll(shop: Shop): Promise<void> {
  const { pool } = shop.core
  const before = await epochsOf(shop)
  for (const shard of shop.gate.numbers) await requestReopening(pool, shard)
  const isNew = async () => {
    const rows = await Promise.all(shop.gate.numbers.map((shard) => readShard(pool, shard)))
    return rows.every((row, shard) => row?.state === 'open' && row.epoch > (before[shard] ?? 0))
  }
  await waitFor(isNew, { what: 'openings with two of three servers', deadlineMs: PATIENT_MS })
}

/** The server that leads the stream of a shard's opening. */
async function leaderOf(servers: Servers, jsm: JetStreamManager, stream: string): Promise<Server | undefined> {
  const leader = async () => (await jsm.streams.info(stream)).cluster?.leader ?? ''
  await waitFor(async () => (await leader()) !== '', { what: `a leader of ${stream}` })
  return servers[Number((await leader()).split('-').at(-1))]
}

/** One dies, what is open goes on selling, and what must be opened anew is opened. */
async function loseServers(t: Test, count: number): Promise<void> {
  const servers = await clusterOf(t)
  const natsUrl = servers.map(({ url }) => url).join(',')
  const jsm = await connectTo(t, natsUrl)
  const env = { NATS_REPLICAS: '3', ...shardsEnv(count) }
  const shop = await openShop(t, { ...shared, natsUrl, env }, { stock: 100_000 })
  const { pool, config } = shop.core
  const names = streamNames(config.NAMESPACE)
  const streamOf = async (shard: number) => {
    const epoch = (await readShard(pool, shard))?.epoch ?? 0
    return jsm.streams.info(names.journalStream(shard, epoch))
  }
  for (const shard of shop.gate.numbers) t.match(await streamOf(shard), { config: { num_replicas: 3 } })
  const buyers = keepBuying(shop)
  await goOn(buyers, shop.gate.numbers)

  // the leader of a shard's stream, in the middle of the sale: another one is chosen
  const before = await epochsOf(shop)
  const leader = await leaderOf(servers, jsm, (await streamOf(count - 1)).config.name)
  await leader?.kill()
  await goOn(buyers, shop.gate.numbers)
  t.same(await epochsOf(shop), before, 'no shard was opened again for it')
  await leader?.restart()
  await goOn(buyers, shop.gate.numbers)

  // struck dead: the others believe for a while that it comes back, and promise it a copy
  const used = () => servers.find(({ port }) => port === Number(shop.connection.nc.getServer().split(':').at(-1)))
  const struck = used()
  await struck?.kill()
  await goOn(buyers, shop.gate.numbers)
  await reopenAll(shop)
  await goOn(buyers, shop.gate.numbers)
  await struck?.restart()

  // taken away: they know that it is away
  const taken = used()
  await taken?.stop()
  await goOn(buyers, shop.gate.numbers)
  await reopenAll(shop)
  await goOn(buyers, shop.gate.numbers)
  await buyers.end()
  for (const shard of shop.gate.numbers) {
    const { num_replicas: copies } = (await streamOf(shard)).config
    t.ok(copies >= 2, `${copies} copies`)
  }
  await taken?.restart()
  const settings = { replicas: 3, maxBytes: config.JOURNAL_MAX_BYTES }
  for (const shard of shop.gate.numbers) {
    const isThree = async () => (await streamOf(shard)).config.num_replicas === 3
    // what the janitor does every 30 s
    const isWhole = async () =>
      (await completeStream(jsm, await streamOf(shard), settings).catch(() => false)) || isThree()
    await waitFor(isWhole, { what: 'the third copy', deadlineMs: PATIENT_MS, everyMs: 500 })
    t.equal(await isThree(), true)
  }
  await bought(shop, 'fay')
  await assertWhole(t, shop)
}

for (const count of [1, 4])
  t.test(
    `three servers, shards: ${count}: one dies, what is open goes on selling, what must be opened anew is opened`,
    (t) => loseServers(t, count)
  )
