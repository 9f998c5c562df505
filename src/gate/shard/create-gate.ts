import { ONLY_SHARD } from '../../base/shards.ts'
import type { Config } from '../../config/config.ts'
import type { Gate, Shards } from '../gate.ts'
import { type ConnectedShard, connectShard, type GateOptions } from './connect-shard.ts'
import { createDecider } from './decider.ts'
import { LateShard, slotOf } from './late-shard.ts'
import { createReader } from './reader.ts'
import { connectedIn, createRouter, type Router } from './router.ts'

/** The gate of a process and the shard behind it, which the worker needs as well. */
export interface GateParts extends ConnectedShard {
  readonly gate: Gate
}

function createShards({ slot, slots }: Router): Shards {
  return {
    depths: async (shard) => connectedIn(slot(shard)).depths(),
    health: (shard) => slot(shard)?.connected?.health() ?? { gate: 'closed', journal: 'closed', conditions: {} },
    async ready() {
      for (const { opened } of slots) await (await opened).watch.ready()
    },
    async close(ms) {
      await Promise.all(slots.map((one) => one.close(ms)))
    }
  }
}

function gateOver(router: Router): Gate {
  const isBusy = () => router.slots.every(({ connected }) => connected?.batcher.isBusy() === true)
  return { ...createDecider(router), isBusy, ...createReader(router), ...createShards(router) }
}

/**
 * The gate of a gateway. It can be called at once, and answers "unavailable" until Redis and NATS have answered for the first
 * time; `ready()` resolves then.
 */
export function startGate(config: Config, options: GateOptions): Gate {
  const late = (shard: number) => new LateShard(shard, () => connectShard(config, shard, options), options.logger)
  return gateOver(createRouter([late(ONLY_SHARD)]))
}

/** The gate and the shard behind it, connected; `gate.close()` closes the connections. @throws NatsError when no NATS server answers at first */
export async function createGateParts(config: Config, options: GateOptions): Promise<GateParts> {
  const connected = await connectShard(config, ONLY_SHARD, options)
  return { ...connected, gate: gateOver(createRouter([slotOf(connected)])) }
}
