/**
 * A bounded map that forgets in bulk: when the young generation is full it becomes the old one, and the old one is dropped. An
 * entry that is used moves to the young one. This costs one or two lookups; a list by recency costs writes on each read.
 */
export class TwoGenerationCache<Value> {
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  #youngCharacters = 0
  readonly #generationSize: number
  readonly #characters: number

  /**
   * @param generationSize entries of one generation; the map holds at most twice as many
   * @param characters of the keys of one generation, where keys may be long
   */
  constructor(generationSize: number, characters: number = Number.POSITIVE_INFINITY) {
    this.#generationSize = generationSize
    this.#characters = characters
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#generationSize || this.#youngCharacters >= this.#characters) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngCharacters = 0
    }
    this.#youngCharacters += key.length
    this.#young.set(key, value)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
    this.#youngCharacters = 0
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }
}
