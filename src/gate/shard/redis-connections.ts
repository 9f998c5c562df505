import type { Redis } from 'ioredis'
import type { Config } from '../../config/config.ts'
import type { BatchReply } from '../batch/decode.ts'
import { probeGate } from '../batch/probe.ts'
import { askForWrites } from '../redis/ask-for-writes.ts'
import { createCaller, isOfCall, RedisCallError, type RedisCaller } from '../redis/caller.ts'
import { createRedis } from '../redis/connection.ts'
import type { LiveOpening, OpeningWatch } from '../redis/epoch-watch.ts'

/** The connections of a process to Redis: one for decisions, one for reads, one for probes only. */
export interface RedisConnections {
  readonly redis: Redis
  readonly caller: RedisCaller
  readonly reads: Redis
  readonly reading: RedisCaller
  /** a connection for probes only, so that no other call delays them */
  readonly probe: RedisCaller
  disconnect(): void
}

export function connectRedis(config: Config, name: string): RedisConnections {
  const connect = (part: string) => createRedis(config.REDIS_URL, name + part)
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
 * A connection that was cut without a close looks like a slow Redis: when Redis answers on another one, this one is made anew.
 * @throws RedisCallError
 */
async function requireAnswer({ redis, caller }: RedisConnections, withinMs: number): Promise<void> {
  try {
    await caller.call('PING', [], withinMs)
  } catch (error) {
    if (error instanceof RedisCallError && error.reason === 'timeout') redis.disconnect(true)
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
