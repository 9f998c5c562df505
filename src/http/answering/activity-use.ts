/** How often activities were used, by `<campaign>/<activity>`. */
export type UseCounts = ReadonlyArray<readonly [name: string, count: number]>

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count)
}

/**
 * How often activities were used by way of this gateway since it started. A process that is one of several counts what it
 * confirmed, hands it over, and tells only what it was told of all: so they all say the same.
 */
export class ActivityUse {
  readonly #all = new Map<string, number>()
  readonly #fresh: Map<string, number>

  /** @param shared whether others count too */
  constructor(shared = false) {
    this.#fresh = shared ? new Map() : this.#all
  }

  /** Counts one confirmed participation. */
  count(campaign: string, activity: string): void {
    add(this.#fresh, `${campaign}/${activity}`, 1)
  }

  of(campaign: string, activity: string): number {
    return this.#all.get(`${campaign}/${activity}`) ?? 0
  }

  /** What was counted here since the last call. */
  take(): UseCounts {
    const counts = [...this.#fresh]
    this.#fresh.clear()
    return counts
  }

  /** Adds what others counted. */
  add(counts: UseCounts): void {
    for (const [name, count] of counts) add(this.#all, name, count)
  }

  /** What all together counted, as it was told. */
  replace(counts: UseCounts): void {
    for (const [name, count] of counts) this.#all.set(name, count)
  }

  get totals(): UseCounts {
    return [...this.#all]
  }
}
