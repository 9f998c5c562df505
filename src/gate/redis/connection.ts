import { Redis, type RedisOptions } from 'ioredis'
import { redisPlace } from '../../config/redis-url.ts'

const settings = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 2000,
  // the last resort of calls without a deadline of their own, all of them reads, and of the look whether Redis is ready: a
  // line can be cut without a close, and what comes back after it must not wait for long
  commandTimeout: 4000,
  // Redis guesses how long it will be loading its file, at first by far too long, and the client would believe it up to 10 s
  maxLoadingRetryTime: 200,
  keepAlive: 10_000,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, 500)
} satisfies RedisOptions

/** How often a connection asks whether it still leads to a master, and is made anew while it does not. */
const ASK_ROLE_MS = 1000
/** A replica says so to a write (READONLY), and to everything while it follows nobody (MASTERDOWN). */
const IS_REPLICA = /^(?:READONLY|MASTERDOWN)\b/

/**
 * A master may be demoted under its open connections: it goes on answering, reads with what it copies from somebody else. A
 * new connection is how the name, the proxy or Sentinel leads to the master; where it leads to the same replica again, the
 * next look makes the next one.
 */
function keepToMaster(redis: Redis): void {
  const timer = setInterval(() => {
    if (redis.status !== 'ready') return
    redis.info('replication').then(
      (info) => {
        if (/^role:slave\r?$/m.test(info) && redis.status === 'ready') redis.disconnect(true)
      },
      // MASTERDOWN has led to a new connection already; what else may be wrong is met by the calls that fail
      () => {}
    )
  }, ASK_ROLE_MS)
  timer.unref()
  redis.once('end', () => clearInterval(timer))
}

/** True at most once in a while: a replica that answers at once would be connected to as fast as it answers. */
function reconnectsSeldom(): (error: Error) => boolean {
  let last = Number.NEGATIVE_INFINITY
  return (error) => {
    if (!IS_REPLICA.test(error.message) || performance.now() - last < ASK_ROLE_MS) return false
    last = performance.now()
    return true
  }
}

/**
 * A connection that tells the truth: nothing is queued while Redis is away, nothing is sent again by the client, so every
 * command was sent once or not at all. Commands in flight when the connection breaks never settle (ioredis#2193): whoever
 * calls needs a deadline and an eye on `close`.
 * @param url REDIS_URL
 * @throws ConfigError naming what of the URL cannot be honoured
 */
export function createRedis(url: string, name: string): Redis {
  const redis = new Redis({
    ...settings,
    ...redisPlace(url),
    reconnectOnError: reconnectsSeldom(),
    connectionName: name
  })
  // Errors of the connection are met by the calls that fail; without a listener they would end the process.
  redis.on('error', () => {})
  keepToMaster(redis)
  return redis
}
