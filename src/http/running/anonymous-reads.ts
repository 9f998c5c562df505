import { UnavailableError } from '../../base/errors.ts'

interface Known<Value> {
  readonly value: Value
  /** ms since 1970 */
  readonly at: number
}

interface AnonymousLimits {
  /** how long an answer is used without a new read */
  readonly keepMs: number
  /** the most answers that are kept */
  readonly most: number
  /** reads in a second, and in parallel, for all requests together */
  readonly perSecond: number
  readonly atOnce: number
  /** ms since 1970 */
  readonly now: () => number
}

/**
 * Reads for requests without a token, which cost their sender nothing. Equal requests share one read, and all reads together
 * reach Postgres a bounded number of times a second. Requests beyond the bound get the last known answer, or are refused if
 * there is none.
 */
export class AnonymousReads<Value> {
  readonly #limits: AnonymousLimits
  readonly #known = new Map<string, Known<Value>>()
  readonly #running = new Map<string, Promise<Value>>()
  #left: number
  #countedAt: number

  constructor(limits: AnonymousLimits) {
    this.#limits = limits
    this.#left = limits.perSecond
    this.#countedAt = limits.now()
  }

  /** @throws UnavailableError when nothing is known and no more may be read at this moment; what `read` throws */
  async get(name: string, read: () => Promise<Value>): Promise<Value> {
    const known = this.#known.get(name)
    if (known !== undefined && this.#limits.now() - known.at < this.#limits.keepMs) return known.value
    const running = this.#running.get(name)
    if (running !== undefined) return running
    if (!this.#mayRead()) {
      if (known !== undefined) return known.value
      throw new UnavailableError('too much is asked for without a token')
    }
    const value = this.#read(name, read)
    this.#running.set(name, value)
    return value.catch((error: unknown) => {
      if (known !== undefined) return known.value
      throw error
    })
  }

  async #read(name: string, read: () => Promise<Value>): Promise<Value> {
    try {
      const value = await read()
      this.#keep(name, { value, at: this.#limits.now() })
      return value
    } finally {
      this.#running.delete(name)
    }
  }

  #keep(name: string, known: Known<Value>): void {
    // keeps the map in the order of reads, so that the oldest answer is dropped first
    this.#known.delete(name)
    this.#known.set(name, known)
    const [oldest] = this.#known.keys()
    if (this.#known.size > this.#limits.most && oldest !== undefined) this.#known.delete(oldest)
  }

  #mayRead(): boolean {
    const { perSecond, atOnce, now } = this.#limits
    const at = now()
    this.#left = Math.min(perSecond, this.#left + (Math.max(0, at - this.#countedAt) * perSecond) / 1000)
    this.#countedAt = at
    if (this.#running.size >= atOnce || this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
