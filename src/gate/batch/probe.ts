import type { RedisCaller } from '../redis/caller.ts'
import type { LiveOpening } from '../redis/epoch-watch.ts'
import { type BatchReply, decodeReply } from './decode.ts'
import { type CallLimits, encodeBatch } from './encode.ts'

interface ProbeOptions {
  readonly caller: RedisCaller
  readonly shard: number
  readonly prefix: string
  /** 500 */
  readonly deadlineMs?: number
}

const limits: CallLimits = { notAfter: 0, outboxFrames: 1, keptBytes: 1, decisionsPerUser: 1 }

/** Makes a real gate call without commands, to learn whether this opening answers. @throws RedisCallError */
export async function probeGate(options: ProbeOptions, opening: LiveOpening): Promise<BatchReply> {
  const { caller, shard, prefix, deadlineMs = 500 } = options
  const { keys, args } = encodeBatch({ prefix }, [], { settles: [], limits })
  return decodeReply(shard, await caller.call('EVALSHA', [opening.sha, keys.length, ...keys, ...args], deadlineMs))
}
