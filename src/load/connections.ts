import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { messageOf } from '../base/errors.ts'
import { type Answer, AnswerReader } from './answer-reader.ts'

/** How a request ended: with an answer, or without one and why. Times are those of performance.now(), ms. */
export type Ending =
  | { readonly answer: Answer; readonly sentAt: number; readonly at: number }
  | { readonly answer: undefined; readonly reason: string; readonly sentAt: number | undefined; readonly at: number }

interface Exchange {
  /** the request as it goes over the wire */
  readonly bytes: string
  readonly dueAt: number
  readonly end: (ending: Ending) => void
}

export interface ConnectionOptions {
  readonly url: string
  /** connections at most; they are opened when they are needed, and kept */
  readonly most: number
  /** a request without an answer this long after it was due is given up, ms */
  readonly giveUpMs: number
  /** addresses of this machine to call from, in turn; the system's choice when there are none */
  readonly sources?: readonly string[]
}

interface Line {
  readonly socket: Socket
  readonly reader: AnswerReader
  exchange: Exchange | undefined
  sentAt: number
}

const LOOK_EVERY_MS = 50

/**
 * Keep-alive connections of HTTP/1.1. A request that finds none free waits here: it was due all the same, and its wait
 * counts. No request is sent twice.
 */
export class Connections {
  readonly #options: ConnectionOptions
  readonly #lines = new Set<Line>()
  readonly #free: Line[] = []
  #waiting: Exchange[] = []
  readonly #timer: NodeJS.Timeout
  #opened = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#giveUp(), LOOK_EVERY_MS)
  }

  send(exchange: Exchange): void {
    const line = this.#free.pop() ?? (this.#lines.size < this.#options.most ? this.#open() : undefined)
    if (line === undefined) this.#waiting.push(exchange)
    else write(line, exchange)
  }

  /** requests that wait for a connection */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Ends all connections; what is under way ends without an answer. */
  close(): void {
    clearInterval(this.#timer)
    for (const exchange of this.#waiting.splice(0)) exchange.end(unanswered('no connection was free', undefined))
    for (const { socket } of this.#lines) socket.destroy()
  }

  #open(): Line {
    const { url, sources = [] } = this.#options
    const { hostname, protocol, port } = new URL(url)
    const host = hostname.replace(/^\[|\]$/g, '')
    const localAddress = sources[this.#opened++ % Math.max(1, sources.length)]
    const place = { host, noDelay: true, ...(localAddress !== undefined && { localAddress }) }
    const socket =
      protocol === 'https:'
        ? connectTls({ ...place, port: Number(port || 443), ...(isIP(host) === 0 && { servername: host }) })
        : connectPlain({ ...place, port: Number(port || 80) })
    const line: Line = { socket, reader: new AnswerReader(), exchange: undefined, sentAt: 0 }
    this.#lines.add(line)
    let reason = 'the connection was closed before the answer'
    socket.on('data', (chunk: Buffer) => this.#read(line, chunk))
    socket.on('error', (error) => {
      reason = messageOf(error)
    })
    socket.on('close', () => this.#closed(line, reason))
    return line
  }

  #read(line: Line, chunk: Buffer): void {
    try {
      const answer = line.reader.push(chunk)
      if (answer !== undefined) this.#answered(line, answer)
    } catch (error) {
      line.socket.destroy(error as Error)
    }
  }

  #answered(line: Line, answer: Answer): void {
    const { exchange, sentAt } = line
    line.exchange = undefined
    if (answer.closes) {
      this.#lines.delete(line)
      line.socket.destroy()
      this.#next()
    } else {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free.push(line)
      else write(line, next)
    }
    exchange?.end({ answer, sentAt, at: performance.now() })
  }

  #closed(line: Line, reason: string): void {
    this.#lines.delete(line)
    const at = this.#free.indexOf(line)
    if (at !== -1) this.#free.splice(at, 1)
    const { exchange, sentAt } = line
    line.exchange = undefined
    const answer = exchange && line.reader.end()
    exchange?.end(answer ? { answer, sentAt, at: performance.now() } : unanswered(reason, sentAt))
    this.#next()
  }

  /** A connection less: one of those that wait may open another. */
  #next(): void {
    if (this.#waiting.length === 0 || this.#lines.size >= this.#options.most) return
    const next = this.#waiting.shift()
    if (next !== undefined) write(this.#open(), next)
  }

  #giveUp(): void {
    const before = performance.now() - this.#options.giveUpMs
    for (const line of this.#lines) {
      const { exchange, sentAt } = line
      if (exchange === undefined || exchange.dueAt > before) continue
      line.exchange = undefined
      exchange.end(unanswered('no answer in time', sentAt))
      line.socket.destroy()
    }
    while (this.#waiting[0] && this.#waiting[0].dueAt <= before) {
      this.#waiting.shift()?.end(unanswered('no connection was free in time', undefined))
    }
  }
}

function write(line: Line, exchange: Exchange): void {
  line.exchange = exchange
  line.sentAt = performance.now()
  line.socket.write(exchange.bytes)
}

function unanswered(reason: string, sentAt: number | undefined): Ending {
  return { answer: undefined, reason, sentAt, at: performance.now() }
}
