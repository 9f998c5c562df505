import { UnavailableError } from '../../base/errors.ts'
import { shardNumbers, shardOf } from '../../base/shards.ts'
import { type Command, SYSTEM_USER } from '../batch/commands.ts'
import type { ConnectedShard } from './connect-shard.ts'
import type { LateConnection } from './late-connection.ts'

/** The only place that knows to which shard a user or an id belongs. */
export interface Router {
  /** all shards of the deployment */
  readonly numbers: readonly number[]
  /** The shard that decides a command; undefined while it is not connected. */
  find(command: Pick<Command, 'user' | 'shard'>): ConnectedShard | undefined
  /** The shard that decides for a user. @throws UnavailableError while it is not connected */
  ofUser(user: string): ConnectedShard
  /** The shard that an id `<shard>-<epoch>-<sequence>` names; undefined when there is no such shard. @throws UnavailableError */
  ofId(id: string): ConnectedShard | undefined
  /** A shard by its number. @throws UnavailableError while it is not connected; Error when there is no such shard */
  of(shard: number): ConnectedShard
  /** Likewise; undefined while it is not connected. */
  connected(shard: number): ConnectedShard | undefined
}

const ID = /^(\d+)-/

/**
 * A user belongs to `crc32(user) mod SHARDS`, and a command in the place of `$system` names its shard, because rules and stock are
 * in all of them.
 */
export function createRouter(connection: Pick<LateConnection, 'connected'>, count: number): Router {
  const numbers = shardNumbers(count)
  const numberOf = ({ user, shard = shardOf(user, count) }: Pick<Command, 'user' | 'shard'>) => shard
  const connected = (shard: number) => connection.connected?.shards[shard]
  function of(shard: number): ConnectedShard {
    if (numbers[shard] === undefined) throw new Error(`There is no shard ${shard}: this deployment has ${count}`)
    const found = connected(shard)
    if (found === undefined) throw new UnavailableError('the gate is not connected yet')
    return found
  }
  return {
    numbers,
    find(command) {
      if (count > 1 && command.user === SYSTEM_USER && command.shard === undefined)
        throw new Error(`A command of ${SYSTEM_USER} has to name its shard`)
      return connected(numberOf(command))
    },
    ofUser: (user) => of(shardOf(user, count)),
    ofId(id) {
      const shard = Number(ID.exec(id)?.[1] ?? count)
      return shard < count ? of(shard) : undefined
    },
    of,
    connected
  }
}
