import { createHash } from 'node:crypto'

/**
 * The last line of an exported journal: how many decisions stand before it, and the SHA-256 of all lines before it, each
 * with its newline. Whoever reads the file sees that it is whole, and that nobody took a line out, put one in, or moved one.
 */
export class JournalEnd {
  readonly #hash = createHash('sha256')
  #lines = 0

  /** Takes in the next line, the header first; without its newline. */
  add(line: string): void {
    this.#hash.update(line).update('\n')
    this.#lines += 1
  }

  text(): string {
    return JSON.stringify({ count: Math.max(0, this.#lines - 1), sha256: this.#hash.copy().digest('hex') })
  }
}

/** Whether a line is an end, be it that of these lines or not. */
export function isEnd(line: string): boolean {
  return line.startsWith('{"count":')
}
