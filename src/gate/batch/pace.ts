/** what a batch is taken to need before one was measured: some ms of Redis, and of the turn of the event loop around it */
const FIRST_MS = 10
/** weight of the newest batch: a dozen batches are remembered */
const NEWEST = 0.15

interface PaceOptions {
  /** calls of a full batch */
  readonly batchCalls: number
  /** the longest time that a command should wait for its batch, ms */
  readonly waitMs: number
}

/**
 * How many commands may wait, from how fast full batches follow one another. A length says nothing by itself: a thousand commands
 * are a tenth of a second for a quick gate and ten seconds for a slow one. Measured is only the time between a full batch and
 * the next one while commands waited, because otherwise the gate was waiting for commands. All times are those of a monotonic clock, ms.
 */
export class Pace {
  readonly #options: PaceOptions
  #batchMs = FIRST_MS
  #sentAt = Number.NEGATIVE_INFINITY
  /** whether the last batch was full and left commands behind */
  #saturated = false

  constructor(options: PaceOptions) {
    this.#options = options
  }

  /** Notes that a batch was sent. @param batch its calls @param left the commands that wait for the next one */
  sent(batch: number, left: number, now: number): void {
    if (this.#saturated) this.#batchMs += (now - this.#sentAt - this.#batchMs) * NEWEST
    this.#saturated = batch === this.#options.batchCalls && left > 0
    this.#sentAt = now
  }

  /**
   * How many commands may wait now: never fewer than a full batch, so that a slow gate still has its next batch at hand.
   * @param isDeciding whether a batch is in flight: one that takes longer than those before counts before it has ended
   */
  room(isDeciding: boolean, now: number): number {
    const { batchCalls, waitMs } = this.#options
    const batchMs = isDeciding ? Math.max(this.#batchMs, now - this.#sentAt) : this.#batchMs
    return Math.max(batchCalls, Math.floor((batchCalls * waitMs) / batchMs))
  }
}
