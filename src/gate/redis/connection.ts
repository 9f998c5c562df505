import { Redis, type RedisOptions } from 'ioredis'
import { type ClusterPlace, clusterPlace, redisPlace } from '../../config/redis-url.ts'
import { ClusterMap, slotOf } from './cluster-map.ts'
import { toMasterOf } from './to-master.ts'

const settings = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 2000,
  // the longest time for calls without a deadline of their own (all of them reads) and for the check whether Redis is ready: a
  // connection can be cut without a close, and the calls after it must not wait for long
  commandTimeout: 4000,
  // while Redis loads its file it estimates how long that takes, at first far too long; without this the client would wait up to 10 s
  maxLoadingRetryTime: 200,
  keepAlive: 10_000,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, 500)
} satisfies RedisOptions

/** How often a connection asks whether it still leads to a master; when it does not, it is made anew. */
const ASK_ROLE_MS = 1000
/**
 * A replica answers so to a write (READONLY), and to every command while it follows no master (MASTERDOWN); a node of a cluster where
 * another one holds the slot (MOVED), or where it cannot know (CLUSTERDOWN).
 */
const IS_ELSEWHERE = /^(?:READONLY|MASTERDOWN|MOVED|CLUSTERDOWN)\b/

/** The client's own words after `commandTimeout`. */
const IS_SILENT = /^Command timed out/

/**
 * A master may become a replica while connections to it are open: it goes on answering, with data that it copies from the new
 * master. Only a new connection, by the name, the proxy, Sentinel or the cluster, leads to the new master; when it leads to the same
 * replica again, the next check makes another one.
 * @param key of which a node of a cluster says whether it holds it: also a master may have given its slot away
 */
function keepToMaster(redis: Redis, key: string | undefined): void {
  const timer = setInterval(() => {
    if (redis.status !== 'ready') return
    const asked =
      key === undefined
        ? redis.info('replication').then((info) => {
            if (/^role:slave\r?$/m.test(info) && redis.status === 'ready') redis.disconnect(true)
          })
        : redis.exists(key)
    asked.catch((error: Error) => {
      // of a host that is gone no connection says so: it would wait for minutes, and never meet who has taken its place
      if (IS_SILENT.test(error.message) && redis.status === 'ready') redis.disconnect(true)
      // on MASTERDOWN or MOVED the client has already reconnected; calls that fail report any other error
    })
  }, ASK_ROLE_MS)
  timer.unref()
  redis.once('end', () => clearInterval(timer))
}

/** Returns true at most once in a while: otherwise the client would reconnect to a replica as fast as it answers. */
function reconnectsSeldom(): (error: Error) => boolean {
  let last = Number.NEGATIVE_INFINITY
  return (error) => {
    if (!IS_ELSEWHERE.test(error.message) || performance.now() - last < ASK_ROLE_MS) return false
    last = performance.now()
    return true
  }
}

type Place = ReturnType<typeof redisPlace> & Pick<RedisOptions, 'Connector' | 'reconnectOnError'>

/**
 * A connection on which every command is sent once or not at all: the client queues nothing while Redis is away and sends
 * nothing again. Commands in flight when the connection breaks never settle (ioredis#2193), so every caller needs a deadline and
 * must watch for `close`.
 */
function connect(place: Place, name: string): Redis {
  const redis = new Redis({ ...settings, ...place, connectionName: name })
  // Calls that fail report the errors of the connection; without a listener they would end the process.
  redis.on('error', () => {})
  return redis
}

/** The same, and it leads to a master for as long as there is one. @param key see keepToMaster */
function connectToMaster(place: Place, name: string, key?: string): Redis {
  const redis = connect({ ...place, reconnectOnError: reconnectsSeldom() }, name)
  keepToMaster(redis, key)
  return redis
}

/**
 * A connection to the one Redis.
 * @param url REDIS_URL
 * @throws ConfigError naming the parts of the URL that cannot be honoured
 */
export function createRedis(url: string, name: string): Redis {
  return connectToMaster(redisPlace(url), name)
}

/** A connection to one node of a cluster, whatever it holds. */
export function connectNode({ login }: ClusterPlace, node: ClusterPlace['nodes'][number], name: string): Redis {
  return connect({ ...login, ...node }, name)
}

/** Makes connections to the Redis, or of a cluster to the master, that holds a key. */
export interface RedisDoor {
  /** whether keys of other tags may be elsewhere */
  readonly isCluster: boolean
  connect(key: string, name: string): Redis
}

/** @param url REDIS_URL @throws ConfigError naming the parts of the URL that cannot be honoured */
export function redisDoor(url: string): RedisDoor {
  const cluster = clusterPlace(url)
  if (cluster === undefined) return { isCluster: false, connect: (_, name) => createRedis(url, name) }
  const map = new ClusterMap(cluster)
  return {
    isCluster: true,
    connect: (key, name) => connectToMaster({ ...cluster.login, Connector: toMasterOf(map, slotOf(key)) }, name, key)
  }
}
