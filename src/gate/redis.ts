import { Redis, type RedisOptions } from 'ioredis'
import { redisPlace } from '../config/redis-url.ts'

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

/**
 * A connection that tells the truth: nothing is queued while Redis is away, nothing is sent again by the client, so every
 * command was sent once or not at all. Commands in flight when the connection breaks never settle (ioredis#2193): whoever
 * calls needs a deadline and an eye on `close`.
 * @param url REDIS_URL
 * @throws ConfigError naming what of the URL cannot be honoured
 */
export function createRedis(url: string, name: string): Redis {
  const redis = new Redis({ ...settings, ...redisPlace(url), connectionName: name })
  // Errors of the connection are met by the calls that fail; without a listener they would end the process.
  redis.on('error', () => {})
  return redis
}
