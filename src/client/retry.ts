import type { Settings } from './transport.ts'

const FIRST_MS = 100
const LONGEST_MS = 5000

/**
 * How long to wait before the next try, in ms: never less than the server asks, and up to half as long again by chance, so that those who
 * were turned away together do not come back together. Without a word of the server it doubles from try to try.
 */
export function backOff(tries: number, askedMs: number | undefined, random: () => number): number {
  const own = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 10))
  // a server that says "at once" again and again is not believed
  const least = askedMs === undefined ? own : Math.max(askedMs, own / 8)
  return Math.ceil(least * (1 + random() / 2))
}

/** The time that is left for an act or a read, and the waiting in it. */
export class Patience {
  readonly #settings: Settings
  readonly #signal: AbortSignal | undefined
  readonly #endsAt: number
  #tries = 0

  constructor(settings: Settings, endsAt: number, signal: AbortSignal | undefined) {
    this.#settings = settings
    this.#signal = signal
    this.#endsAt = endsAt
  }

  get aborted(): boolean {
    return this.#signal?.aborted === true
  }

  /** how long until time is up */
  get leftMs(): number {
    return Math.max(1, this.#endsAt - this.#settings.now())
  }

  /** how long the next request may take */
  get attemptMs(): number {
    return Math.min(this.#settings.attemptMs, this.leftMs)
  }

  /** Waits before the next try. @returns false where no time is left for one, or the caller gave up */
  async again(askedMs: number | undefined): Promise<boolean> {
    const { now, sleep, random } = this.#settings
    const ms = backOff(this.#tries, askedMs, random)
    this.#tries += 1
    if (this.aborted || now() + ms >= this.#endsAt) return false
    await sleep(ms, this.#signal)
    return !this.aborted
  }
}

export function patienceFor(settings: Settings, options: { deadlineMs?: number; signal?: AbortSignal }): Patience {
  return new Patience(settings, settings.now() + (options.deadlineMs ?? settings.deadlineMs), options.signal)
}
