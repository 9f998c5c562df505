import t, { type Test } from 'tap'
import { StreamReader } from '../../src/journal/reader.ts'
import { manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import type { RecoveryParts } from '../../src/recovery/open/parts.ts'
import { recover } from '../../src/recovery/open/recover.ts'
import { openSession } from '../../src/store/connection/pool.ts'
import { readShard, takeShard } from '../../src/store/shard/shards.ts'
import { Projector } from '../../src/worker/projection/projector.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { assertWhole, bought, decisionOf, move, openShop, rawCall, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

class Stopped extends Error {}

/** Recoveries that die, each at a call that none before it died at. */
class Deaths {
  readonly #died = new Set<string>()
  #seen = new Map<string, number>()

  get count(): number {
    return this.#died.size
  }

  begin(): void {
    this.#seen = new Map()
  }

  /** The n-th call of a kind is a place of its own, up to four. @throws Stopped the first time it is met */
  meet(kind: string): void {
    const nth = (this.#seen.get(kind) ?? 0) + 1
    this.#seen.set(kind, nth)
    const place = `${kind} ${nth}`
    if (nth > 4 || this.#died.has(place)) return
    this.#died.add(place)
    throw new Stopped(place)
  }

  /** A part whose calls by these names are places to die at. */
  at<T extends object>(part: T, names: readonly string[]): T {
    return new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const [first] = args
          const what = typeof first === 'object' && first !== null && 'text' in first ? first.text : first
          const sql = name === 'query' ? String(what).slice(0, 60) : ''
          if (names.includes(String(name))) this.meet(`${String(name)} ${sql}`)
          return value.apply(target, args) as unknown
        }
      }
    })
  }
}

/** One recovery as a worker makes it, which dies at a call of Postgres, Redis or NATS. @returns whether it came to its end */
async function recoverOrDie(
  shop: Shop,
  deaths: Deaths,
  beforeDrain: (stream: string) => Promise<unknown> = async () => {}
): Promise<boolean> {
  const { core, shard, connection } = shop
  const session = await openSession(core.config, 'recovery-test')
  try {
    let term: number | undefined
    await waitFor(async () => {
      term ??= await takeShard(session, core.config.NAMESPACE, shard)
      return term !== undefined
    })
    const ownerTerm = term ?? 0
    const jsm = await manager(connection)
    const names = streamNames(core.config.NAMESPACE)
    const row = await readShard(session, shard)
    deaths.begin()
    const dyingSession = deaths.at(session, ['query'])
    const projector = new Projector(
      {
        session: dyingSession,
        shard,
        ownerTerm,
        names,
        openReader: (stream, from) => new StreamReader({ connection, jsm, stream, from }),
        committed: () => {},
        logger: core.logger
      },
      row?.position ?? { epoch: 0, sequence: 0 }
    )
    const parts: RecoveryParts = {
      ...shop,
      session: dyingSession,
      ownerTerm,
      jsm: Object.assign(Object.create(jsm), { streams: deaths.at(jsm.streams, ['info', 'update', 'add']) }),
      caller: deaths.at(shop.caller, ['call']),
      redis: deaths.at(shop.redis, ['scan', 'hscan', 'xrange', 'hmget']),
      names,
      streams: { replicas: 1, maxBytes: core.config.JOURNAL_MAX_BYTES },
      projector: {
        get position() {
          return projector.position
        },
        drain: async (epoch, upTo, options) => {
          deaths.meet('drain')
          await beforeDrain(names.journalStream(shard, epoch))
          return projector.drain(epoch, upTo, options)
        }
      },
      logger: core.logger
    }
    await recover(parts)
    return true
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    return false
  } finally {
    await session.end()
  }
}

/** Orders that are confirmed and not in Postgres, one decision that is only in the outbox, and no worker. */
async function sellWithoutWorker(shop: Shop): Promise<string[]> {
  await bought(shop, 'early')
  await shop.stopWorker()
  const users = Array.from({ length: 6 }, (_, index) => `user-${index}`)
  const orders: string[] = []
  for (const user of users) orders.push(await bought(shop, user))
  await shop.gate.submit(move(shop, 'cancel', { user: 'user-0', order: orders[0] ?? '' }))
  await rawCall(shop, [buy(shop.sale, 'unheard')])
  return orders
}

async function assertAllStand(t: Test, shop: Shop, orders: readonly string[]): Promise<void> {
  const users = orders.map((_, index) => `user-${index}`)
  const again = await Promise.all(users.map((user) => insist(() => shop.gate.submit(buy(shop.sale, user)))))
  t.same(
    again.map((outcome) => decisionOf(outcome).id),
    orders,
    'what was confirmed still stands'
  )
  await assertWhole(t, shop)
}

t.test('a recovery that dies at any of its steps is finished by the next one', async (t) => {
  const shop = await openShop(t, urls, { stock: 20 })
  const orders = await sellWithoutWorker(shop)
  const deaths = new Deaths()
  while (!(await recoverOrDie(shop, deaths)));
  t.ok(deaths.count > 20, `${deaths.count} places to die at`)
  shop.core.worker()
  await assertAllStand(t, shop, orders)
  const unheard = await insist(() => shop.gate.submit(buy(shop.sale, 'unheard')))
  t.match(unheard, { kind: 'confirmed', replayed: true }, 'what was decided is heard before the fence')
})

t.test('a lost journal is published again, also by the recovery after one that died on the way', async (t) => {
  const shop = await openShop(t, urls, { stock: 20 })
  const orders = await sellWithoutWorker(shop)
  const jsm = await manager(shop.connection)
  const row = await readShard(shop.core.pool, shop.shard)
  await jsm.streams.delete(streamNames(shop.core.config.NAMESPACE).journalStream(shop.shard, row?.epoch ?? 0))
  const deaths = new Deaths()
  while (!(await recoverOrDie(shop, deaths)));
  shop.core.worker()
  await assertAllStand(t, shop, orders)
  t.match(await insist(() => shop.gate.submit(buy(shop.sale, 'unheard'))), { kind: 'confirmed' })
})

t.test('a journal that is lost again while it is being published again is no empty one', async (t) => {
  const shop = await openShop(t, urls, { stock: 20 })
  const orders = await sellWithoutWorker(shop)
  const jsm = await manager(shop.connection)
  const row = await readShard(shop.core.pool, shop.shard)
  await jsm.streams.delete(streamNames(shop.core.config.NAMESPACE).journalStream(shop.shard, row?.epoch ?? 0))
  const never = new Deaths()
  never.meet = () => {}
  await t.rejects(
    recoverOrDie(shop, never, (stream) => jsm.streams.delete(stream)),
    /stream not found/
  )
  shop.core.worker()
  await assertAllStand(t, shop, orders)
})

t.test('a shard hash of another type is no end: the shard is opened again', async (t) => {
  const shop = await openShop(t, urls)
  const order = await bought(shop, 'alice')
  await shop.redis.set(`${shop.prefix}shard`, 'x')
  const again = await insist(() => shop.gate.submit(buy(shop.sale, 'alice')))
  t.equal(decisionOf(again).order?.id, order)
  await assertWhole(t, shop)
})

t.test('an outbox that somebody deleted confirms nothing', async (t) => {
  const shop = await openShop(t, urls)
  await bought(shop, 'bob')
  const unheard = await rawCall(shop, [buy(shop.sale, 'alice')])
  t.match(unheard.replies, [{ kind: 'decided' }])
  await shop.redis.unlink(`${shop.prefix}outbox`)
  const outcome = await insist(() => shop.gate.submit(buy(shop.sale, 'alice')))
  const { order } = decisionOf(outcome)
  const stored = () => shop.core.pool.query('select 1 from orders where order_id = $1', [order?.id])
  await waitFor(async () => (await stored()).rowCount === 1, { what: 'the confirmed order in Postgres' })
  await assertWhole(t, shop)
})

t.test('a gate that was closed in Redis alone is opened again under a new epoch', async (t) => {
  const shop = await openShop(t, urls, { stock: 30 })
  const row = await readShard(shop.core.pool, shop.shard)
  const orders: string[] = []
  for (let index = 0; index < 5; index += 1) orders.push(await bought(shop, `user-${index}`))
  await shop.redis.hset(`${shop.prefix}shard`, 'open', '0')
  await assertAllStand(t, shop, orders)
  const after = await readShard(shop.core.pool, shop.shard)
  t.ok((after?.epoch ?? 0) > (row?.epoch ?? 0))
})
