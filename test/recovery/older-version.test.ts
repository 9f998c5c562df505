import t from 'tap'
import { KNOWN_VERSION, readShard } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { openLoggedShop } from '../support/shop/forgetting.ts'
import { bought } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

t.test('a worker of a version that would read the shard wrongly does not take it, and says why', async (t) => {
  const shop = await openLoggedShop(t, urls)
  const { pool } = shop.core
  await shop.stopWorker()
  const demand = (version: number) =>
    pool.query('update shards set least_version = $2 where shard = $1', [shop.shard, version])
  await demand(KNOWN_VERSION + 1)
  const before = await readShard(pool, shop.shard)
  shop.lines.length = 0
  shop.core.worker()
  const said = () => shop.lines.some(({ err }) => (err as { code?: string } | undefined)?.code === 'version-too-old')
  await waitFor(async () => said(), { what: 'the worker to say that it is too old' })
  t.equal((await readShard(pool, shop.shard))?.ownerTerm, before?.ownerTerm, 'nothing was taken')
  await demand(KNOWN_VERSION)
  await waitFor(async () => ((await readShard(pool, shop.shard))?.ownerTerm ?? 0) > (before?.ownerTerm ?? 0), {
    what: 'the shard to be taken once this version is enough'
  })
  await bought(shop, 'ann')
})
