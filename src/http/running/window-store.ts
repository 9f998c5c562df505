import type { FastifyRateLimitStore } from '@fastify/rate-limit'

interface Window {
  count: number
  /** of performance.now(): a clock that is set back ends no window later */
  readonly startedAt: number
}

/**
 * Counts the requests of a key in windows of fixed length, of so many keys at most: those that came longest ago are forgotten. The plugin's own store
 * hands out the object that it counts on, which the plugin reads a moment later: of requests that come in one turn of the event loop each was told the
 * count of the last, so a whole burst was refused.
 */
export class WindowStore implements FastifyRateLimitStore {
  readonly #windows = new Map<string, Window>()
  readonly #most: number

  /** @param options `cache`: how many keys are counted at once */
  constructor({ cache = 5000 }: { readonly cache?: number }) {
    this.#most = cache
  }

  incr(
    key: string,
    told: (error: Error | null, result?: { current: number; ttl: number }) => void,
    timeWindow = 1000
  ): void {
    const now = performance.now()
    const known = this.#windows.get(key)
    const window = known !== undefined && now - known.startedAt < timeWindow ? known : { count: 0, startedAt: now }
    window.count += 1
    this.#windows.delete(key)
    this.#windows.set(key, window)
    if (this.#windows.size > this.#most) this.#forgetOldest()
    told(null, { current: window.count, ttl: Math.ceil(window.startedAt + timeWindow - now) })
  }

  /** One that counts for itself. @param options those of the limit, which the plugin's types do not name */
  child(options: object): WindowStore {
    return new WindowStore(options)
  }

  #forgetOldest(): void {
    for (const key of this.#windows.keys()) {
      this.#windows.delete(key)
      return
    }
  }
}
