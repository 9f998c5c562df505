/**
 * The order of commands about one thing, kept while some of them are put off: what stands behind a command that comes again later
 * must not overtake it, whichever delivery brings it.
 */
export class CommandOrder {
  readonly #waitMs: number
  /** when nobody waits for a command any more (ms, monotonic), by its place in the queue, by what it is about */
  readonly #putOff = new Map<unknown, Map<number, number>>()

  /** @param waitMs how long a command that was put off is waited for: another worker may have been given it */
  constructor(waitMs: number) {
    this.#waitMs = waitMs
  }

  /** Whether a command about the same that stands before `sequence` was put off and is not done. @param now ms, monotonic */
  isOvertaking(about: unknown, sequence: number, now: number): boolean {
    for (const [before, until] of this.#putOff.get(about) ?? []) if (before < sequence && now < until) return true
    return false
  }

  putOff(about: unknown, sequence: number, now: number): void {
    const waiting = this.#putOff.get(about) ?? new Map<number, number>()
    this.#putOff.set(about, waiting.set(sequence, now + this.#waitMs))
  }

  done(about: unknown, sequence: number): void {
    const waiting = this.#putOff.get(about)
    if (waiting?.delete(sequence) && waiting.size === 0) this.#putOff.delete(about)
  }

  /** Forgets what was waited for long enough. */
  forgetOverdue(now: number): void {
    for (const [about, waiting] of this.#putOff) {
      for (const [sequence, until] of waiting) if (now >= until) this.done(about, sequence)
    }
  }
}
