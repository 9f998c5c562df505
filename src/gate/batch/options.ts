import type { Logger } from 'pino'
import type { Traces } from '../../tracing/traces.ts'
import type { RedisCaller } from '../redis/caller.ts'
import type { OpeningWatch } from '../redis/epoch-watch.ts'
import type { RedisHealth } from '../redis/redis-health.ts'
import type { GateFigures } from './figures.ts'

export interface BatcherLimits {
  readonly batchCalls: number
  readonly batchesInFlight: number
  readonly queuedCalls: number
  /** how long new commands of users may expect to wait in the queue; when it would be longer, they are refused at once */
  readonly waitMs: number
  /** how long a call may wait in the queue, and a batch for its reply */
  readonly queueMs: number
  readonly replyMs: number
  readonly settleIdleMs: number
  readonly outboxFrames: number
  readonly keptBytes: number
  readonly decisionsPerUser: number
}

export interface BatcherOptions {
  readonly caller: RedisCaller
  readonly watch: OpeningWatch
  /** is told the result of every call, because a result says whether Redis answers and writes */
  readonly redisHealth?: Pick<RedisHealth, 'answered' | 'failed'>
  readonly shard: number
  readonly prefix: string
  /** whether there are several shards */
  readonly hasPeers?: boolean
  readonly limits: BatcherLimits
  /** whether the journal has no room: then the gate decides nothing more */
  readonly isFull: () => boolean
  /**
   * whether this batcher makes reads only: no backlog refuses them, and a connection of theirs that breaks or is slow does not
   * mean that the gate cannot decide
   */
  readonly readsOnly?: boolean
  /** what is counted about batches; absent: nothing is */
  readonly figures?: GateFigures | undefined
  /** absent: nothing is traced */
  readonly traces?: Traces | undefined
  readonly logger: Logger
}
