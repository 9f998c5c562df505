import { test } from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { fixShards, requireShards, ShardsDifferError } from '../../src/store/shard/deployment.ts'
import { readShard } from '../../src/store/shard/shards.ts'
import { runCli } from '../support/servers/cli.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { type ServerUrls, shardsEnv, sharedServers, temporaryFolder } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { atRest, bought, decisionOf, move, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 4
const four = (urls: ServerUrls): ServerUrls => ({ ...urls, env: shardsEnv(COUNT) })

/** Some users of each shard, by shard. */
const users = Array.from({ length: COUNT }, (_, shard) =>
  Array.from({ length: 200 }, (_, n) => `user-${n}`)
    .filter((user) => shardOf(user, COUNT) === shard)
    .slice(0, 5)
)

/** Everything decided in any shard is stored. */
async function allAtRest({ shards }: Shop): Promise<void> {
  await atRest({ shards })
}

test('another number of shards than the deployment has is refused with the reason', async (t) => {
  const { pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl)
  await requireShards(pool, 3)
  await Promise.all([fixShards(pool, 4), fixShards(pool, 4)])
  await fixShards(pool, 4)
  await t.rejects(fixShards(pool, 1), { message: /SHARDS is 1, and this deployment has 4/ })
  await t.rejects(requireShards(pool, 5), ShardsDifferError)
})

test('gateway, worker and doctor say so and end where SHARDS is another number than Postgres knows', async (t) => {
  const urls = await sharedServers(t)
  const { pool, config } = await freshDatabase(t, urls.databaseUrl)
  await fixShards(pool, 4)
  const env = {
    FLOODGATE_HOME: temporaryFolder(t),
    NAMESPACE: config.NAMESPACE,
    REDIS_URL: urls.redisUrl,
    NATS_URL: urls.natsUrl,
    DATABASE_URL: urls.databaseUrl,
    TOKEN_SECRET: '0123456789abcdef0123456789abcdef',
    PORT: '0',
    ADMIN_PORT: '0',
    SHARDS: '3'
  }
  for (const command of ['gateway', 'worker', 'doctor']) {
    const { code, out, err } = await runCli([command], env)
    t.equal(code, 1, command)
    t.match(out + err, /SHARDS is 3, and this deployment has 4/, command)
    t.match(out + err, /Set SHARDS to 4/, `${command} says what to do`)
  }
})

test('each user is decided, read and stored in the shard of their name', async (t) => {
  const shop = await openShop(t, four(await sharedServers(t)), { stock: 3 })
  for (const [shard, own] of users.entries()) {
    const [ann = '', bob = ''] = own
    const order = await bought(shop, ann)
    t.equal(order.split('-')[0], String(shard), 'an id says its shard')
    // not the list: an order that Postgres has already is not in it
    t.equal((await shop.gate.orderOf(ann, order))?.order.id, order)
    t.equal(await shop.gate.orderOf(bob, order), undefined)
    decisionOf(await insist(() => shop.gate.submit(move(shop, 'pay', { user: ann, order }))))
    const again = await shop.gate.submit(buy(shop.sale, ann))
    t.match(again, { kind: 'confirmed', replayed: true })
  }
  const [summed, one] = [await shop.gate.read(['s:c:s', 'c:c']), await shop.gate.read(['s:c:s'], 2)]
  t.match(summed, [
    { 'am:total': '12', 'am:remaining': '8', 'am:paid': '4' },
    { participants: '4', ready: '1' }
  ])
  t.match(one, [{ 'am:total': '3', 'am:remaining': '2', 'am:paid': '1' }])
  await allAtRest(shop)
  const { rows } = await shop.core.pool.query(
    'select shard, count(*)::int as n from orders group by shard order by shard'
  )
  t.same(
    rows,
    users.map((_, shard) => ({ shard, n: 1 }))
  )
})

test('a shard that is closed stops its own users only, and is opened again by itself', async (t) => {
  const shop = await openShop(t, four(await sharedServers(t)), { stock: 30 })
  const epochs = async () =>
    Promise.all(users.map(async (_, shard) => (await readShard(shop.core.pool, shard))?.epoch ?? 0))
  const before = await epochs()
  const prefix = shop.shards[1]?.prefix ?? ''
  // of this shard alone everything is lost
  const keys = await shop.redis.keys(`${prefix}*`)
  await shop.redis.del(keys)
  for (const shard of [0, 2, 3]) t.ok(await bought(shop, users[shard]?.[0] ?? ''))
  t.ok(await bought(shop, users[1]?.[0] ?? ''), 'and the lost one comes back')
  const after = await epochs()
  t.same(
    after.map((epoch, shard) => epoch > (before[shard] ?? 0)),
    [false, true, false, false]
  )
})

/** How many shards each living worker owns, the largest part first. */
async function parts({ core }: Shop): Promise<number[]> {
  const { rows } = await core.pool.query<{ owned: number }>(
    `select count(*) filter (where owner_term > 0)::int as owned from worker_reports
     where seen_at > now() - interval '3 seconds' group by worker order by 1 desc`
  )
  return rows.map(({ owned }) => owned)
}

test('workers share the shards, and take over what another one leaves', async (t) => {
  const shop = await openShop(t, four(await sharedServers(t)), { stock: 30 })
  const own = async (...wanted: number[]) =>
    waitFor(async () => JSON.stringify(await parts(shop)) === JSON.stringify(wanted), {
      what: `parts of ${wanted}`,
      deadlineMs: 120_000
    })
  await own(4)
  const before = await Promise.all(users.map((_, shard) => readShard(shop.core.pool, shard)))
  shop.core.worker()
  await own(2, 2)
  for (const [user = ''] of users) t.ok(await bought(shop, user))
  await shop.stopWorker()
  await own(4)
  for (const [, user = ''] of users) t.ok(await bought(shop, user))
  await allAtRest(shop)
  const after = await Promise.all(users.map((_, shard) => readShard(shop.core.pool, shard)))
  t.same(
    after.map((row) => row?.epoch),
    before.map((row) => row?.epoch),
    'no shard was closed for it'
  )
})
