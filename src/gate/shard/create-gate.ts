import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { connectJournal, type JournalConnection } from '../../journal/connection.ts'
import { watchFullness } from '../../journal/fullness.ts'
import { createPublisher } from '../../journal/publisher.ts'
import { streamNames } from '../../journal/subjects.ts'
import { keyPrefix } from '../../record/keys.ts'
import { readShard } from '../../store/shard/shards.ts'
import type { BatcherLimits } from '../batch/batcher.ts'
import { probeGate, ShardBatcher } from '../batch/batcher.ts'
import type { Gate } from '../gate.ts'
import { createCaller, isOfCall, RedisCallError, type RedisCaller } from '../redis/caller.ts'
import { createRedis } from '../redis/connection.ts'
import { type OpeningWatch, watchOpening } from '../redis/epoch-watch.ts'
import { createPulse } from '../redis/pulse.ts'
import { type Confirmer, createConfirmer } from './confirmer.ts'
import { type LastPublish, ownHealth } from './own-conditions.ts'
import { readDepths, readHashes } from './reads.ts'
import { Settling } from './settling.ts'
import { ShardGate } from './shard-gate.ts'

const SHARD = 0

/** Bounds of a gateway's gate; a test may tighten them. */
export const defaultLimits: BatcherLimits = {
  batchCalls: 128,
  // one batch decides while the next one gathers; a second in flight made batches smaller and cost Redis 10 % more
  batchesInFlight: 1,
  queuedCalls: 20_000,
  queueMs: 700,
  replyMs: 800,
  settleIdleMs: 5,
  outboxFrames: 5000,
  keptBytes: 512 * 1024 ** 2,
  decisionsPerUser: 10_000
}

/** Reads of a process: few in a call, so that none is long, and few that wait, for each has a caller who waits. */
const readLimits = { batchCalls: 8, queuedCalls: 500 }

/**
 * How much Postgres may lack, in bytes. nats-server 2.9 makes room in a full stream by dropping its oldest message, whatever it
 * was told: by then it must be in Postgres, so this is at most half of what a stream may hold.
 */
export function keptBound({ JOURNAL_MAX_BYTES }: { readonly JOURNAL_MAX_BYTES: number }): number {
  return Math.min(defaultLimits.keptBytes, JOURNAL_MAX_BYTES / 2)
}

const ACK_DEADLINE_MS = 1000

interface GateOptions {
  readonly pool: Pool
  readonly logger: Logger
  readonly limits?: Partial<BatcherLimits>
  /** how long NATS may take for an ack before a decision is told as pending (1,000) */
  readonly ackMs?: number
  readonly name?: string
}

/** The gate of a process with the parts that the worker needs beside it. */
export interface GateParts {
  readonly gate: Gate
  readonly redis: Redis
  readonly caller: RedisCaller
  /** a connection on which nothing but probes is sent: they stand behind nobody */
  readonly probe: RedisCaller
  readonly confirmer: Confirmer
  readonly connection: JournalConnection
  readonly shard: number
  readonly prefix: string
  readonly limits: BatcherLimits
}

/** The connections of a process to Redis: one decides, one reads, one is for probes alone. */
function connectLines(config: Config, name: string) {
  const connect = (part: string) => createRedis(config.REDIS_URL, name + part)
  const [redis, reads, probes] = [connect(''), connect('-reads'), connect('-probe')]
  return {
    redis,
    caller: createCaller(redis),
    reads,
    reading: createCaller(reads),
    probe: createCaller(probes),
    disconnect() {
      for (const line of [redis, reads, probes]) line.disconnect()
    }
  }
}

/**
 * A line that was cut without a close looks like a Redis that is slow: when Redis answers on another one, it is made anew.
 * @throws RedisCallError
 */
async function requireAnswer(redis: Redis, caller: RedisCaller, withinMs: number): Promise<void> {
  try {
    await caller.call('PING', [], withinMs)
  } catch (error) {
    if (error instanceof RedisCallError && error.reason === 'timeout') redis.disconnect(true)
    throw error
  }
}

/**
 * Connects Redis and NATS and gives the gate of this process. The gate may still be closed: `ready()` tells.
 * @throws NatsError when no NATS server answers at first
 */
export async function createGate(config: Config, options: GateOptions): Promise<Gate> {
  return (await createGateParts(config, options)).gate
}

/** As createGate, with the connections it made; `gate.close()` closes them. @throws NatsError */
export async function createGateParts(config: Config, options: GateOptions): Promise<GateParts> {
  const { pool, logger } = options
  const name = options.name ?? 'floodgate-gateway'
  const prefix = keyPrefix(config.NAMESPACE, SHARD)
  const connection = await connectJournal({ url: config.NATS_URL, creds: config.NATS_CREDS, name })
  const { redis, caller, reads, reading, probe, disconnect } = connectLines(config, name)
  const publisher = createPublisher(connection, options.ackMs ?? ACK_DEADLINE_MS)
  const place = { shard: SHARD, prefix }

  const limits = { ...defaultLimits, keptBytes: keptBound(config), ...options.limits }
  const watch = watchOpening({
    read: () => readShard(pool, SHARD),
    probe: async (opening) => {
      const reply = await probeGate({ ...place, caller: probe, deadlineMs: limits.replyMs }, opening)
      if (reply.status !== 'OK') return false
      batcher.learnClock(reply.now)
      await requireAnswer(redis, caller, limits.replyMs)
      return true
    },
    logger
  })
  const names = streamNames(config.NAMESPACE)
  const fullness = watchFullness(connection, () => {
    const opening = watch.current()
    return opening && names.journalStream(SHARD, opening.epoch)
  })
  const pulse = createPulse({
    isConnected: () => redis.status === 'ready',
    call: () => pulseCall({ ...place, caller, watch, deadlineMs: limits.replyMs })
  })
  const batcher = new ShardBatcher({ ...place, caller, watch, pulse, limits, isFull: fullness.isFull, logger })
  const reader = new ShardBatcher({
    ...{ ...place, watch, logger },
    caller: reading,
    limits: { ...limits, ...readLimits },
    isFull: () => false,
    readsOnly: true
  })
  caller.onClose(() => watch.invalidate('the connection to Redis broke'))

  const settling = new Settling()
  let lastPublish: LastPublish | undefined
  const confirmer = createConfirmer({
    publisher,
    names,
    shard: SHARD,
    settle: (request) => settling.track(batcher.settle(request)),
    onResult: (acked, reason) => {
      if (!acked && lastPublish?.acked !== false)
        logger.warn({ reason }, 'the journal did not ack a frame; its orders are pending')
      lastPublish = { acked, reason, at: performance.now() }
    }
  })
  const gate = new ShardGate({
    shard: SHARD,
    batcher,
    reader,
    confirmer,
    settling,
    watch,
    read: (keys) => readHashes(reads, prefix, keys),
    depths: () => readDepths(reads, prefix),
    health: () => ownHealth({ watch, batcher, pulse, connection, fullness, lastPublish: () => lastPublish }),
    disconnect: async () => {
      pulse.stop()
      fullness.stop()
      publisher.close()
      disconnect()
      await connection.close()
    },
    pendingPublishes: () => publisher.pending()
  })
  return { gate, redis, caller, probe, confirmer, connection, shard: SHARD, prefix, limits }
}

/** Without commands: the gate call that an idle process makes; before there is an opening, a script that Redis takes for a write. */
async function pulseCall(parts: {
  readonly caller: RedisCaller
  readonly shard: number
  readonly prefix: string
  readonly watch: OpeningWatch
  readonly deadlineMs: number
}): Promise<void> {
  const { caller, watch, deadlineMs } = parts
  const opening = watch.current()
  if (!opening) {
    await caller.call('EVAL', ['#!lua\nreturn 1', 0], deadlineMs)
    return
  }
  try {
    const reply = await probeGate(parts, opening)
    if (reply.status === 'CLOSED') watch.invalidate('CLOSED')
  } catch (error) {
    if (error instanceof RedisCallError && !isOfCall(error)) watch.invalidate(error)
    throw error
  }
}
