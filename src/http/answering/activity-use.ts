/** How often activities were used, by `<campaign>/<activity>`. */
export type UseCounts = ReadonlyArray<readonly [name: string, count: number]>

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count)
}

/**
 * How often activities were used through this gateway since its start. One of several processes sends its counts to the
 * first one and shows only the sum that it gets back, so all processes show the same figure.
 */
export class ActivityUse {
  readonly #all = new Map<string, number>()
  readonly #fresh: Map<string, number>

  /** @param shared whether other processes count too */
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

  /** The counts of this process since the last call. */
  take(): UseCounts {
    const counts = [...this.#fresh]
    this.#fresh.clear()
    return counts
  }

  /** Adds counts of other processes. */
  add(counts: UseCounts): void {
    for (const [name, count] of counts) add(this.#all, name, count)
  }

  /** Sets the sum of all processes. */
  replace(counts: UseCounts): void {
    for (const [name, count] of counts) this.#all.set(name, count)
  }

  get totals(): UseCounts {
    return [...this.#all]
  }
}
