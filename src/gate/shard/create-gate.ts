import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../../config/config.ts'
import type { JournalConnection } from '../../journal/connection.ts'
import type { Gate, Shards } from '../gate.ts'
import type { ConnectedShard, GateOptions } from './connect-shard.ts'
import { connectShards } from './connect-shards.ts'
import { createDecider } from './decider.ts'
import { createForeseer } from './foreseer.ts'
import { type LateConnection, madeConnection, RetriedConnection } from './late-connection.ts'
import { createLending } from './lending.ts'
import { createReader } from './reader.ts'
import { createRouter, type Router } from './router.ts'

/** The gate of a process and the shards behind it, which the worker needs as well. */
export interface GateParts {
  readonly gate: Gate
  /** by number */
  readonly shards: readonly ConnectedShard[]
  readonly connection: JournalConnection
}

function createShards(router: Router, connection: LateConnection): Shards {
  return {
    numbers: router.numbers,
    depths: async (shard) => router.of(shard).depths(),
    health: (shard) => router.connected(shard)?.health() ?? { gate: 'closed', journal: 'closed', conditions: {} },
    async ready(patienceMs) {
      const each = (await connection.opened).shards.map(({ watch }) => watch.ready())
      const all = Promise.all(each)
      const some = Promise.race(each).then(() => delay(patienceMs, undefined, { ref: false }))
      await (patienceMs === undefined ? all : Promise.race([all, some]))
    },
    close: (ms) => connection.close(ms)
  }
}

function gateOver(connection: LateConnection, { SHARDS }: Pick<Config, 'SHARDS'>): Gate {
  const router = createRouter(connection, SHARDS)
  const isBusy = () => router.numbers.every((shard) => router.connected(shard)?.batcher.isBusy() === true)
  const reading = { ...createReader(router), ...createLending(router), ...createForeseer(router) }
  return { ...createDecider(router), isBusy, ...reading, ...createShards(router, connection) }
}

/**
 * The gate of a gateway. It can be called at once, and answers "unavailable" until Redis and NATS have answered for the first
 * time; `ready()` resolves then.
 */
export function startGate(config: Config, options: GateOptions): Gate {
  return gateOver(new RetriedConnection(() => connectShards(config, options), options.logger), config)
}

/** The gate and the shards behind it, connected; `gate.close()` closes the connections. @throws NatsError when no NATS server answers at first */
export async function createGateParts(config: Config, options: GateOptions): Promise<GateParts> {
  const connected = await connectShards(config, options)
  const { shards, connection } = connected
  return { shards, connection, gate: gateOver(madeConnection(connected), config) }
}
