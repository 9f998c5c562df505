import type { Logger } from 'pino'
import type { ConnectedShard } from './connect-shard.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 3000

/** A shard of this process, which may not be connected yet. */
export interface ShardSlot {
  readonly shard: number
  /** undefined until its servers have answered for the first time */
  readonly connected: ConnectedShard | undefined
  /** resolves when it is connected for the first time */
  readonly opened: Promise<ConnectedShard>
  /** Closes its connections within `ms`; a connection that is being made is closed as soon as it is made. */
  close(ms: number): Promise<void>
}

export function slotOf(connected: ConnectedShard): ShardSlot {
  return {
    shard: connected.shard,
    connected,
    opened: Promise.resolve(connected),
    close: (ms) => connected.disconnect(ms)
  }
}

/** Connects a shard as soon as possible, so that a gateway starts also while NATS is away. */
export class LateShard implements ShardSlot {
  readonly shard: number
  connected: ConnectedShard | undefined
  readonly opened: Promise<ConnectedShard>
  readonly #connect: () => Promise<ConnectedShard>
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(shard: number, connect: () => Promise<ConnectedShard>, logger: Logger) {
    this.shard = shard
    this.#connect = connect
    this.#logger = logger
    this.opened = new Promise((resolve) => void this.#try(resolve, FIRST_PAUSE_MS))
  }

  async close(ms: number): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.connected?.disconnect(ms)
  }

  async #try(resolve: (connected: ConnectedShard) => void, pauseMs: number): Promise<void> {
    try {
      const connected = await this.#connect()
      if (this.#closed) {
        await connected.disconnect(0)
        return
      }
      this.connected = connected
      resolve(connected)
    } catch (error) {
      if (this.#closed) return
      if (pauseMs === FIRST_PAUSE_MS)
        this.#logger.warn({ err: error }, 'the gate could not be connected; trying until it can')
      this.#timer = setTimeout(() => void this.#try(resolve, Math.min(LONGEST_PAUSE_MS, pauseMs * 2)), pauseMs)
    }
  }
}
