import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { connectJournal, type JournalConnection, tell } from '../../journal/connection.ts'
import { type FullnessWatch, watchFullness } from '../../journal/fullness.ts'
import { createPublisher } from '../../journal/publisher.ts'
import { type Names, streamNames } from '../../journal/subjects.ts'
import { keyPrefix } from '../../record/keys.ts'
import { readShard } from '../../store/shard/shards.ts'
import { type Batcher, type BatcherLimits, ShardBatcher } from '../batch/batcher.ts'
import type { HashReader, OwnHealth } from '../gate.ts'
import type { RedisCaller } from '../redis/caller.ts'
import { type OpeningWatch, watchOpening } from '../redis/epoch-watch.ts'
import { createRedisHealth, type RedisHealth } from '../redis/redis-health.ts'
import { type Confirmer, createConfirmer } from './confirmer.ts'
import { defaultLimits, keptBound, readLimits } from './limits.ts'
import { LastPublish, ownHealth } from './own-conditions.ts'
import { readDepths, readHashes } from './reads.ts'
import { connectRedis, idleCall, probeConnections, type RedisConnections } from './redis-connections.ts'
import { Settling } from './settling.ts'

const ACK_DEADLINE_MS = 1000

export interface GateOptions {
  readonly pool: Pool
  readonly logger: Logger
  readonly limits?: Partial<BatcherLimits>
  /** how long to wait for NATS' ack before a decision is answered as pending (1,000) */
  readonly ackMs?: number
  readonly name?: string
}

/** One shard as a process is connected to it: the parts that the gate calls, and those that the owner and a recovery need besides. */
export interface ConnectedShard {
  readonly shard: number
  readonly prefix: string
  readonly limits: BatcherLimits
  readonly redis: Redis
  readonly caller: RedisCaller
  readonly probe: RedisCaller
  readonly connection: JournalConnection
  /** decides */
  readonly batcher: Batcher
  /** reads, over a connection of its own, so that many reads do not delay decisions */
  readonly reader: Batcher
  readonly confirmer: Confirmer
  readonly settling: Settling
  readonly watch: OpeningWatch
  readonly read: HashReader['read']
  depths(): Promise<{ readonly outbox: number; readonly kept: number }>
  health(): OwnHealth
  /** Waits until nothing is in flight and every acked frame is settled, at most `ms`, then closes the connections. */
  disconnect(ms: number): Promise<void>
}

interface Parts {
  readonly place: { readonly shard: number; readonly prefix: string }
  readonly connections: RedisConnections
  readonly limits: BatcherLimits
  readonly connection: JournalConnection
  readonly names: Names
  readonly logger: Logger
}

interface Deciding {
  readonly watch: OpeningWatch
  readonly fullness: FullnessWatch
  readonly redisHealth: RedisHealth
  readonly batcher: Batcher
}

/** The connection that decides, with the parts that watch it. */
function startDeciding({ place, connections, limits, connection, names, logger }: Parts, pool: Pool): Deciding {
  const closed = names.gateSubject(place.shard, 'closed')
  const { redis, caller } = connections
  const looks = { ...place, deadlineMs: limits.replyMs }
  const watch = watchOpening({
    read: () => readShard(pool, place.shard),
    probe: async (opening) => {
      const reply = await probeConnections(connections, looks, opening)
      if (reply) batcher.learnClock(reply.now)
      return reply !== undefined
    },
    onClosed: () => tell(connection, closed),
    logger
  })
  const fullness = watchFullness(connection, () => {
    const opening = watch.current()
    return opening && names.journalStream(place.shard, opening.epoch)
  })
  const redisHealth = createRedisHealth({
    isConnected: () => redis.status === 'ready',
    call: () => idleCall(caller, looks, watch)
  })
  const batcher = new ShardBatcher({ ...place, caller, watch, redisHealth, limits, isFull: fullness.isFull, logger })
  caller.onClose(() => watch.invalidate('the connection to Redis broke'))
  connection.nc.subscribe(names.gateSubject(place.shard, 'open'), { callback: () => watch.hurry() })
  return { watch, fullness, redisHealth, batcher }
}

function startReading({ place, connections, limits, logger }: Parts, watch: OpeningWatch): Batcher {
  return new ShardBatcher({
    ...{ ...place, watch, logger },
    caller: connections.reading,
    limits: { ...limits, ...readLimits },
    isFull: () => false,
    readsOnly: true
  })
}

/** Connects a process to Redis and NATS for one shard, which may still be closed. @throws NatsError when no NATS server answers at first */
export async function connectShard(config: Config, shard: number, options: GateOptions): Promise<ConnectedShard> {
  const { pool, logger, name = 'floodgate-gateway' } = options
  const connection = await connectJournal({ url: config.NATS_URL, creds: config.NATS_CREDS, name })
  const names = streamNames(config.NAMESPACE)
  const place = { shard, prefix: keyPrefix(config.NAMESPACE, shard) }
  const limits = { ...defaultLimits, keptBytes: keptBound(config), ...options.limits }
  const connections = connectRedis(config, name)
  const parts = { place, connections, limits, connection, names, logger }
  const { watch, fullness, redisHealth, batcher } = startDeciding(parts, pool)
  const reader = startReading(parts, watch)
  const publisher = createPublisher(connection, options.ackMs ?? ACK_DEADLINE_MS)
  const settling = new Settling()
  const lastPublish = new LastPublish(logger)
  const { redis, caller, reads, probe } = connections
  return {
    ...{ ...place, limits, redis, caller, probe, connection, batcher, reader, settling, watch },
    confirmer: createConfirmer({
      ...{ publisher, names, shard },
      settle: (request) => settling.track(batcher.settle(request)),
      onResult: (acked, reason) => lastPublish.note(acked, reason)
    }),
    read: (keys) => readHashes(reads, place.prefix, keys),
    depths: () => readDepths(reads, place.prefix),
    health: () => ownHealth({ watch, batcher, redisHealth, connection, fullness, lastPublish }),
    async disconnect(ms) {
      await untilIdle(() => batcher.idle() && reader.idle() && publisher.pending() === 0, ms)
      for (const part of [watch, batcher, reader, redisHealth, fullness]) part.stop()
      publisher.close()
      connections.disconnect()
      await connection.close()
    }
  }
}

async function untilIdle(isIdle: () => boolean, ms: number): Promise<void> {
  const deadline = Date.now() + ms
  while (Date.now() < deadline && !isIdle()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
}
