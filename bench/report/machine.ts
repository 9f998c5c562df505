import { cpus, platform, release, totalmem } from 'node:os'
import { Redis } from 'ioredis'
import type { World } from '../stack/world.ts'

/** Where the figures come from: without it they say nothing. */
export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly redis: string
  readonly nats: string
  readonly postgres: string
  /** Postgres settings that decide what a commit costs; stack and peer share the server */
  readonly commit: string
}

async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 })
  try {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown'
  } finally {
    redis.disconnect()
  }
}

export async function describeMachine({ file, database, nats }: World): Promise<Machine> {
  const { rows } = await database.query(
    `select current_setting('server_version') as version, current_setting('fsync') as fsync,
       current_setting('synchronous_commit') as synchronous, current_setting('shared_buffers') as buffers`
  )
  const { version, fsync, synchronous, buffers } = rows[0] as Record<string, string>
  const processors = cpus()
  return {
    cores: processors.length,
    processor: processors[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version.slice(1),
    redis: await redisVersion(file.redisUrl),
    nats: nats.info?.version ?? 'unknown',
    postgres: version?.split(' ')[0] ?? 'unknown',
    commit: `fsync ${fsync}, synchronous_commit ${synchronous}, shared_buffers ${buffers}`
  }
}
