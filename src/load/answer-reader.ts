/** One answer of an HTTP server. */
export interface Answer {
  readonly status: number
  /** status line and headers, in lower case */
  readonly head: string
  readonly body: Buffer
  /** whether the connection ends with it */
  readonly closes: boolean
}

const HEAD_END = '\r\n\r\n'
const EMPTY: Buffer = Buffer.alloc(0)
const BODILESS = new Set([204, 304])

/**
 * Reads the answers of one connection on which requests wait for each other: 5 us for each, where the client of Node takes 40,
 * and a generator that shares its cores with what it measures must be cheap. It knows lengths, chunks and bodies up to the end of the connection.
 */
export class AnswerReader {
  #bytes = EMPTY

  /** @returns the answer once it is complete @throws Error for what is no HTTP */
  push(chunk: Buffer): Answer | undefined {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    for (;;) {
      const end = this.#bytes.indexOf(HEAD_END)
      if (end === -1) return undefined
      const head = this.#bytes.toString('latin1', 0, end).toLowerCase()
      const status = statusOf(head)
      if (Number.isNaN(status)) throw new Error(`no answer of HTTP/1.1: ${head.slice(0, 40)}`)
      const rest = this.#bytes.subarray(end + HEAD_END.length)
      if (status >= 200) return this.#complete(status, head, rest)
      // 100 and 103 come before the answer itself
      this.#bytes = rest
    }
  }

  /** The answer that the end of the connection completes, if there is one. */
  end(): Answer | undefined {
    const at = this.#bytes.indexOf(HEAD_END)
    if (at === -1) return undefined
    const head = this.#bytes.toString('latin1', 0, at).toLowerCase()
    const status = statusOf(head)
    if (Number.isNaN(status) || lengthOf(head) !== undefined || isChunked(head)) return undefined
    return { status, head, body: this.#bytes.subarray(at + HEAD_END.length), closes: true }
  }

  #complete(status: number, head: string, rest: Buffer): Answer | undefined {
    const body = BODILESS.has(status) ? EMPTY : isChunked(head) ? unchunk(rest) : exactly(rest, lengthOf(head))
    if (body === undefined) return undefined
    this.#bytes = EMPTY
    return { status, head, body, closes: head.includes('\r\nconnection: close') }
  }
}

/** NaN for what is no HTTP/1.1 */
function statusOf(head: string): number {
  return Number(/^http\/1\.[01] (\d{3})/.exec(head)?.[1])
}

function lengthOf(head: string): number | undefined {
  const found = /\r\ncontent-length: *(\d+)/.exec(head)?.[1]
  return found === undefined ? undefined : Number(found)
}

function isChunked(head: string): boolean {
  return head.includes('\r\ntransfer-encoding: chunked')
}

function exactly(rest: Buffer, length: number | undefined): Buffer | undefined {
  return length === undefined || rest.length < length ? undefined : rest.subarray(0, length)
}

/** The body in chunks, once the last one is there. */
function unchunk(rest: Buffer): Buffer | undefined {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = rest.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(rest.toString('latin1', at, line), 16)
    const next = line + 2 + size + 2
    if (Number.isNaN(size) || rest.length < next) return undefined
    if (size === 0) return Buffer.concat(parts)
    parts.push(rest.subarray(line + 2, line + 2 + size))
    at = next
  }
}
