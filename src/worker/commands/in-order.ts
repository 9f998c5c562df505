/**
 * Keeps the order of commands about the same subject while some are put off: a command that stands behind one that comes again
 * later must not overtake it, whichever delivery brings it.
 */
export class CommandOrder {
  readonly #waitMs: number
  /** until when others wait for a command (ms, monotonic), by its sequence in the queue, by its subject */
  readonly #putOff = new Map<unknown, Map<number, number>>()

  /** @param waitMs how long others wait for a command that was put off, because another worker may have got it */
  constructor(waitMs: number) {
    this.#waitMs = waitMs
  }

  /** Whether an earlier command about the same subject was put off and is not done. @param now ms, monotonic */
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

  /** Removes commands that others have waited for long enough. */
  forgetOverdue(now: number): void {
    for (const [about, waiting] of this.#putOff) {
      for (const [sequence, until] of waiting) if (now >= until) this.done(about, sequence)
    }
  }
}
