import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { type JournalConnection, tell } from '../../journal/connection.ts'
import { type FullnessWatch, watchFullness } from '../../journal/fullness.ts'
import type { Publisher } from '../../journal/publisher.ts'
import { type Names, streamNames } from '../../journal/subjects.ts'
import { keyPrefix } from '../../record/keys.ts'
import { requireSame } from '../../store/shard/deployment.ts'
import { readShardOfAll } from '../../store/shard/shards.ts'
import type { Traces } from '../../tracing/traces.ts'
import { type Batcher, ShardBatcher } from '../batch/batcher.ts'
import type { Command } from '../batch/commands.ts'
import type { CallReply } from '../batch/decode.ts'
import type { GateFigures } from '../batch/figures.ts'
import type { BatcherLimits } from '../batch/options.ts'
import type { HashReader, OwnHealth } from '../gate.ts'
import type { RedisCaller } from '../redis/caller.ts'
import { type LiveOpening, type OpeningWatch, watchOpening } from '../redis/epoch-watch.ts'
import { createRedisHealth, type RedisHealth } from '../redis/redis-health.ts'
import { type Confirmer, createConfirmer } from './confirmer.ts'
import { dryRun } from './dry-run.ts'
import { defaultLimits, keptBound, readLimits } from './limits.ts'
import { type LastPublish, ownHealth } from './own-conditions.ts'
import { readDepths, readHashes } from './reads.ts'
import { followProbe, idleCall, probeConnections, type RedisConnections } from './redis-connections.ts'
import { Settling } from './settling.ts'
import { Wishes } from './wishes.ts'

export interface GateOptions {
  readonly pool: Pool
  readonly logger: Logger
  readonly limits?: Partial<BatcherLimits>
  /** how long to wait for NATS' ack before a decision is answered as pending (1,000) */
  readonly ackMs?: number
  readonly name?: string
  /** what is counted about batches and acks; absent: nothing is */
  readonly figures?: GateFigures
  /** absent: nothing is traced */
  readonly traces?: Traces | undefined
}

/** One shard as a process is connected to it: the parts that the gate calls, and those that the owner and a recovery need besides. */
export interface ConnectedShard {
  readonly shard: number
  readonly prefix: string
  readonly limits: BatcherLimits
  readonly redis: Redis
  readonly caller: RedisCaller
  readonly probe: RedisCaller
  /** makes the connection for probes anew, so that it leads where Redis' name leads now */
  readonly askAnew: () => Promise<void>
  /** makes the others anew where they lead elsewhere than that one, which finds nothing of this opening */
  readonly followProbe: (opening: LiveOpening) => Promise<void>
  readonly connection: JournalConnection
  /** decides */
  readonly batcher: Batcher
  /** reads, over a connection of its own, so that many reads do not delay decisions */
  readonly reader: Batcher
  readonly confirmer: Confirmer
  readonly settling: Settling
  /** tells its owner which units are missing there */
  readonly wishes: Wishes
  readonly watch: OpeningWatch
  readonly read: HashReader['read']
  /** what would be said to a command now; nothing is written. @throws UnavailableError */
  dryRun(command: Command): Promise<CallReply>
  depths(): Promise<{ readonly outbox: number; readonly kept: number }>
  health(): OwnHealth
  /** whether nothing is in flight */
  idle(): boolean
  stop(): void
}

/** What a shard is connected to: one NATS for all shards of a process, and one Redis for all, or of a cluster the master of its slot. */
interface Servers {
  readonly connection: JournalConnection
  readonly connections: RedisConnections
  readonly publisher: Publisher
  readonly lastPublish: LastPublish
}

interface Parts {
  readonly place: { readonly shard: number; readonly prefix: string; readonly hasPeers: boolean }
  readonly connections: RedisConnections
  readonly limits: BatcherLimits
  readonly connection: JournalConnection
  readonly names: Names
  readonly logger: Logger
  readonly figures: GateFigures | undefined
  readonly traces: Traces | undefined
}

interface Deciding {
  readonly watch: OpeningWatch
  readonly fullness: FullnessWatch
  readonly redisHealth: RedisHealth
  readonly batcher: Batcher
}

/** The connection that decides, with the parts that watch it. */
function startDeciding(parts: Parts, { pool, count }: { readonly pool: Pool; readonly count: number }): Deciding {
  const { place, connections, limits, connection, names, logger, figures, traces } = parts
  const closed = names.gateSubject(place.shard, 'closed')
  const { redis, caller } = connections
  const looks = { ...place, deadlineMs: limits.replyMs }
  const watch = watchOpening({
    async read() {
      // a gate with another number of shards would look for users where they are not
      const { row, known } = await readShardOfAll(pool, place.shard)
      requireSame(known, count)
      return row
    },
    probe: async (opening) => {
      const reply = await probeConnections(connections, looks, opening)
      if (reply) batcher.learnClock(reply.now)
      return reply !== undefined
    },
    onClosed: () => tell(connection, closed),
    onStranger: () => void connections.askAnew(),
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
  const { isFull } = fullness
  const batcher = new ShardBatcher({ ...place, caller, watch, redisHealth, limits, isFull, logger, figures, traces })
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

/** One shard over the connections of its process; it may still be closed. */
export function connectShard(
  config: Config,
  shard: number,
  { servers, ...options }: GateOptions & { readonly servers: Servers }
): ConnectedShard {
  const { pool, logger, figures, traces } = options
  const { connection, connections, publisher, lastPublish } = servers
  const names = streamNames(config.NAMESPACE)
  const place = { shard, prefix: keyPrefix(config.NAMESPACE, shard), hasPeers: config.SHARDS > 1 }
  const limits = { ...defaultLimits, keptBytes: keptBound(config), ...options.limits }
  const parts = { place, connections, limits, connection, names, logger, figures, traces }
  const { watch, fullness, redisHealth, batcher } = startDeciding(parts, { pool, count: config.SHARDS })
  const reader = startReading(parts, watch)
  const settling = new Settling()
  const wanted = names.gateSubject(shard, 'wanted')
  const { redis, caller, reads, probe, askAnew } = connections
  return {
    ...{ ...place, limits, redis, caller, probe, askAnew, connection, batcher, reader, settling, watch },
    followProbe: (opening) => followProbe(connections, { ...place, deadlineMs: limits.replyMs }, opening),
    confirmer: createConfirmer({
      ...{ publisher, names, shard, figures, traces },
      settle: (request) => settling.track(batcher.settle(request)),
      onResult(acked, reason) {
        lastPublish.note(acked, reason)
        // a journal that takes nothing may be sealed, because the shard was opened again
        if (!acked) watch.doubt()
      }
    }),
    read: (keys) => readHashes(reads, place.prefix, keys),
    dryRun: (command) => dryRun({ place, caller: connections.reading, pool, limits }, command),
    wishes: new Wishes((text) => tell(connection, wanted, text)),
    depths: () => readDepths(reads, place.prefix),
    health: () => ownHealth({ watch, batcher, redisHealth, connection, fullness, lastPublish }),
    idle: () => batcher.idle() && reader.idle(),
    stop() {
      for (const part of [watch, batcher, reader, redisHealth, fullness]) part.stop()
    }
  }
}
