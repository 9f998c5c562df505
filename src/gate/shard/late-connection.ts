import type { Logger } from 'pino'
import type { ConnectedShards } from './connect-shards.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 3000

/** The shards of a process, which may not be connected yet. */
export interface LateConnection {
  /** undefined until their servers have answered for the first time */
  readonly connected: ConnectedShards | undefined
  /** resolves when they are connected for the first time */
  readonly opened: Promise<ConnectedShards>
  /** Closes the connections within `ms`; a connection that is being made is closed as soon as it is made. */
  close(ms: number): Promise<void>
}

export function madeConnection(connected: ConnectedShards): LateConnection {
  return { connected, opened: Promise.resolve(connected), close: (ms) => connected.disconnect(ms) }
}

/** Connects as soon as possible, so that a gateway starts also while NATS is away. */
export class RetriedConnection implements LateConnection {
  connected: ConnectedShards | undefined
  readonly opened: Promise<ConnectedShards>
  readonly #connect: () => Promise<ConnectedShards>
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(connect: () => Promise<ConnectedShards>, logger: Logger) {
    this.#connect = connect
    this.#logger = logger
    this.opened = new Promise((resolve) => void this.#try(resolve, FIRST_PAUSE_MS))
  }

  async close(ms: number): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.connected?.disconnect(ms)
  }

  async #try(resolve: (connected: ConnectedShards) => void, pauseMs: number): Promise<void> {
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
