/** For at most so many shards a worker does things more seldom: what is done for one shard is never later than this. */
const SPREAD_MOST = 4

/**
 * How many shards this worker may work on: its part of them while other workers live, rounded up, and all of them when it is alone.
 * It gives up the newest of those that are too many, and the others take them.
 */
export class FairShare {
  readonly #count: number
  /** undefined until the workers were counted, which one shard needs not */
  #part: number | undefined
  readonly #held = new Map<number, AbortController>()

  /** @param count how many shards there are */
  constructor(count: number) {
    this.#count = count
    this.#part = count === 1 ? 1 : undefined
  }

  /**
   * How many times as long this worker waits between two times of what it does for each of its shards, so that four cost as much as
   * one: each of them has a fourth of the orders and of the users.
   */
  get spread(): number {
    return Math.min(Math.max(this.#held.size, 1), SPREAD_MOST)
  }

  /** Notes how many workers live, this one included. */
  counted(workers: number): void {
    this.#part = Math.ceil(this.#count / Math.max(1, workers))
    for (const giveUp of [...this.#held.values()].slice(this.#part)) giveUp.abort()
  }

  /** @returns a signal that fires when the shard has to be given up; undefined while this worker has its part */
  hold(shard: number): AbortSignal | undefined {
    if (this.#held.size >= (this.#part ?? 0)) return undefined
    const giveUp = new AbortController()
    this.#held.set(shard, giveUp)
    return giveUp.signal
  }

  release(shard: number): void {
    this.#held.delete(shard)
  }
}
