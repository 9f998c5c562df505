import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { Server } from '../../src/stack/server.ts'
import { readShard } from '../../src/store/shards.ts'
import { buy } from '../support/core.ts'
import { privateServers, sharedServers } from '../support/servers.ts'
import { assertWhole, bought, openShop, type Shop, type SmallSale } from '../support/shop.ts'
import { waitFor } from '../support/wait.ts'

// Redis as other people run it: what it refuses, who may use it, and who is the master.

const shared = await sharedServers(t)

interface Line {
  readonly name?: string
  readonly alarm?: string
  readonly reason?: string
  readonly loop?: string
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
  t.equal(lines.filter((line) => (line as { msg?: string }).msg === 'Redis refused a gate call').length, 0)
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
