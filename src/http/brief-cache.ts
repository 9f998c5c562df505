interface Kept<Value> {
  readonly value: Promise<Value>
  /** ms since 1970 */
  readonly until: number
}

/**
 * Answers for a crowd that asks the same: each is made once and kept for a moment, and those who come while it is made
 * wait for the same one. What failed is not kept.
 */
export class BriefCache<Value> {
  readonly #kept = new Map<string, Kept<Value>>()
  readonly #keepMs: number
  readonly #most: number
  readonly #now: () => number

  constructor(options: { readonly keepMs: number; readonly most: number; readonly now?: () => number }) {
    this.#keepMs = options.keepMs
    this.#most = options.most
    this.#now = options.now ?? Date.now
  }

  get(name: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.#kept.get(name)
    if (known !== undefined && known.until > this.#now()) return known.value
    if (this.#kept.size >= this.#most) this.#kept.clear()
    const value = make()
    const kept = { value, until: this.#now() + this.#keepMs }
    this.#kept.set(name, kept)
    value.catch(() => {
      if (this.#kept.get(name) === kept) this.#kept.delete(name)
    })
    return value
  }
}
