import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { messageOf, UnavailableError } from '../../base/errors.ts'
import { readShard } from '../../store/shard/shards.ts'
import type { KeyPlace } from '../batch/call-keys.ts'
import type { Command } from '../batch/commands.ts'
import { type BatchReply, type CallReply, decodeReply } from '../batch/decode.ts'
import { encodeBatch, UNBOUNDED } from '../batch/encode.ts'
import type { RedisCaller } from '../redis/caller.ts'

interface DryRunParts {
  readonly place: KeyPlace & { readonly shard: number }
  /** of the connection that reads */
  readonly caller: RedisCaller
  readonly pool: Pool
  readonly limits: { readonly decisionsPerUser: number; readonly replyMs: number }
}

/**
 * What the gate's own text says to a command now. It is asked by a script that Redis was told writes nothing, and that nobody keeps at hand:
 * it is asked for seldom, so each call reads in Postgres which one belongs to the opening in force.
 * @throws UnavailableError while the shard is not open, or Redis does not answer
 */
export async function dryRun({ place, caller, pool, limits }: DryRunParts, command: Command): Promise<CallReply> {
  const row = await fromStore(readShard(pool, place.shard))
  const sha = row?.state === 'open' ? row.shas['dry-run'] : undefined
  if (sha === undefined) throw new UnavailableError('the shard is being opened')
  const bounds = { ...UNBOUNDED, decisionsPerUser: limits.decisionsPerUser }
  const { keys, args } = encodeBatch(place, [command], { settles: [], limits: bounds })
  const reply = await answered(
    caller.call('EVALSHA', [sha, keys.length, ...keys, ...args], limits.replyMs),
    place.shard
  )
  const [own] = reply.replies
  if (reply.status !== 'OK' || own === undefined) throw new UnavailableError('the gate is closed')
  return own
}

async function answered(calling: Promise<unknown>, shard: number): Promise<BatchReply> {
  const reply = await calling.catch((error: unknown) => {
    throw new UnavailableError(messageOf(error), { cause: error })
  })
  return decodeReply(shard, reply)
}
