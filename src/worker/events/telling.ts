import type { Logger } from 'pino'
import { runLoops } from '../running/loop.ts'
import type { EventRelay } from './relay.ts'

/** Events gather this long: many in one go cost one pull and one ack. */
const EVENTS_GATHER_MS = 20

/** Tells events from the first time the shard is taken until another worker is seen to hold it: Postgres away is no end. */
export class EventTelling {
  #stop: AbortController | undefined
  #running: Promise<void> = Promise.resolve()
  readonly #events: EventRelay
  readonly #logger: Logger

  constructor(events: EventRelay, logger: Logger) {
    this.#events = events
    this.#logger = logger
  }

  start(): void {
    if (this.#stop) return
    this.#stop = new AbortController()
    const run = () => this.#events.step(1000)
    this.#running = runLoops(
      [{ name: 'events', everyMs: EVENTS_GATHER_MS, vital: false, run }],
      this.#stop.signal,
      (name, error) => this.#logger.warn({ err: error, loop: name }, `${name} failed; it is tried again`)
    )
  }

  async stop(): Promise<void> {
    if (!this.#stop) return
    this.#stop.abort()
    await this.#running
    this.#stop = undefined
    await this.#events.close()
  }
}
