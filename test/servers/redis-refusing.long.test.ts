import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import t from 'tap'
import { UnavailableError } from '../../src/base/errors.ts'
import type { Server } from '../../src/stack/servers/server.ts'
import { readShard } from '../../src/store/shard/shards.ts'
import { tookAtMost } from '../support/running/pace.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy } from '../support/shop/core.ts'
import { epochsOf } from '../support/shop/many-shards.ts'
import { assertWhole, atRest, bought } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'
import { admin, isOpen, isShut, openedAgain, ownRedis, shopOn } from './redis-set-up.ts'

// What Redis refuses, and what it does not hold.

const shared = await sharedServers(t)

/** Within this a cause has closed the gate, and its end has opened it. */
const SOON_MS = 5000

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
  const { shop, lines } = await shopOn(t, { ...shared, redisUrl: server.url })
  const told = (code: string) =>
    lines.filter(
      ({ alarm, reason, name }) => alarm === 'REDIS_REFUSES' && reason?.startsWith(code) && name === undefined
    )
  const openings = () => lines.filter(({ msg }) => msg === 'the gate is open').length
  const begunAt = performance.now()
  for (const { code, first = code, begin, end } of causes) {
    const before = told(first).length
    const openBefore = openings()
    await bought(shop, `before-${code}`)
    await waitFor(() => isOpen(shop), { what: `the gate to be open before ${code}` })
    await begin(redis, server)
    const begun = performance.now()
    // nobody buys: the gate finds out by itself
    await waitFor(() => isShut(shop), { what: `health to say closed for ${code}` })
    tookAtMost(t, `${code}: until health says closed`, { ms: performance.now() - begun, boundMs: SOON_MS })
    for (let n = 0; n < 20; n += 1) {
      t.equal((await shop.gate.submit(buy(shop.sale, `while-${code}-${n}`))).kind, 'unavailable')
    }
    await waitFor(() => told(first).length > before, { what: `an alarm of ${code}` })
    await end(redis, server)
    const ended = performance.now()
    await waitFor(() => isOpen(shop), { what: `the gate to be open after ${code}` })
    tookAtMost(t, `${code}: until it is open again`, { ms: performance.now() - ended, boundMs: SOON_MS })
    await bought(shop, `after-${code}`)
    // gateway and worker, both in this process, each say once for each shard that it closed, until it is open again
    await waitFor(() => openings() - openBefore >= told(first).length - before, {
      what: `each alarm of ${code} to be followed by an opening`
    })
  }
  const loops = new Map<string, number>()
  for (const { loop } of lines) if (loop) loops.set(loop, (loops.get(loop) ?? 0) + 1)
  // each error once a minute
  const minutes = 1 + Math.floor((performance.now() - begunAt) / 60_000)
  for (const [loop, count] of loops)
    t.ok(count <= 3 * causes.length * shop.shards.length * minutes, `${loop} told ${count} times`)
  await assertWhole(t, shop)
})

t.test('A gate call that is refused while users buy is told once, not once a batch', async (t) => {
  const server = await ownRedis(t)
  const redis = admin(t, server.url)
  const { shop, lines } = await shopOn(t, { ...shared, redisUrl: server.url })
  await bought(shop, 'first')
  await redis.config('SET', 'maxmemory', '1')
  for (let n = 0; n < 50; n += 1) await shop.gate.submit(buy(shop.sale, `u${n}`))
  await waitFor(() => isShut(shop), { what: 'health to say closed' })
  t.ok(lines.filter(({ alarm }) => alarm === 'REDIS_REFUSES').length <= 2 * shop.shards.length)
  t.equal(lines.filter((line) => line.msg === 'Redis refused a gate call').length, 0)
  await redis.config('SET', 'maxmemory', '0')
  await waitFor(() => isOpen(shop), { what: 'the gate to be open' })
})

t.test('A shard that cannot be opened waits and says for what, without an epoch for each look', async (t) => {
  const server = await ownRedis(t)
  const redis = admin(t, server.url)
  const { shop, lines } = await shopOn(t, { ...shared, redisUrl: server.url })
  await bought(shop, 'ann')
  const before = await readShard(shop.core.pool, shop.shard)
  const opening = lines.length
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
  // an opening that ends in the middle, where a server is slow, is tried again under the next one
  const ended = lines.slice(opening).filter(({ msg }) => msg?.startsWith('the work on the shard ended')).length
  const epochs = (after?.epoch ?? 0) - (before?.epoch ?? 0)
  t.ok(epochs >= 1 && epochs <= 1 + ended, `${epochs} epochs for one opening, of which ${ended} tries ended`)
  t.equal(after?.waitingFor, '', 'it waits for nothing any more')
  t.ok(alarms().length <= shop.shards.length + ended, 'one alarm for each shard, not one for each look')
  await bought(shop, 'bob')
})

const faultOf = (read: () => Promise<unknown>): Promise<unknown> =>
  read().then(
    () => undefined,
    (error: unknown) => error
  )

t.test('What a Redis that was wiped does not hold is never told as nothing', async (t) => {
  const server = await ownRedis(t)
  const redis = admin(t, server.url)
  const { shop } = await shopOn(t, { ...shared, redisUrl: server.url })
  const order = await bought(shop, 'ann')
  await atRest(shop)
  const opened = await epochsOf(shop)
  await shop.stopWorker()
  const { gate } = shop
  const reads: ReadonlyArray<readonly [name: string, read: () => Promise<unknown>]> = [
    ['read', () => gate.read([`u:ann`, 'c:c'])],
    ['ownerOf', () => gate.ownerOf(order)],
    ['depths', () => gate.depths(shop.shard)],
    ['ordersOf', () => gate.ordersOf('ann')],
    ['winsOf', () => gate.winsOf('ann')],
    ['unstoredOf', () => gate.unstoredOf('ann')],
    ['lookup', () => gate.lookup('ann', 'u:key-of-ann')]
  ]
  for (const [name, read] of reads) t.equal(await faultOf(read), undefined, `${name} answers`)
  await redis.flushall()
  for (const [name, read] of reads) t.ok((await faultOf(read)) instanceof UnavailableError, `${name} at once`)
  await waitFor(() => isShut(shop), { what: 'health to say closed' })
  for (const [name, read] of reads)
    t.ok((await faultOf(read)) instanceof UnavailableError, `${name} while it is closed`)
  shop.core.worker()
  await openedAgain(shop, opened)
  t.equal((await gate.lookup('ann', 'u:key-of-ann'))?.decision.id, order)
})
