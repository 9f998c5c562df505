import type { Redis } from 'ioredis'
import { shardNumbers } from '../../base/shards.ts'
import type { Config } from '../../config/config.ts'
import { keyPrefix } from '../../record/keys.ts'
import type { BatchReply } from '../batch/decode.ts'
import { probeGate } from '../batch/probe.ts'
import { askForWrites } from '../redis/ask-for-writes.ts'
import { createCaller, isOfCall, RedisCallError, type RedisCaller } from '../redis/caller.ts'
import { type RedisDoor, redisDoor } from '../redis/connection.ts'
import type { LiveOpening, OpeningWatch } from '../redis/epoch-watch.ts'

/** The connections to the Redis of a shard: one for decisions, one for reads, one for probes only. */
export interface RedisConnections {
  readonly redis: Redis
  readonly caller: RedisCaller
  readonly reads: Redis
  readonly reading: RedisCaller
  /** a connection for probes only, so that no other call delays them */
  readonly probe: RedisCaller
  disconnect(): void
}

function connectAt(door: RedisDoor, key: string, name: string): RedisConnections {
  const connect = (part: string) => door.connect(key, name + part)
  const [redis, reads, probes] = [connect(''), connect('-reads'), connect('-probe')]
  return {
    redis,
    caller: createCaller(redis),
    reads,
    reading: createCaller(reads),
    probe: createCaller(probes),
    disconnect() {
      for (const connection of [redis, reads, probes]) connection.disconnect()
    }
  }
}

/**
 * The connections of each shard, by number. On one Redis all shards share them. In a cluster each shard has its own, which follow its
 * slot: sharing one for each master would save no write (the client writes each command by itself), and whatever moves one slot
 * would break the connections of the others.
 */
export function connectRedis(config: Config, name: string): RedisConnections[] {
  const door = redisDoor(config.REDIS_URL)
  let shared: RedisConnections | undefined
  return shardNumbers(config.SHARDS).map((shard) => {
    if (shared) return shared
    const made = connectAt(door, keyPrefix(config.NAMESPACE, shard), name)
    if (!door.isCluster) shared = made
    return made
  })
}

/**
 * A connection that was cut without a close looks like a slow Redis: when Redis answers on another one, this one is made anew.
 * @throws RedisCallError
 */
async function requireAnswer({ redis, caller }: RedisConnections, withinMs: number): Promise<void> {
  try {
    await caller.call('PING', [], withinMs)
  } catch (error) {
    // one that is being made anew must be left alone: the client would give it up
    const isSlow = error instanceof RedisCallError && error.reason === 'timeout'
    if (isSlow && redis.status === 'ready') redis.disconnect(true)
    throw error
  }
}

interface Place {
  readonly shard: number
  readonly prefix: string
  readonly deadlineMs: number
}

/**
 * Checks whether an opening answers, on the connection for probes, and whether the connection for decisions answers too.
 * @returns the reply of the gate, undefined when it is not OK
 * @throws RedisCallError
 */
export async function probeConnections(
  connections: RedisConnections,
  place: Place,
  opening: LiveOpening
): Promise<BatchReply | undefined> {
  const reply = await probeGate({ ...place, caller: connections.probe }, opening)
  if (reply.status !== 'OK') return undefined
  await requireAnswer(connections, place.deadlineMs)
  return reply
}

/** The gate call without commands that an idle process makes; before there is an opening, a script that Redis treats as a write. */
export async function idleCall(caller: RedisCaller, place: Place, watch: OpeningWatch): Promise<void> {
  const opening = watch.current()
  if (!opening) {
    await askForWrites(caller, place.deadlineMs)
    return
  }
  try {
    const reply = await probeGate({ ...place, caller }, opening)
    if (reply.status === 'CLOSED') watch.invalidate('CLOSED')
  } catch (error) {
    if (error instanceof RedisCallError && !isOfCall(error)) watch.invalidate(error)
    throw error
  }
}
