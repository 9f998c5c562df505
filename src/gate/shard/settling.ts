const PATIENCE_MS = 100

/**
 * The settles of this process that are under way. A confirmed decision is answered at its ack, and its settle follows within
 * milliseconds: a read over another connection that came in between would call it pending, to somebody who holds its 201.
 */
export class Settling {
  readonly #open = new Set<Promise<void>>()

  /** @param settled resolves when the call that carried the settle has ended, well or not */
  track(settled: Promise<void>): Promise<void> {
    this.#open.add(settled)
    void settled.then(() => this.#open.delete(settled))
    return settled
  }

  /** Resolves when what is under way now has ended; later than that moment only by what Redis may take for it. */
  async ended(): Promise<void> {
    if (this.#open.size === 0) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS)
    })
    await Promise.race([Promise.all(this.#open), late])
    clearTimeout(timer)
  }
}
