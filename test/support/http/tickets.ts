import { createHash } from 'node:crypto'
import type pg from 'pg'

/** The challenge of an answer. */
interface Puzzles {
  readonly nonce: string
  readonly puzzles: number
  readonly difficulty: number
}

/** Solves a challenge as the document says it, with the hash of Node: neither the gateway's code nor the client's. */
export function solved({ nonce, puzzles, difficulty }: Puzzles): number[] {
  return Array.from({ length: puzzles }, (_, puzzle) => {
    for (let value = 0; ; value += 1) {
      const number = Buffer.alloc(4)
      number.writeUInt32BE(value)
      const hash = createHash('sha256')
        .update(nonce)
        .update(Buffer.from([puzzle]))
        .update(number)
        .digest()
      if (hash.readUInt32BE() < 2 ** 32 / difficulty) return value
    }
  })
}

/** Postgres that knows one secret, of one byte again and again, and nothing else; `isAway` can be set. */
export class SecretPool {
  isAway = false
  readonly #byte: number

  constructor(byte = 7) {
    this.#byte = byte
  }

  async query(): Promise<{ rows: Array<{ value: Buffer }> }> {
    if (this.isAway) throw new Error('Postgres is away')
    return { rows: [{ value: Buffer.alloc(32, this.#byte) }] }
  }

  get pool(): pg.Pool {
    return this as unknown as pg.Pool
  }
}
