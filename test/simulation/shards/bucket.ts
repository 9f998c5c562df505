const TOKENS_PER_MS = 0.02

/** A shard's part of a campaign's rate. */
export class Bucket {
  readonly #burst: number
  #tokens: number
  #at: number

  constructor(burst: number, at: number) {
    this.#burst = burst
    this.#tokens = burst
    this.#at = at
  }

  /** Takes a token. Returns whether there was one. @param at Redis' own time */
  take(at: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, at - this.#at) * TOKENS_PER_MS)
    this.#at = at
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
