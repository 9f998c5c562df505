import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import { spreadMs } from '../problems/problems.ts'
import { isDraining } from '../running/drain.ts'

/** Where the texts of a feed come from, by the name of their topic. */
export interface LiveSource {
  /** Brings what texts are made of up to date. Never throws. */
  refresh(): Promise<void>
  /** The present text of a topic, one line of JSON; undefined if it cannot be told now: the last one stays. */
  text(topic: string): string | undefined
}

interface HubOptions {
  readonly source: LiveSource
  /** ms between two looks at the source */
  readonly everyMs: number
  /** ms since 1970 */
  readonly now: () => number
  /** the most listeners of this process */
  readonly listenersMax: number
  /** of which at most one in so many may have the same address; absent: all may */
  readonly addressShare?: number
  /** Tells of a text that cannot be made, once until it can be. */
  readonly onError: (error: unknown) => void
}

export const tellOf = (logger: Logger) => (err: unknown) =>
  logger.error({ err }, 'what watchers are told cannot be made: they keep what they were told last')

/** Somebody who listens. */
interface Arrival {
  readonly topic: string
  readonly response: ServerResponse
  readonly headers: Readonly<Record<string, string>>
  readonly address: string
  /** the first event, with its end */
  readonly snapshot: Buffer
  /** the text that says what the snapshot says */
  readonly text: string
}

interface Listener {
  readonly socket: Socket
  /** number of the last text that was written; -1: an older one than the first that this audience had */
  version: number
  /** when it was last written to with nothing unread; ms since 1970 */
  freeAt: number
}

interface Audience {
  readonly listeners: Set<Listener>
  text: string
  version: number
  message: Buffer
  isBroken: boolean
}

/** Proxies that compress or buffer answers would hold events back; each of these headers stops some of them. */
const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no'
}
const PING_MS = 15_000
const PING = Buffer.from(': still here\n\n')
/** Writes between two turns of the event loop: about a millisecond of work. */
const SLICE = 100
/** Whoever has not read the last words for so long loses the connection. */
const STALLED_MS = 30_000
/** Those who lost their connection at the same moment return over four times this. */
const RETRY_MS = 2000
const RETRY_SPREAD = 4

/** A message of Server-Sent Events, as bytes: encoded once for all who listen. */
export function eventBytes(event: string, text: string): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${text}\n\n`)
}

/**
 * All listeners of a feed. One timer serves them all, and none runs while nobody listens. A text is made and encoded once, and written to
 * some listeners at a time, so that requests are answered in between. Who has not read the last text skips the next ones and then gets
 * the newest, because a text says all that there is: one text is the most that waits for anybody.
 */
export class LiveHub {
  readonly #options: HubOptions
  readonly #audiences = new Map<string, Audience>()
  readonly #addresses = new Map<string, number>()
  readonly #responses = new Set<ServerResponse>()
  #timer: NodeJS.Timeout | undefined
  #turning = false
  #pingedAt = 0

  constructor(options: HubOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#responses.size
  }

  /** What somebody listens to. */
  topics(): Iterable<string> {
    return this.#audiences.keys()
  }

  /** Why a new listener from this address is refused now; undefined if they are accepted. */
  refuses(address: string): string | undefined {
    const { listenersMax, addressShare = 1 } = this.#options
    if (isDraining()) return 'This gateway is about to stop; ask again to reach another one.'
    if (this.size >= listenersMax) return 'Too many are watching; poll the campaign instead.'
    const share = Math.max(1, Math.floor(listenersMax / addressShare))
    if ((this.#addresses.get(address) ?? 0) < share) return undefined
    return 'Too many from this address are watching; poll the campaign instead.'
  }

  /** Answers a request that `refuses` did not refuse. */
  join(arrival: Arrival): void {
    const { topic, response, address, text } = arrival
    const socket = begin(arrival)
    // gone meanwhile
    if (socket === null) return
    const audience = this.#audienceOf(topic, text)
    const version = audience.text === text ? audience.version : -1
    const listener = { socket, version, freeAt: this.#options.now() }
    audience.listeners.add(listener)
    this.#responses.add(response)
    this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1)
    response.once('close', () => {
      this.#responses.delete(response)
      this.#forget(address)
      this.#leave(topic, listener)
    })
    this.#timer ??= setInterval(() => void this.#turn().catch(this.#options.onError), this.#options.everyMs)
  }

  /** Ends every connection; clients connect again, to another gateway. */
  close(): void {
    clearInterval(this.#timer)
    for (const response of this.#responses) response.end()
  }

  #audienceOf(topic: string, text: string): Audience {
    let audience = this.#audiences.get(topic)
    if (audience === undefined) {
      audience = { listeners: new Set(), text, version: 0, message: eventBytes('change', text), isBroken: false }
      this.#audiences.set(topic, audience)
    }
    return audience
  }

  #forget(address: string): void {
    const left = (this.#addresses.get(address) ?? 1) - 1
    if (left === 0) this.#addresses.delete(address)
    else this.#addresses.set(address, left)
  }

  #leave(topic: string, listener: Listener): void {
    const audience = this.#audiences.get(topic)
    audience?.listeners.delete(listener)
    if (audience?.listeners.size === 0) this.#audiences.delete(topic)
    if (this.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** One text that cannot be made keeps nobody else's back: a rejection that nobody listens to would end the process. */
  #textOf(topic: string, audience: Audience): string | undefined {
    try {
      const text = this.#options.source.text(topic)
      audience.isBroken = false
      return text
    } catch (error) {
      if (!audience.isBroken) this.#options.onError(error)
      audience.isBroken = true
      return undefined
    }
  }

  async #turn(): Promise<void> {
    // one that takes longer than the pause between two: nobody misses a text, as the next one has the newest
    if (this.#turning) return
    this.#turning = true
    try {
      await this.#options.source.refresh()
      const now = this.#options.now()
      const isPing = now - this.#pingedAt >= PING_MS
      if (isPing) this.#pingedAt = now
      for (const [topic, audience] of this.#audiences) {
        const text = this.#textOf(topic, audience)
        if (text !== undefined && text !== audience.text) {
          audience.text = text
          audience.version += 1
          audience.message = eventBytes('change', text)
        }
        await tellAll(audience, { now, isPing })
      }
    } finally {
      this.#turning = false
    }
  }
}

/**
 * Writes the head and the snapshot. The end of the connection ends the stream, so that one text is the same bytes for everybody;
 * chunks of HTTP would be four pieces for each listener.
 * @returns the socket for all further words; null if the other side is gone
 */
function begin({ response, headers, snapshot }: Arrival): Socket | null {
  response.useChunkedEncodingByDefault = false
  response.shouldKeepAlive = false
  response.writeHead(200, { ...headers, ...STREAM_HEADERS })
  response.write(`retry: ${spreadMs(RETRY_MS, RETRY_SPREAD)}\n`)
  response.write(snapshot)
  return response.socket
}

async function tellAll(audience: Audience, at: { readonly now: number; readonly isPing: boolean }): Promise<void> {
  let written = 0
  for (const listener of audience.listeners) {
    if (!tell(listener, audience, at)) continue
    written += 1
    if (written % SLICE === 0) await nextTurn()
  }
}

/** Writes what a listener lacks. @returns whether anything was written */
function tell(
  listener: Listener,
  { version, message }: Audience,
  { now, isPing }: { readonly now: number; readonly isPing: boolean }
): boolean {
  const { socket } = listener
  if (socket.destroyed) return false
  const isNews = listener.version !== version
  if (!isNews && !isPing) return false
  if (socket.writableLength > 0) {
    if (now - listener.freeAt > STALLED_MS) socket.destroy()
    return false
  }
  listener.freeAt = now
  listener.version = version
  socket.write(isNews ? message : PING)
  return true
}
