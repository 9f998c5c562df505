import type { Config } from '../../config/config.ts'
import { connectJournal, type JournalConnection } from '../../journal/connection.ts'
import { createPublisher } from '../../journal/publisher.ts'
import { type ConnectedShard, connectShard, type GateOptions } from './connect-shard.ts'
import { LastPublish } from './own-conditions.ts'
import { connectRedis } from './redis-connections.ts'

const ACK_DEADLINE_MS = 1000

/** All shards of a deployment as a process is connected to them, over the same connection to NATS. */
export interface ConnectedShards {
  /** by number */
  readonly shards: readonly ConnectedShard[]
  readonly connection: JournalConnection
  /** Waits until nothing is in flight and every acked frame is settled, at most `ms`, then closes the connections. */
  disconnect(ms: number): Promise<void>
}

/** Connects a process to Redis and NATS for all shards, which may still be closed. @throws NatsError when no NATS server answers at first */
export async function connectShards(config: Config, options: GateOptions): Promise<ConnectedShards> {
  const { name = 'floodgate-gateway' } = options
  const connection = await connectJournal({ url: config.NATS_URL, creds: config.NATS_CREDS, name })
  const connections = connectRedis(config, name)
  const publisher = createPublisher(connection, options.ackMs ?? ACK_DEADLINE_MS)
  const common = { connection, publisher, lastPublish: new LastPublish(options.logger) }
  const shards = connections.map((own, shard) =>
    connectShard(config, shard, { ...options, servers: { ...common, connections: own } })
  )
  return {
    shards,
    connection,
    async disconnect(ms) {
      await untilIdle(() => shards.every((shard) => shard.idle()) && publisher.pending() === 0, ms)
      for (const shard of shards) shard.stop()
      publisher.close()
      for (const own of connections) own.disconnect()
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
