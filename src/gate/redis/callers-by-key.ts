import type { Redis } from 'ioredis'
import { type ClusterPlace, clusterPlace } from '../../config/redis-url.ts'
import { createCaller, RedisCallError, type RedisCaller } from './caller.ts'
import { ClusterMap, type NodeAddress, shownAddress, slotOf } from './cluster-map.ts'
import { connectNode, createRedis } from './connection.ts'

/** Calls on keys that belong to no shard. */
interface CallersByKey {
  /** The Redis that holds a key. @throws RedisCallError while none does */
  of(key: string): Promise<Pick<RedisCaller, 'call'>>
  close(): void
}

/** How long the first call to a node waits for its connection. */
const FIRST_MS = 1000
const SEEN_AGAIN_MS = 1000

interface Node {
  readonly redis: Redis
  readonly caller: RedisCaller
  readonly connected: Promise<void>
}

/** One connection to each master of a cluster, made when a key is first asked for there. */
class Masters implements CallersByKey {
  readonly #place: ClusterPlace
  readonly #name: string
  readonly #map: ClusterMap
  readonly #nodes = new Map<string, Node>()
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(place: ClusterPlace, name: string) {
    this.#place = place
    this.#name = name
    this.#map = new ClusterMap(place)
  }

  async of(key: string): Promise<Pick<RedisCaller, 'call'>> {
    const slot = slotOf(key)
    if (this.#map.masterOf(slot) === undefined) await this.#look()
    const address = this.#map.masterOf(slot)
    if (address === undefined) throw new RedisCallError('disconnected', `No master of the cluster holds slot ${slot}.`)
    const { caller, connected } = this.#nodeAt(address)
    await connected
    return {
      call: (command, args, deadlineMs) =>
        caller.call(command, args, deadlineMs).catch((error: unknown) => {
          // the next call asks where the slot is now
          void this.#look()
          throw error
        })
    }
  }

  close(): void {
    for (const { redis } of this.#nodes.values()) redis.disconnect()
    this.#nodes.clear()
  }

  #nodeAt(address: NodeAddress): Node {
    const place = shownAddress(address)
    const known = this.#nodes.get(place)
    if (known) return known
    const redis = connectNode(this.#place, address, this.#name)
    const connected = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FIRST_MS)
      timer.unref()
      redis.once('ready', () => {
        clearTimeout(timer)
        resolve()
      })
    })
    const node = { redis, caller: createCaller(redis), connected }
    this.#nodes.set(place, node)
    return node
  }

  /** Asks where slots are, at most once in a while, and leaves nodes that hold none any more. */
  async #look(): Promise<void> {
    if (performance.now() - this.#lookedAt < SEEN_AGAIN_MS) return
    this.#lookedAt = performance.now()
    // a cluster that does not answer: the call fails on the connection that it has
    await this.#map.look().catch(() => {})
    const masters = this.#map.masters()
    for (const [place, { redis }] of this.#nodes) {
      if (masters.has(place)) continue
      redis.disconnect()
      this.#nodes.delete(place)
    }
  }
}

/** @param url REDIS_URL @throws ConfigError naming the parts of the URL that cannot be honoured */
export function callersByKey(url: string, name: string): CallersByKey {
  const cluster = clusterPlace(url)
  if (cluster !== undefined) return new Masters(cluster, name)
  const redis = createRedis(url, name)
  const caller = createCaller(redis)
  return { of: async () => caller, close: () => redis.disconnect() }
}
