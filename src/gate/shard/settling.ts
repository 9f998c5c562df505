const PATIENCE_MS = 100

/**
 * The settles of this process that are under way. A confirmed decision is answered at its ack, and its settle follows within
 * milliseconds. A read over the other connection that comes in between must wait for it: otherwise it would call a decision pending
 * that its user has a 201 for.
 */
export class Settling {
  readonly #open = new Set<Promise<void>>()

  /** @param settled resolves when the call that carried the settle has ended, with or without success */
  track(settled: Promise<void>): Promise<void> {
    this.#open.add(settled)
    void settled.then(() => this.#open.delete(settled))
    return settled
  }

  /** Resolves when the settles that are under way now have ended, which takes no longer than Redis may take for them. */
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
