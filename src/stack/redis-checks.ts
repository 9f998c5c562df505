import { Redis } from 'ioredis'
import { messageOf } from '../base/errors.ts'
import { shardNumbers } from '../base/shards.ts'
import type { Config } from '../config/config.ts'
import { type ClusterPlace, clusterPlace, redisPlace } from '../config/redis-url.ts'
import { createCaller } from '../gate/redis/caller.ts'
import { ClusterMap, type NodeAddress, shownAddress, slotOf } from '../gate/redis/cluster-map.ts'
import { slotOnItsWay } from '../gate/redis/slot-watch.ts'
import { keyPrefix } from '../record/keys.ts'
import { isOlder } from './processes/programs.ts'

interface Problem {
  readonly text: string
  readonly advice: string
}

/** What a server says of itself. */
export interface Look {
  readonly version: string
  readonly detail?: string
  /** what to do where nothing is wrong, but could be better */
  readonly advice?: string
  readonly problem?: Problem
}

const CONNECT_MS = 5000
const CAPACITY = 'docs/capacity.md says how to move single slots.'

type RedisPlace = ReturnType<typeof redisPlace>
type Asked = Pick<Redis, 'info' | 'cluster'>

/** Asks one Redis over a connection of its own. @throws the reason why it does not answer */
async function withRedis<T>(place: RedisPlace, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({
    ...place,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null
  })
  let cause: Error | undefined
  redis.on('error', (error) => {
    cause = error
  })
  try {
    await redis.connect()
    return await ask(redis)
  } catch (error) {
    throw cause ?? error
  } finally {
    redis.disconnect()
  }
}

/** The fields of a reply to INFO or CLUSTER INFO. */
async function fieldsOf(reply: Promise<unknown>): Promise<(name: string) => string> {
  const text = String(await reply)
  return (name) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? ''
}

function evictionProblem(policy: string): Problem | undefined {
  if (policy === 'noeviction') return undefined
  const advice =
    'Redis would throw decisions away when its memory is full. Run: redis-cli config set maxmemory-policy noeviction'
  return { text: `maxmemory-policy is ${policy}`, advice }
}

/** Checks Redis. With Sentinels it checks the master; a Sentinel that knows no master is the problem to report. Of a cluster all nodes. */
export async function lookAtRedis(config: Config): Promise<Look> {
  const cluster = clusterPlace(config.REDIS_URL)
  if (cluster !== undefined) return lookAtCluster(cluster, config)
  return withRedis(redisPlace(config.REDIS_URL), async (redis) => {
    const value = await fieldsOf(redis.info())
    const version = value('redis_version')
    if (value('cluster_enabled') === '1') {
      const advice = 'Write it as redis+cluster://host:port, or the shards that other nodes hold stay closed.'
      return { version, problem: { text: 'REDIS_URL names a node of a Redis Cluster as if it were alone', advice } }
    }
    const problem = evictionProblem(value('maxmemory_policy'))
    return { version, ...(problem && { problem }) }
  })
}

interface Place {
  readonly shard: number
  readonly key: string
  /** undefined where no master holds its slot */
  readonly master: string | undefined
}

interface NodeLook {
  readonly version: string
  readonly problems: readonly Problem[]
}

async function problemsOf(redis: Asked, node: string): Promise<NodeLook> {
  const [value, state] = [await fieldsOf(redis.info()), await fieldsOf(redis.cluster('INFO'))]
  const problems: Problem[] = []
  const eviction = evictionProblem(value('maxmemory_policy'))
  if (eviction) problems.push({ ...eviction, text: `${node}: ${eviction.text}` })
  if (state('cluster_state') !== 'ok')
    problems.push({
      text: `${node}: cluster_state is ${state('cluster_state')}`,
      advice: `It decides nothing. Run: redis-cli -u redis://${node} cluster nodes`
    })
  // it has the replication id of its master, by which a shard knows its Redis again
  if (value('role') === 'slave' && value('slave_read_only') === '0')
    problems.push({
      text: `${node}: a replica that takes writes`,
      advice: `Run there: redis-cli config set replica-read-only yes`
    })
  return { version: value('redis_version'), problems }
}

/** Checks one node, and whether slots of the shards that it holds are on their way. @returns also why it does not answer */
async function lookAtNode(address: NodeAddress, login: ClusterPlace['login'], places: readonly Place[]) {
  const node = shownAddress(address)
  const own = places.filter(({ master }) => master === node)
  try {
    return await withRedis({ ...login, ...address }, async (redis): Promise<NodeLook> => {
      const { version, problems } = await problemsOf(redis, node)
      const moving: Problem[] = []
      for (const { shard, key } of own) {
        const way = await slotOnItsWay(createCaller(redis), key)
        if (way === undefined) continue
        const advice = `Finish the move: ${CAPACITY} The shard is opened as soon as its slot is whole.`
        moving.push({ text: `${way}, and with it shard ${shard}`, advice })
      }
      return { version, problems: [...problems, ...moving] }
    })
  } catch (error) {
    const held = own.length === 0 ? '' : `, which holds ${shardsText(own)}`
    const advice = 'Start it, or let a replica take its place. What is lost with it is written anew from Postgres.'
    return { version: '', problems: [{ text: `${node}${held}: ${messageOf(error)}`, advice }] }
  }
}

function shardsText(places: readonly Place[]): string {
  return `shard${places.length === 1 ? '' : 's'} ${places.map(({ shard }) => shard).join(', ')}`
}

/** Where the slots of the shards lie, and whether one master has more than its part. */
function spread(places: readonly Place[], masters: readonly string[]): Pick<Look, 'detail' | 'advice'> {
  const held = masters.map((master) => places.filter((place) => place.master === master))
  const texts = masters.map((master, index) => {
    const own = held[index] ?? []
    return `${master} ${own.length === 0 ? 'no shard' : shardsText(own)}`
  })
  const most = Math.max(0, ...held.map((own) => own.length))
  const isEven = most <= Math.ceil(places.length / Math.max(1, masters.length))
  const detail = texts.join('; ')
  return isEven
    ? { detail }
    : { detail, advice: `The shards lie unevenly: one master has ${most} of ${places.length}. ${CAPACITY}` }
}

async function lookAtCluster(cluster: ClusterPlace, { NAMESPACE, SHARDS }: Config): Promise<Look> {
  const map = new ClusterMap(cluster)
  await map.look()
  const masters = [...map.masters().keys()].sort()
  const places = shardNumbers(SHARDS).map((shard): Place => {
    const key = keyPrefix(NAMESPACE, shard)
    const master = map.masterOf(slotOf(key))
    return { shard, key, master: master && shownAddress(master) }
  })
  const looks = await Promise.all(map.nodes().map((node) => lookAtNode(node, cluster.login, places)))
  const versions = looks.map(({ version }) => version).filter((version) => version !== '')
  const version = versions.reduce((one, other) => (isOlder(one, versionOf(other)) ? one : other), versions[0] ?? '')
  const nowhere = places.filter(({ master }) => master === undefined)
  const homeless = nowhere.map(({ shard, key }) => ({
    text: `no master holds slot ${slotOf(key)} of shard ${shard}`,
    advice: 'Give it to one: redis-cli cluster addslots.'
  }))
  const problems = [...homeless, ...looks.flatMap((look) => look.problems)]
  if (problems.length === 0) return { version, ...spread(places, masters) }
  const unique = [...new Set(problems.map(({ advice }) => advice))]
  return {
    version,
    problem: { text: problems.map(({ text }) => text).join('; '), advice: unique.join(' ') }
  }
}

function versionOf(version: string): readonly [number, number] {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return [major, minor]
}
