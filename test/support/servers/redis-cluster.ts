import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { clusterPlace } from '../../../src/config/redis-url.ts'
import { ClusterMap, slotOf } from '../../../src/gate/redis/cluster-map.ts'
import { requireProgram } from '../../../src/stack/processes/programs.ts'
import { freePort } from '../../../src/stack/servers/ports.ts'
import { redisSpec } from '../../../src/stack/servers/redis.ts'
import { runServer, type Server } from '../../../src/stack/servers/server.ts'
import { waitFor } from '../wait.ts'
import { type Teardown, temporaryFolder } from './servers.ts'

const SLOTS = 16_384

export interface ClusterNode {
  readonly id: string
  readonly server: Server
  /** an administrator's own connection */
  readonly redis: Redis
}

export interface RedisCluster {
  /** REDIS_URL */
  readonly url: string
  /** each with an equal part of the slots, in order */
  readonly masters: readonly ClusterNode[]
  /** one of each master, in the same order; empty unless asked for */
  readonly replicas: readonly ClusterNode[]
}

const said = async (redis: Redis, line: RegExp): Promise<boolean> => line.test(String(await redis.cluster('INFO')))

/** A Redis as the local stack runs it, which may be a node of a cluster. */
async function startNode(t: Teardown, root: string, name: string) {
  const folder = join(root, name)
  mkdirSync(folder)
  const program = await requireProgram('redis')
  const spec = redisSpec({ folder, logFile: join(root, `${name}.log`) }, { program, endWithLauncher: true })
  // by default it is the port and 10,000: in the range from which the system takes ports of clients
  const bus = await freePort()
  const settings = {
    'cluster-enabled': 'yes',
    'cluster-node-timeout': '1000',
    'cluster-announce-ip': '127.0.0.1',
    'cluster-port': String(bus),
    // otherwise one dead master stops all shards
    'cluster-require-full-coverage': 'no',
    'repl-diskless-sync-delay': '0'
  }
  const more = Object.entries(settings).flatMap(([setting, value]) => [`--${setting}`, value])
  const server = await runServer({
    ...spec,
    program: (port) => {
      const { args, ...rest } = spec.program(port)
      return { ...rest, args: [...args, ...more] }
    }
  })
  t.teardown(() => server.stop(2000))
  const redis = new Redis(server.url, { retryStrategy: () => 100, maxRetriesPerRequest: null })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  return { server, redis, bus, id: String(await redis.cluster('MYID')) }
}

/** Three masters on loopback, each with a replica if `replicated`; gone after the test. */
export async function redisCluster(t: Teardown, { replicated = false } = {}): Promise<RedisCluster> {
  const root = temporaryFolder(t)
  const names = ['master-0', 'master-1', 'master-2', ...(replicated ? ['replica-0', 'replica-1', 'replica-2'] : [])]
  const nodes = await Promise.all(names.map((name) => startNode(t, root, name)))
  const [masters, replicas] = [nodes.slice(0, 3), nodes.slice(3)]
  for (const [index, { redis }] of masters.entries()) {
    const [first, next] = [index, index + 1].map((part) => Math.ceil((part * SLOTS) / masters.length))
    await redis.cluster('ADDSLOTSRANGE', first ?? 0, (next ?? SLOTS) - 1)
  }
  for (const [index, { redis }] of nodes.entries()) await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
  const [first, ...others] = nodes
  for (const { server, bus } of others) await first?.redis.call('CLUSTER', 'MEET', '127.0.0.1', server.port, bus)
  const known = new RegExp(`^cluster_state:ok\\r$[^]*^cluster_known_nodes:${nodes.length}\\r$`, 'm')
  for (const { redis } of nodes) await waitFor(() => said(redis, known), { what: 'the cluster to be one', everyMs: 50 })
  for (const [index, { redis }] of replicas.entries()) {
    await redis.call('CLUSTER', 'REPLICATE', masters[index]?.id ?? '')
    const isUp = async () => /^master_link_status:up\r$/m.test(await redis.info('replication'))
    await waitFor(isUp, { what: 'a replica to follow', everyMs: 50 })
  }
  return { url: `redis+cluster://127.0.0.1:${first?.server.port}`, masters, replicas }
}

interface Patience {
  readonly lazyConnect?: boolean
  readonly maxRetriesPerRequest: number
  readonly retryStrategy?: () => null
}

const hasty: Patience = { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null }

/** A connection to the Redis that holds a key, which may be a node of a cluster. @param options without any it is not made yet, and gives up at once */
export async function redisHolding(url: string, key: string, options: Patience = hasty): Promise<Redis> {
  const place = clusterPlace(url)
  if (place === undefined) return new Redis(url, options)
  const map = new ClusterMap(place)
  await map.look()
  const master = map.masterOf(slotOf(key))
  if (master === undefined) throw new Error(`No master of the cluster holds ${key}`)
  return new Redis({ ...options, ...master })
}

/** Says at both masters that a slot goes from one to the other, and leaves it on its way. */
export async function beginMove(slot: number, from: ClusterNode, to: ClusterNode): Promise<void> {
  await to.redis.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
  await from.redis.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
}

/** Moves the keys of a slot that is on its way, a few at a time. */
export async function moveKeys(slot: number, from: ClusterNode, to: ClusterNode): Promise<number> {
  let moved = 0
  for (;;) {
    const keys = (await from.redis.cluster('GETKEYSINSLOT', slot, 10)) as string[]
    if (keys.length === 0) return moved
    await from.redis.call('MIGRATE', '127.0.0.1', to.server.port, '', 0, 5000, 'KEYS', ...keys)
    moved += keys.length
  }
}

/** Gives a slot whose keys were moved to its new master. */
export async function endMove(
  slot: number,
  { masters }: Pick<RedisCluster, 'masters'>,
  to: ClusterNode
): Promise<void> {
  const others = masters.filter(({ id }) => id !== to.id)
  for (const { redis } of [to, ...others]) await redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
}
