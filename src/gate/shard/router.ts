import { UnavailableError } from '../../base/errors.ts'
import type { ConnectedShard } from './connect-shard.ts'
import type { ShardSlot } from './late-shard.ts'

/** The only place that knows to which shard a user or an id belongs. */
export interface Router {
  /** The shard that decides for a user; undefined while it is not connected. */
  find(user: string): ConnectedShard | undefined
  /** Likewise. @throws UnavailableError while it is not connected */
  ofUser(user: string): ConnectedShard
  /** The shard that an id `<shard>-<epoch>-<sequence>` names; undefined when there is no such shard. @throws UnavailableError */
  ofId(id: string): ConnectedShard | undefined
  /** The shard whose rules and stock are read. @throws UnavailableError */
  ofRules(): ConnectedShard
  slot(number: number): ShardSlot | undefined
  readonly slots: readonly ShardSlot[]
}

/** The shard in a slot. @throws UnavailableError while it is not connected */
export function connectedIn(slot: ShardSlot | undefined): ConnectedShard {
  if (slot?.connected === undefined) throw new UnavailableError('the gate is not connected yet')
  return slot.connected
}

/**
 * Routes everything to the one shard, without looking at user or id. With several shards a user will belong to
 * `crc32(user) mod SHARDS`, an adjustment of `$system` will name its shard, and rules and stock will be read from all of them; the
 * type of `slots` makes tsc name the code to change.
 */
export function createRouter(slots: readonly [ShardSlot]): Router {
  const [only] = slots
  const prefix = `${only.shard}-`
  const connected = () => connectedIn(only)
  return {
    find: () => only.connected,
    ofUser: connected,
    ofId(id) {
      const shard = connected()
      return id.startsWith(prefix) ? shard : undefined
    },
    ofRules: connected,
    slot: (number) => slots.find(({ shard }) => shard === number),
    slots
  }
}
