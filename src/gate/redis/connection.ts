import { Redis, type RedisOptions } from 'ioredis'
import { redisPlace } from '../../config/redis-url.ts'

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
/** A replica answers so to a write (READONLY), and to every command while it follows no master (MASTERDOWN). */
const IS_REPLICA = /^(?:READONLY|MASTERDOWN)\b/

/**
 * A master may become a replica while connections to it are open: it goes on answering, with data that it copies from the new
 * master. Only a new connection, by the name, the proxy or Sentinel, leads to the new master; when it leads to the same replica
 * again, the next check makes another one.
 */
function keepToMaster(redis: Redis): void {
  const timer = setInterval(() => {
    if (redis.status !== 'ready') return
    redis.info('replication').then(
      (info) => {
        if (/^role:slave\r?$/m.test(info) && redis.status === 'ready') redis.disconnect(true)
      },
      // on MASTERDOWN the client has already reconnected; calls that fail report any other error
      () => {}
    )
  }, ASK_ROLE_MS)
  timer.unref()
  redis.once('end', () => clearInterval(timer))
}

/** Returns true at most once in a while: otherwise the client would reconnect to a replica as fast as it answers. */
function reconnectsSeldom(): (error: Error) => boolean {
  let last = Number.NEGATIVE_INFINITY
  return (error) => {
    if (!IS_REPLICA.test(error.message) || performance.now() - last < ASK_ROLE_MS) return false
    last = performance.now()
    return true
  }
}

/**
 * A connection on which every command is sent once or not at all: the client queues nothing while Redis is away and sends
 * nothing again. Commands in flight when the connection breaks never settle (ioredis#2193), so every caller needs a deadline and
 * must watch for `close`.
 * @param url REDIS_URL
 * @throws ConfigError naming the parts of the URL that cannot be honoured
 */
export function createRedis(url: string, name: string): Redis {
  const redis = new Redis({
    ...settings,
    ...redisPlace(url),
    reconnectOnError: reconnectsSeldom(),
    connectionName: name
  })
  // Calls that fail report the errors of the connection; without a listener they would end the process.
  redis.on('error', () => {})
  keepToMaster(redis)
  return redis
}
