import type { JetStreamManager } from 'nats'
import type { Client } from 'pg'
import type { Logger } from 'pino'
import type { ConnectedShard } from '../../gate/shard/connect-shard.ts'
import type { StreamSettings } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import type { Position } from '../../store/shard/shards.ts'

/** What recovery needs from the projection, so that it does not import the worker. */
interface Drain {
  readonly position: Position
  /** @param refused why its frames become dead letters; absent: they are projected */
  drain(epoch: number, upTo: number, options: { readonly deadlineMs: number; readonly refused?: string }): Promise<void>
}

export interface RecoveryParts extends Pick<ConnectedShard, 'redis' | 'caller' | 'connection' | 'shard' | 'prefix'> {
  readonly session: Client
  readonly ownerTerm: number
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly streams: StreamSettings
  readonly projector: Drain
  readonly logger: Logger
}

/** Reports a step of a recovery in the log. */
export type LogStep = (step: string, details?: object) => void
