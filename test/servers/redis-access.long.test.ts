import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { findExecutable } from '../../src/stack/processes/programs.ts'
import { freePort } from '../../src/stack/servers/ports.ts'
import { sharedServers, temporaryFolder } from '../support/servers/servers.ts'
import { epochsOf } from '../support/shop/many-shards.ts'
import { assertWhole, atRest, bought } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'
import { admin, follow, isOpen, isShut, openedAgain, ownRedis, shopOn } from './redis-set-up.ts'

// Who may use Redis, and who says where it is.

const shared = await sharedServers(t)

const PASSWORD = 'p@ss:w/rd-1'
const encoded = encodeURIComponent(PASSWORD)

t.test('A Redis with a password, and with a user of its own who may do no more than is needed', async (t) => {
  const server = await ownRedis(t)
  const redis = admin(t, server.url)
  // docs/guarantees.md names these rights
  const rights = ['+@all', '-@admin', '-@dangerous', '+info']
  await redis.call('ACL', 'SETUSER', 'floodgate', 'on', `>${PASSWORD}`, '~*', '&*', ...rights)
  const asUser = await shopOn(t, { ...shared, redisUrl: `redis://floodgate:${encoded}@127.0.0.1:${server.port}` })
  await bought(asUser.shop, 'ann')
  await assertWhole(t, asUser.shop)

  await redis.config('SET', 'requirepass', PASSWORD)
  const withPassword = await shopOn(t, { ...shared, redisUrl: `redis://:${encoded}@127.0.0.1:${server.port}` })
  await bought(withPassword.shop, 'bob')
  await assertWhole(t, withPassword.shop)

  // a right that is taken away under open connections is a state of the server, as READONLY is
  await redis.call('ACL', 'SETUSER', 'floodgate', '-evalsha')
  await waitFor(() => isShut(asUser.shop), { what: 'the gate to be closed' })
  t.ok(asUser.lines.some(({ alarm, reason }) => alarm === 'REDIS_REFUSES' && reason?.startsWith('NOPERM')))
  await redis.call('ACL', 'SETUSER', 'floodgate', '+evalsha')
  await waitFor(() => isOpen(asUser.shop), { what: 'the gate to be open' })
  await bought(asUser.shop, 'cara')
})

/** A sentinel with a password of its own, that watches a master with one. */
async function sentinelOf(t: Test, program: string, masterPort: number): Promise<number> {
  const folder = temporaryFolder(t)
  const port = await freePort()
  const file = join(folder, 'sentinel.conf')
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `requirepass ${PASSWORD}`,
    `sentinel monitor shop 127.0.0.1 ${masterPort} 1`,
    `sentinel auth-pass shop ${PASSWORD}`,
    'sentinel down-after-milliseconds shop 60000',
    'sentinel failover-timeout shop 10000'
  ]
  writeFileSync(file, `${settings.join('\n')}\n`)
  const child: ChildProcess = spawn(program, [file], { stdio: 'ignore' })
  t.teardown(() => void child.kill('SIGKILL'))
  const sentinel = new Redis({ host: '127.0.0.1', port, password: PASSWORD })
  sentinel.on('error', () => {})
  t.teardown(() => sentinel.disconnect())
  const knows = async () => {
    const told = await sentinel.call('SENTINEL', 'get-master-addr-by-name', 'shop').catch(() => null)
    return Array.isArray(told) && told[1] === String(masterPort)
  }
  await waitFor(knows, { what: 'the sentinel to answer' })
  return port
}

const program = findExecutable('redis-sentinel') ?? ''
const skip = program === '' && 'redis-sentinel is not installed here'

t.test(
  'Sentinel with passwords: a fail-over leads to the new master, and nothing confirmed is lost',
  { skip },
  async (t) => {
    const [first, second] = [await ownRedis(t), await ownRedis(t)]
    for (const { url } of [first, second]) {
      const open = new Redis(url)
      await open.config('SET', 'masterauth', PASSWORD)
      await open.config('SET', 'requirepass', PASSWORD)
      open.disconnect()
    }
    const replica = admin(t, `redis://:${encoded}@127.0.0.1:${second.port}`)
    await follow(replica, { ...first, url: `redis://:${encoded}@127.0.0.1:${first.port}` })
    const port = await sentinelOf(t, program, first.port)
    const sentinel = admin(t, `redis://:${encoded}@127.0.0.1:${port}`)
    const found = async () => ((await sentinel.call('SENTINEL', 'replicas', 'shop')) as unknown[]).length === 1
    await waitFor(found, { what: 'the sentinel to find the replica' })

    const redisUrl = `redis+sentinel://:${encoded}@127.0.0.1:${port}/shop?sentinelPassword=${encoded}`
    const { shop } = await shopOn(t, { ...shared, redisUrl })
    const order = await bought(shop, 'ann')
    await atRest(shop)
    const before = await epochsOf(shop)
    // the old master lives on as a replica, under open connections
    await waitFor(async () => (await sentinel.call('SENTINEL', 'failover', 'shop').catch(() => '')) === 'OK', {
      what: 'the sentinel to begin a fail-over',
      deadlineMs: 60_000
    })
    await openedAgain(shop, before)
    await bought(shop, 'bob')
    t.equal((await shop.gate.lookup('ann', 'u:key-of-ann'))?.decision.id, order)
    t.match(await replica.info('replication'), /role:master/)
    await assertWhole(t, shop)
  }
)
