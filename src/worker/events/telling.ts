import type { Logger } from 'pino'
import { gatherNear } from '../running/gather.ts'
import { runLoops } from '../running/loop.ts'
import type { EventRelay } from './relay.ts'

/** How many shards this worker holds. */
interface Share {
  readonly spread: number
}

/** Tells events from the first time the shard is taken until another worker is seen to hold it: Postgres away is no end. */
export class EventTelling {
  #stop: AbortController | undefined
  #running: Promise<void> = Promise.resolve()
  readonly #events: EventRelay
  readonly #share: Share
  readonly #logger: Logger

  constructor(events: EventRelay, share: Share, logger: Logger) {
    this.#events = events
    this.#share = share
    this.#logger = logger
  }

  start(): void {
    if (this.#stop) return
    this.#stop = new AbortController()
    const run = async () => {
      const read = await this.#events.step(1000)
      await gatherNear(this.#events, { frames: read, spread: this.#share.spread })
    }
    this.#running = runLoops([{ name: 'events', everyMs: 0, vital: false, run }], this.#stop.signal, (name, error) =>
      this.#logger.warn({ err: error, loop: name }, `${name} failed; it is tried again`)
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
