import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { Server } from '../../src/stack/server.ts'
import { readShard } from '../../src/store/shards.ts'
import { buy } from '../support/core.ts'
import { privateServers, sharedServers } from '../support/servers.ts'
import { assertWhole, atRest, bought, openShop, rawCall, type Shop, type SmallSale } from '../support/shop.ts'
import { waitFor } from '../support/wait.ts'

// Redis as other people run it: what it refuses, who may use it, and who is the master.

const shared = await sharedServers(t)

interface Line {
  readonly name?: string
  readonly alarm?: string
  readonly reason?: string
  readonly loop?: string
  readonly msg?: string
}

async function ownRedis(t: Test): Promise<Server> {
  return (await privateServers(t, { redis: true })).redis
}

/** A shop on a Redis of its own, with what its gateway and worker log. */
async function shopOn(t: Test, redisUrl: string, spec: SmallSale = {}): Promise<{ shop: Shop; lines: Line[] }> {
  const lines: Line[] = []
  const log = { write: (text: string) => void lines.push(JSON.parse(text) as Line) }
  const shop = await openShop(t, { ...shared, redisUrl }, { stock: 1000, log, ...spec })
  return { shop, lines }
}

/** An administrator's own connection. */
function admin(t: Test, url: string): Redis {
  const redis = new Redis(url)
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  return redis
}

const isOpen = (shop: Shop) => shop.gate.health().gate === 'ok'

interface Cause {
  readonly code: string
  /** what is met first, where that is another code */
  readonly first?: string
  readonly begin: (redis: Redis, server: Server) => Promise<unknown>
  readonly end: (redis: Redis, server: Server) => Promise<unknown>
}

async function saved(redis: Redis, status: string): Promise<void> {
  await redis.call('BGSAVE').catch(() => {})
  const done = async () =>
    new RegExp(`rdb_bgsave_in_progress:0[^]*rdb_last_bgsave_status:${status}`).test(await redis.info('persistence'))
  await waitFor(done, { what: `a snapshot to end ${status}` })
}

const blocker = ({ folder }: Server) => join(folder, 'dump.rdb')

const causes: readonly Cause[] = [
  {
    code: 'READONLY',
    begin: (redis) => redis.replicaof('127.0.0.1', 1),
    end: (redis) => redis.call('REPLICAOF', 'NO', 'ONE')
  },
  {
    code: 'MASTERDOWN',
    first: 'READONLY',
    begin: async (redis) => {
      await redis.config('SET', 'replica-serve-stale-data', 'no')
      await redis.replicaof('127.0.0.1', 1)
    },
    end: async (redis) => {
      await redis.call('REPLICAOF', 'NO', 'ONE')
      await redis.config('SET', 'replica-serve-stale-data', 'yes')
    }
  },
  {
    code: 'OOM',
    begin: (redis) => redis.config('SET', 'maxmemory', '1'),
    end: (redis) => redis.config('SET', 'maxmemory', '0')
  },
  {
    code: 'NOREPLICAS',
    begin: (redis) => redis.config('SET', 'min-replicas-to-write', '1'),
    end: (redis) => redis.config('SET', 'min-replicas-to-write', '0')
  },
  {
    code: 'MISCONF',
    begin: async (redis, server) => {
      mkdirSync(blocker(server))
      await redis.config('SET', 'save', '3600 100000')
      await saved(redis, 'err')
    },
    end: async (redis, server) => {
      rmdirSync(blocker(server))
      await saved(redis, 'ok')
      await redis.config('SET', 'save', '')
    }
  },
  {
    code: 'BUSY',
    begin: async (redis) => {
      await redis.config('SET', 'busy-reply-threshold', '20')
      const other = redis.duplicate()
      other.on('error', () => {})
      void other
        .eval('while true do end', 0)
        .catch(() => {})
        .finally(() => other.disconnect())
      await waitFor(
        async () =>
          await redis.get('nothing').then(
            () => false,
            (error: Error) => /^BUSY/.test(error.message)
          )
      )
    },
    end: (redis) => redis.script('KILL')
  }
]

t.test('What Redis refuses closes the gate with one alarm, and it opens by itself when that ends', async (t) => {
  const server = await ownRedis(t)
  const redis = admin(t, server.url)
  const { shop, lines } = await shopOn(t, server.url)
  const told = (code: string) =>
    lines.filter(
      ({ alarm, reason, name }) => alarm === 'REDIS_REFUSES' && reason?.startsWith(code) && name === undefined
    )
  for (const { code, first = code, begin, end } of causes) {
    const before = told(first).length
    await bought(shop, `before-${code}`)
    t.ok(isOpen(shop), `${code}: open before`)
    await begin(redis, server)
    // nobody buys: the gate finds out by itself
    await waitFor(() => !isOpen(shop), { what: `health to say closed for ${code}` })
    for (let n = 0; n < 20; n += 1) {
      t.equal((await shop.gate.submit(buy(shop.sale, `while-${code}-${n}`))).kind, 'unavailable')
    }
    await waitFor(() => told(first).length > before, { what: `an alarm of ${code}` })
    await end(redis, server)
    await waitFor(() => isOpen(shop), { what: `the gate to be open after ${code}` })
    await bought(shop, `after-${code}`)
    // one of the gateway, one of the worker, both in this process
    const alarms = told(first).length - before
    t.ok(alarms <= 2, `${code}: ${alarms} alarms`)
  }
  const loops = new Map<string, number>()
  for (const { loop } of lines) if (loop) loops.set(loop, (loops.get(loop) ?? 0) + 1)
  for (const [loop, count] of loops) t.ok(count <= 3 * causes.length, `${loop} told ${count} times`)
  await assertWhole(t, shop)
})

t.test('A gate call that is refused while users buy is told once, not once a batch', async (t) => {
  const server = await ownRedis(t)
  const redis = admin(t, server.url)
  const { shop, lines } = await shopOn(t, server.url)
  await bought(shop, 'first')
  await redis.config('SET', 'maxmemory', '1')
  for (let n = 0; n < 50; n += 1) await shop.gate.submit(buy(shop.sale, `u${n}`))
  await waitFor(() => !isOpen(shop), { what: 'health to say closed' })
  t.ok(lines.filter(({ alarm }) => alarm === 'REDIS_REFUSES').length <= 2)
  t.equal(lines.filter((line) => line.msg === 'Redis refused a gate call').length, 0)
  await redis.config('SET', 'maxmemory', '0')
  await waitFor(() => isOpen(shop), { what: 'the gate to be open' })
})

t.test('A shard that cannot be opened waits and says for what, without an epoch for each look', async (t) => {
  const server = await ownRedis(t)
  const redis = admin(t, server.url)
  const { shop, lines } = await shopOn(t, server.url)
  await bought(shop, 'ann')
  const before = await readShard(shop.core.pool, shop.shard)
  await redis.config('SET', 'maxmemory', '1')
  await redis.script('FLUSH')
  const waiting = async () => (await readShard(shop.core.pool, shop.shard))?.waitingFor ?? ''
  await waitFor(async () => /Redis to take writes: OOM/.test(await waiting()), {
    what: 'the shard to say what it waits for'
  })
  const alarms = () => lines.filter(({ alarm }) => alarm === 'RECOVERY_WAITS')
  await waitFor(() => alarms().length > 0, { what: 'an alarm' })
  t.equal((await readShard(shop.core.pool, shop.shard))?.epoch, before?.epoch, 'no epoch is used up')
  await redis.config('SET', 'maxmemory', '0')
  await waitFor(() => isOpen(shop), { what: 'the gate to be open' })
  const after = await readShard(shop.core.pool, shop.shard)
  t.equal(after?.epoch, (before?.epoch ?? 0) + 1, 'one epoch for one opening')
  t.equal(after?.waitingFor, '', 'it waits for nothing any more')
  t.equal(alarms().length, 1, 'one alarm')
  await bought(shop, 'bob')
})

const replication = async (redis: Redis, field: string): Promise<string> =>
  new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(await redis.info('replication'))?.[1] ?? ''

async function follow(redis: Redis, master: Server): Promise<void> {
  // replicas are gathered for five seconds by default, for one transfer
  const other = new Redis(master.url)
  await other.config('SET', 'repl-diskless-sync-delay', '0').finally(() => other.disconnect())
  await redis.replicaof('127.0.0.1', master.port)
  await waitFor(async () => (await replication(redis, 'master_link_status')) === 'up', {
    what: 'the replica to follow'
  })
}

/** As an hour after its last replica has left, or the moment when its first one attaches. */
async function renamed(redis: Redis, before: string): Promise<string> {
  await waitFor(async () => (await replication(redis, 'master_replid')) !== before, { what: 'another replication id' })
  return replication(redis, 'master_replid')
}

t.test('A replica that comes and goes gives the master other ids, and opens nothing again', async (t) => {
  const [first, second] = [await ownRedis(t), await ownRedis(t)]
  const [redis, replica] = [admin(t, first.url), admin(t, second.url)]
  const { shop, lines } = await shopOn(t, first.url)
  await redis.config('SET', 'repl-backlog-ttl', '1')
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
  const closings = lines.filter(({ msg }) => msg === 'the gate is closed for now').length
  t.ok(closings <= 2, 'closed at its start only, in gateway and worker')
  await assertWhole(t, shop)
})

t.test(
  'A master that comes back with the data of a replica does not decide, also when all traces of that are gone',
  async (t) => {
    const [first, second] = [await ownRedis(t), await ownRedis(t)]
    const [redis, replica] = [admin(t, first.url), admin(t, second.url)]
    const { shop } = await shopOn(t, first.url)
    await bought(shop, 'ann')
    await atRest(shop)
    const before = await readShard(shop.core.pool, shop.shard)
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
    await waitFor(async () => isOpen(shop) && (await readShard(shop.core.pool, shop.shard))?.epoch !== before?.epoch, {
      what: 'another opening'
    })
    const orders = await shop.gate.ordersOf('bob')
    t.same(
      orders.map(({ order }) => order.id),
      [lost],
      'what was confirmed is there again'
    )
    await bought(shop, 'cara')
    await assertWhole(t, shop)
  }
)
