import { once } from 'node:events'
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
  /**
   * Makes the connection for probes anew, at most once in a while, and waits until it is there or takes long: a name or a proxy may lead to another
   * Redis by now, and an old connection leads to the one that was given up for as long as that one lives. It carries nothing else, so nobody notices.
   */
  askAnew(): Promise<void>
  disconnect(): void
}

const ANEW_EVERY_MS = 1000
const ANEW_MS = 3000

/** One that is being made anew already must be left alone: the client would give it up. */
function leave(redis: Redis): void {
  if (redis.status === 'ready') redis.disconnect(true)
}

async function makeAnew(redis: Redis): Promise<void> {
  const ready = once(redis, 'ready', { signal: AbortSignal.timeout(ANEW_MS) }).catch(() => {})
  leave(redis)
  await ready
}

function connectAt(door: RedisDoor, key: string, name: string): RedisConnections {
  const connect = (part: string) => door.connect(key, name + part)
  const [redis, reads, probes] = [connect(''), connect('-reads'), connect('-probe')]
  let anewAt = Number.NEGATIVE_INFINITY
  return {
    redis,
    caller: createCaller(redis),
    reads,
    reading: createCaller(reads),
    probe: createCaller(probes),
    async askAnew() {
      if (performance.now() - anewAt < ANEW_EVERY_MS) return
      anewAt = performance.now()
      await makeAnew(probes)
    },
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

interface Place {
  readonly shard: number
  readonly prefix: string
  readonly deadlineMs: number
}

/**
 * Whether the connection for decisions leads to the Redis that has answered the one for probes. One that was cut without a close looks
 * like a slow Redis, and one that is older than the switch of a name or a proxy leads to the Redis before: both are made anew.
 * @throws RedisCallError
 */
async function requireSame({ redis, caller }: RedisConnections, place: Place, opening: LiveOpening): Promise<boolean> {
  try {
    return (await probeGate({ ...place, caller }, opening)).status === 'OK'
  } catch (error) {
    if (!(error instanceof RedisCallError)) throw error
    const isElsewhere = error.reason === 'noscript'
    if (error.reason === 'timeout' || isElsewhere) leave(redis)
    throw isElsewhere ? new RedisCallError('disconnected', 'The connection for decisions led to another Redis.') : error
  }
}

/** Reads that are made of another Redis delay no decision, so nobody waits for them. */
async function leadReads({ reads, reading }: RedisConnections, place: Place, opening: LiveOpening): Promise<void> {
  try {
    await probeGate({ ...place, caller: reading }, opening)
  } catch (error) {
    if (error instanceof RedisCallError && error.reason === 'noscript') leave(reads)
  }
}

/**
 * Checks whether an opening answers, on the connection for probes, and whether the others lead there too.
 * @returns the reply of the gate, undefined when it is not OK
 * @throws RedisCallError
 */
export async function probeConnections(
  connections: RedisConnections,
  place: Place,
  opening: LiveOpening
): Promise<BatchReply | undefined> {
  const reply = await probeGate({ ...place, caller: connections.probe }, opening)
  if (reply.status !== 'OK' || !(await requireSame(connections, place, opening))) return undefined
  void leadReads(connections, place, opening)
  return reply
}

/**
 * Where the connection for probes finds no scripts of an opening, the others are made anew as far as they still find them: they lead to another Redis,
 * which a recovery would then open in place of the one that the name leads to now.
 */
export async function followProbe(connections: RedisConnections, place: Place, opening: LiveOpening): Promise<void> {
  const { redis, caller, reads, reading } = connections
  const follow = async (connection: Redis, calls: RedisCaller) => {
    const isThere = await probeGate({ ...place, caller: calls }, opening).then(
      () => true,
      () => false
    )
    if (isThere) await makeAnew(connection)
  }
  await Promise.all([follow(redis, caller), follow(reads, reading)])
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
