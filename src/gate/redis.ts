import { Redis, type RedisOptions } from 'ioredis'

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
 * @param url redis://, rediss://, or redis+sentinel://host:port,host:port/name
 * @throws Error for a scheme that is not supported
 */
export function createRedis(url: string, name: string): Redis {
  const redis = fromUrl(url, { ...settings, connectionName: name })
  // Errors of the connection are met by the calls that fail; without a listener they would end the process.
  redis.on('error', () => {})
  return redis
}

function fromUrl(url: string, options: typeof settings & { connectionName: string }): Redis {
  if (url.startsWith('redis+sentinel://')) {
    const [hosts = '', group = 'mymaster'] = url.slice('redis+sentinel://'.length).split('/')
    const sentinels = hosts.split(',').map((host) => {
      const [address = '', port = '26379'] = host.split(':')
      return { host: address, port: Number(port) }
    })
    return new Redis({ ...options, sentinels, name: group })
  }
  if (url.startsWith('redis+cluster://')) {
    throw new Error(
      'REDIS_URL names a Redis Cluster, which this version does not run on. Use redis:// or redis+sentinel://.'
    )
  }
  return new Redis(url, options)
}
