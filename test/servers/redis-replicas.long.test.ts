import type { Redis } from 'ioredis'
import t from 'tap'
import { readShard } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { epochsOf } from '../support/shop/many-shards.ts'
import { assertWhole, atRest, bought, rawCall } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'
import { admin, follow, openedAgain, ownRedis, replication, shopOn } from './redis-set-up.ts'

// Who is the master, and whether anything was exchanged.

const shared = await sharedServers(t)

/** As an hour after its last replica has left, or the moment when its first one attaches. */
async function renamed(redis: Redis, before: string): Promise<string> {
  await waitFor(async () => (await replication(redis, 'master_replid')) !== before, { what: 'another replication id' })
  return replication(redis, 'master_replid')
}

t.test('A replica that comes and goes gives the master other ids, and opens nothing again', async (t) => {
  const [first, second] = [await ownRedis(t), await ownRedis(t)]
  const [redis, replica] = [admin(t, first.url), admin(t, second.url)]
  const { shop, lines } = await shopOn(t, { ...shared, redisUrl: first.url })
  await redis.config('SET', 'repl-backlog-ttl', '1')
  await waitFor(() => lines.filter(({ msg }) => msg === 'the gate is open').length >= 2 * shop.shards.length, {
    what: 'the gates of gateway and worker to be open'
  })
  const opening = lines.length
  const before = await readShard(shop.core.pool, shop.shard)
  const opened = await replication(redis, 'master_replid')
  t.equal(opened, before?.replid)
  for (let turn = 0; turn < 2; turn += 1) {
    const alone = await replication(redis, 'master_replid')
    await follow(replica, first)
    const followed = await renamed(redis, alone)
    await bought(shop, `followed-${turn}`)
    t.equal((await rawCall(shop, [])).status, 'OK', 'the same scripts decide on')
    await replica.call('REPLICAOF', 'NO', 'ONE')
    await renamed(redis, followed)
    await bought(shop, `alone-${turn}`)
  }
  const after = await readShard(shop.core.pool, shop.shard)
  t.equal(after?.epoch, before?.epoch, 'no epoch more')
  const reopened = lines.filter(({ msg }) => msg === 'the shard must be opened again')
  t.same(reopened, [], 'the worker found no reason to')
  // a gate whose Redis is slow closes for a moment: none because of another master
  const told = lines.slice(opening).filter(({ msg }) => msg === 'the gate is closed for now')
  t.same(
    told.filter(({ reason }) => /CLOSED/.test(reason ?? '')),
    [],
    'no gate took this for another master'
  )
  await assertWhole(t, shop)
})

t.test(
  'A master that comes back with the data of a replica does not decide, also when all traces of that are gone',
  async (t) => {
    const [first, second] = [await ownRedis(t), await ownRedis(t)]
    const [redis, replica] = [admin(t, first.url), admin(t, second.url)]
    const { shop } = await shopOn(t, { ...shared, redisUrl: first.url })
    await bought(shop, 'ann')
    await atRest(shop)
    const before = await readShard(shop.core.pool, shop.shard)
    const opened = await epochsOf(shop)
    await shop.stopWorker()
    await follow(replica, first)
    await replica.call('REPLICAOF', 'NO', 'ONE')
    const lost = await bought(shop, 'bob')
    await follow(redis, second)
    await redis.call('REPLICAOF', 'NO', 'ONE')
    // nobody asks while the id of the other master is forgotten: neither a look at it nor the one of its own would tell
    await redis.config('SET', 'repl-backlog-ttl', '1')
    const forgotten = async () => /^0+$/.test(await replication(redis, 'master_replid2'))
    await waitFor(forgotten, { what: 'the other history to be forgotten' })
    t.equal(await redis.hget(`${shop.prefix}shard`, 'open'), String(before?.epoch), 'by its data it is open')
    t.equal(((await redis.script('EXISTS', before?.shas.gate ?? '')) as number[])[0], 1, 'its scripts are there')
    await waitFor(() => shop.redis.status === 'ready', { what: 'the connection to Redis' })
    t.equal((await rawCall(shop, [])).status, 'CLOSED', 'and it does not decide')
    shop.core.worker()
    await openedAgain(shop, opened)
    t.equal((await shop.gate.lookup('bob', 'u:key-of-bob'))?.decision.id, lost, 'what was confirmed is there again')
    await bought(shop, 'cara')
    await assertWhole(t, shop)
  }
)
