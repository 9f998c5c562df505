import { TwoGenerationCache } from '../../base/two-generation-map.ts'

/** Hashes that a page's script makes in a millisecond on a phone of the middle class; a computer makes some times as many. */
const HASHES_PER_MS = 250
/** tickets a second of this process up to which they cost the least */
const CALM_PER_SECOND = 100
const WINDOW_MS = 1000
/** Challenges that are remembered, in each of two generations: a crowd that solves more in their two minutes pays more anyway. */
const REMEMBERED = 10_000

interface PriceOptions {
  /** what a ticket costs at least and at most, in ms of a phone */
  readonly leastMs: number
  readonly mostMs: number
  /** ms since 1970 */
  readonly now: () => number
}

/**
 * How many hashes a ticket costs: as many times the least as there are more tickets a second than in calm times, up to the most. Tickets that
 * were given are counted, not challenges that were asked for, and for each challenge one: so whoever wants to make it dear for others pays for it.
 */
export class Price {
  readonly #options: PriceOptions
  readonly #counted = new TwoGenerationCache<true>(REMEMBERED)
  #begun = Number.NEGATIVE_INFINITY
  #before = 0
  #given = 0

  constructor(options: PriceOptions) {
    this.#options = options
  }

  /** Counts a ticket, the first for its challenge. */
  count(challenge: string): void {
    if (this.#counted.get(challenge)) return
    this.#counted.set(challenge, true)
    this.#turn()
    this.#given += 1
  }

  /** hashes, on average */
  get hashes(): number {
    this.#turn()
    const { leastMs, mostMs, now } = this.#options
    // the last second, of the one before as much as still lies in it
    const rate = this.#given + this.#before * (1 - (now() - this.#begun) / WINDOW_MS)
    const ms = Math.min(Math.max(leastMs, mostMs), leastMs * Math.max(1, rate / CALM_PER_SECOND))
    return Math.round(ms * HASHES_PER_MS)
  }

  #turn(): void {
    const passed = this.#options.now() - this.#begun
    // a clock that was set back begins anew
    if (passed >= 0 && passed < WINDOW_MS) return
    const isNext = passed >= WINDOW_MS && passed < 2 * WINDOW_MS
    this.#before = isNext ? this.#given : 0
    this.#begun = isNext ? this.#begun + WINDOW_MS : this.#options.now()
    this.#given = 0
  }
}
