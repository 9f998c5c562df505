import { Redis } from 'ioredis'
import { messageOf } from '../../base/errors.ts'
import type { ClusterPlace } from '../../config/redis-url.ts'

export type NodeAddress = ClusterPlace['nodes'][number]

/** A node that does not answer must not keep the others from being asked. */
const ASK_MS = 1000
const SLOTS = 16_384

/** The slot of a key: CRC16 (XMODEM) of its hash tag, which is the text between the first braces, or of all of it. */
export function slotOf(key: string): number {
  const tag = /\{([^}]*)\}/.exec(key)?.[1] || key
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  }
  return crc % SLOTS
}

interface Stretch {
  readonly first: number
  readonly last: number
  readonly master: NodeAddress
}

type RawNode = readonly [host: string | null, port: number, ...more: unknown[]]
type RawStretch = readonly [first: number, last: number, master: RawNode, ...replicas: RawNode[]]

export const shownAddress = ({ host, port }: NodeAddress): string => `${host}:${port}`

/** @param asked where the reply comes from: a node that does not know its own address names none */
function addressOf([host, port]: RawNode, asked: NodeAddress): NodeAddress {
  return { host: host === null || host === '' ? asked.host : host, port }
}

/** One question to one node. @throws the reason why it does not answer */
async function askSlots(node: NodeAddress, { login }: ClusterPlace): Promise<readonly RawStretch[]> {
  const redis = new Redis({
    ...login,
    ...node,
    lazyConnect: true,
    connectTimeout: ASK_MS,
    commandTimeout: ASK_MS,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null
  })
  let cause: Error | undefined
  redis.on('error', (error) => {
    cause = error
  })
  try {
    await redis.connect()
    return (await redis.call('CLUSTER', 'SLOTS')) as readonly RawStretch[]
  } catch (error) {
    throw cause ?? error
  } finally {
    redis.disconnect()
  }
}

/**
 * Which master holds which slot, as a node said when it was last asked. Each look begins with another node: one that is cut off, or
 * back after a fail-over, knows less than the others, and what it says wrong the masters themselves correct (MOVED).
 */
export class ClusterMap {
  readonly #place: ClusterPlace
  #stretches: readonly Stretch[] = []
  #nodes: readonly NodeAddress[]
  #turn = 0
  #looking: Promise<void> | undefined

  constructor(place: ClusterPlace) {
    this.#place = place
    this.#nodes = place.nodes
  }

  /** As last seen; undefined where no master held the slot, or nothing was seen yet. */
  masterOf(slot: number): NodeAddress | undefined {
    return this.#stretches.find(({ first, last }) => first <= slot && slot <= last)?.master
  }

  /** All that hold a slot. */
  masters(): ReadonlyMap<string, NodeAddress> {
    return new Map(this.#stretches.map(({ master }) => [shownAddress(master), master]))
  }

  /** Masters with slots and their replicas. */
  nodes(): readonly NodeAddress[] {
    return this.#nodes
  }

  /** Asks the nodes in turn until one answers; who comes while it asks gets the same answer. @throws Error when none answers */
  look(): Promise<void> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #ask(): Promise<void> {
    let fault: unknown
    const known = new Map([...this.#nodes, ...this.#place.nodes].map((node) => [shownAddress(node), node]))
    const nodes = [...known.values()]
    for (let tried = 0; tried < nodes.length; tried += 1) {
      const node = nodes[this.#turn++ % nodes.length]
      if (node === undefined) continue
      try {
        this.#keep(await askSlots(node, this.#place), node)
        return
      } catch (error) {
        fault = error
      }
    }
    throw new Error(`No node of the Redis Cluster says who holds which slot: ${messageOf(fault)}`)
  }

  #keep(stretches: readonly RawStretch[], asked: NodeAddress): void {
    this.#stretches = stretches.map(([first, last, master]) => ({ first, last, master: addressOf(master, asked) }))
    const nodes = stretches.flatMap(([, , ...all]) => all.map((node) => addressOf(node, asked)))
    if (nodes.length > 0) this.#nodes = nodes
  }
}
