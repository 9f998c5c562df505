import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { slotOf } from '../../src/gate/redis/cluster-map.ts'
import { LiveFigures } from '../../src/http/campaigns/live-figures.ts'
import { aCampaign, aCatalogue } from '../support/http/http-app.ts'
import { type ClusterNode, redisCluster } from '../support/servers/redis-cluster.ts'
import { shardsEnv, sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { assertOpenedAgain, type Buyers, epochsOf, goOn, isOpen, keepBuying } from '../support/shop/many-shards.ts'
import { assertWhole, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

// Of four shards over three masters: 2 on the first, 3 on the second, 0 and 1 on the third.

const run = promisify(execFile)
const shared = await sharedServers(t)
const env = shardsEnv(4)
const on = { third: [0, 1], others: [2, 3] } as const

async function areOpen(shop: Shop, shards: readonly number[]): Promise<void> {
  await waitFor(() => shards.every((shard) => isOpen(shop, shard)), { what: `shards ${shards} to be open` })
}

async function die(shop: Shop, buyers: Buyers, master: ClusterNode | undefined): Promise<void> {
  await goOn(buyers, shop.gate.numbers)
  await master?.server.kill()
  await waitFor(() => on.third.every((shard) => !isOpen(shop, shard)), { what: 'the shards to be closed' })
  await goOn(buyers, on.others)
}

t.test('a master dies and its replica takes its place: only its shards are opened again', async (t) => {
  const cluster = await redisCluster(t, { replicated: true })
  const [, , master] = cluster.masters
  const shop = await openShop(t, { ...shared, redisUrl: cluster.url, env }, { stock: 100_000 })
  const before = await epochsOf(shop)
  const buyers = keepBuying(shop)
  await die(shop, buyers, master)
  await areOpen(shop, on.third)
  await goOn(buyers, shop.gate.numbers)
  // it comes back as a replica of the new master, and nothing moves
  await master?.server.restart()
  const follows = async () => /^master_link_status:up\r$/m.test((await master?.redis.info('replication')) ?? '')
  await waitFor(follows, { what: 'the old master to follow the new one' })
  await goOn(buyers, shop.gate.numbers)
  await buyers.end()
  await assertOpenedAgain(t, shop, { before, expected: on.third })
})

t.test('a master hangs, with all its connections open, and its replica takes its place', async (t) => {
  const cluster = await redisCluster(t, { replicated: true })
  const [, , master] = cluster.masters
  const pid = master?.server.pid() ?? 0
  const shop = await openShop(t, { ...shared, redisUrl: cluster.url, env }, { stock: 100_000 })
  const before = await epochsOf(shop)
  const buyers = keepBuying(shop)
  await goOn(buyers, shop.gate.numbers)
  process.kill(pid, 'SIGSTOP')
  t.teardown(() => void process.kill(pid, 'SIGCONT'))
  await goOn(buyers, shop.gate.numbers)
  process.kill(pid, 'SIGCONT')
  await goOn(buyers, shop.gate.numbers)
  await buyers.end()
  await assertOpenedAgain(t, shop, { before, expected: on.third })
})

/** What a gateway shows of the units of a shop. */
function unitsAt(gate: Pick<Shop['gate'], 'read' | 'numbers'>) {
  const launch = aCampaign()
  const activities = launch.rules.activities.slice(0, 1).map((sale) => ({ ...sale, id: 's' }))
  const campaign = { ...launch, id: 'c', rules: { ...launch.rules, activities } }
  const figures = new LiveFigures({ gate, catalogue: aCatalogue([campaign]) })
  const units = async () => {
    await figures.refresh()
    return figures.of('c')?.stock.get('s/am')
  }
  return { figures, units }
}

t.test('a master without a replica dies, and comes back with its data or with none', async (t) => {
  const cluster = await redisCluster(t)
  const [, , master] = cluster.masters
  const shop = await openShop(t, { ...shared, redisUrl: cluster.url, env }, { stock: 100_000 })
  const before = await epochsOf(shop)
  const { units } = unitsAt(shop.gate)
  t.equal((await units())?.total, 400_000)
  const buyers = keepBuying(shop)
  await die(shop, buyers, master)
  const { remaining: left = 0 } = (await units()) ?? {}
  await goOn(buyers, on.others)
  await waitFor(async () => ((await units())?.remaining ?? left) < left, { what: 'the figures of the others to go on' })
  t.equal((await units())?.total, 400_000, 'of the dead one the last ones count')
  const { gate } = await shop.core.gateway()
  await gate.ready(100)
  const started = unitsAt(gate)
  t.equal(await started.units(), undefined, 'a gateway that starts now does not know what is left')
  t.match(started.figures.seen('c')?.readAt, [null, null, Number, Number])
  t.equal(started.figures.seen('c')?.stock.get('s/am')?.total, 200_000)
  const user = Array.from({ length: 100 }, (_, n) => `late-${n}`).find((name) => shardOf(name, 4) === on.others[0])
  const late = await insist(() => gate.submit(buy(shop.sale, user ?? '')))
  t.match(late, { kind: 'confirmed' }, 'one that starts now sells as well')
  await master?.server.restart()
  await areOpen(shop, on.third)
  await waitFor(async () => (await started.units())?.total === 400_000, { what: 'the figures of all shards' })
  await goOn(buyers, shop.gate.numbers)
  await master?.redis.flushall()
  await goOn(buyers, on.others)
  await goOn(buyers, on.third)
  await buyers.end()
  await assertOpenedAgain(t, shop, { before, expected: on.third })
})

/** The commands of docs/capacity.md that move shard 0, for these masters. */
function movesShard0(from: ClusterNode, to: ClusterNode, other: ClusterNode): string {
  const page = readFileSync('docs/capacity.md', 'utf8')
  const [, script = ''] = /```sh\n(from=7002 [\s\S]*?)```/.exec(page) ?? []
  const ports = `from=${from.server.port} to=${to.server.port} others=${other.server.port}`
  return script.replace(/^.*$/m, ports)
}

t.test('what the capacity page says moves a shard that is selling, and nothing is lost', async (t) => {
  const cluster = await redisCluster(t)
  const [one, two, three] = cluster.masters
  if (one === undefined || two === undefined || three === undefined) throw new Error('three were asked for')
  const shop = await openShop(t, { ...shared, redisUrl: cluster.url, env }, { stock: 100_000 })
  const before = await epochsOf(shop)
  const buyers = keepBuying(shop)
  await goOn(buyers, shop.gate.numbers)
  await run('sh', ['-euc', movesShard0(three, one, two)])
  await goOn(buyers, shop.gate.numbers)
  await buyers.end()
  t.ok(Number(await one.redis.cluster('COUNTKEYSINSLOT', slotOf('{s0}'))) > 10, 'it is there')
  await assertOpenedAgain(t, shop, { before, expected: [0] })
})

t.test('a user with no more rights than the page of guarantees names can do all of it', async (t) => {
  const { masters } = await redisCluster(t)
  const rights = ['+@all', '-@admin', '-@dangerous', '+info']
  for (const { redis } of masters) await redis.call('ACL', 'SETUSER', 'shop', 'on', '>p@ss', '~*', '&*', ...rights)
  for (const { redis } of masters) await redis.call('ACL', 'SETUSER', 'default', 'resetpass', '-@all', '+@connection')
  const hosts = masters.map(({ server }) => `127.0.0.1:${server.port}`)
  const redisUrl = `redis+cluster://shop:p%40ss@${hosts.join(',')}`
  const shop = await openShop(t, { ...shared, redisUrl, env }, { stock: 100_000 })
  const buyers = keepBuying(shop)
  await goOn(buyers, shop.gate.numbers)
  await buyers.end()
  await assertWhole(t, shop)
})

t.test('all nodes die at once, with replicas, and come back: every confirmed order is there', async (t) => {
  const cluster = await redisCluster(t, { replicated: true })
  const shop = await openShop(t, { ...shared, redisUrl: cluster.url, env }, { stock: 100_000 })
  const buyers = keepBuying(shop)
  await goOn(buyers, shop.gate.numbers)
  const nodes = [...cluster.masters, ...cluster.replicas]
  await Promise.all(nodes.map(({ server }) => server.kill()))
  await Promise.all(nodes.map(({ server }) => server.restart()))
  await goOn(buyers, shop.gate.numbers)
  await buyers.end()
  await assertWhole(t, shop)
  const { rows } = await shop.core.pool.query<{ n: number }>('select count(*)::int as n from orders')
  t.equal(
    rows[0]?.n,
    buyers.counts.reduce((sum, count) => sum + count, 0)
  )
})
