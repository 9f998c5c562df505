import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What a proxy does to bytes in one direction. `lost` bytes never arrive, as with a broken connection; `held` bytes wait
 * until the proxy is healed, as with a network that stalls and then resends.
 */
type Fate = 'pass' | 'lost' | 'held'

interface Direction {
  readonly from: Socket
  readonly to: Socket
  readonly waiting: Buffer[]
  /** bytes that are on their way and not yet due, in order */
  delayed: number
  lost: boolean
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  readonly requests: Direction
  readonly replies: Direction
}

/** What the proxy has seen: lets a test prove that its fault really happened. */
export interface ProxyCounts {
  connections: number
  requestBytes: number
  replyBytes: number
  lostRequestBytes: number
  lostReplyBytes: number
  cutConnections: number
}

/**
 * A TCP proxy on loopback that misbehaves on demand, for tests that cut one part off from another. Every fault holds for
 * present and new connections until `heal()`; connections that lost bytes are cut by `heal()`, because a stream with a
 * hole in it is something that TCP never shows.
 */
export class FaultyProxy {
  readonly counts: ProxyCounts = {
    connections: 0,
    requestBytes: 0,
    replyBytes: 0,
    lostRequestBytes: 0,
    lostReplyBytes: 0,
    cutConnections: 0
  }
  readonly #listener: Server
  #target: { readonly host: string; readonly port: number }
  readonly #pairs = new Set<Pair>()
  #requests: Fate = 'pass'
  #replies: Fate = 'pass'
  #delayMs = 0
  #refusing = false

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target
    this.#listener = createServer((client) => this.#accept(client, connect(this.#target.port, this.#target.host)))
  }

  /** Listens on a free port of 127.0.0.1. @returns the port */
  async listen(): Promise<number> {
    this.#listener.listen(0, '127.0.0.1')
    await once(this.#listener, 'listening')
    return this.port
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  /** New connections go to another server, as after a fail-over; present ones are broken, or stay where they are. */
  retarget(target: { readonly host: string; readonly port: number }, present: 'broken' | 'stay' = 'broken'): void {
    this.#target = target
    if (present === 'stay') return
    for (const pair of [...this.#pairs]) this.#cut(pair)
  }

  /** Every byte arrives `ms` later, in both directions, in order. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** What clients send is lost; what servers send still arrives. */
  dropRequests(): void {
    this.#requests = 'lost'
  }

  /** What clients send arrives and is carried out; the replies are lost. */
  dropReplies(): void {
    this.#replies = 'lost'
  }

  /** Nothing moves in either direction, connections stay open and new ones are accepted; nothing is lost. */
  blackHole(): void {
    this.#requests = 'held'
    this.#replies = 'held'
  }

  /** Breaks every connection now. `refuseNew`: new ones are broken too, until `heal()`. */
  cut(options: { readonly refuseNew?: boolean } = {}): void {
    this.#refusing = options.refuseNew ?? false
    for (const pair of [...this.#pairs]) this.#cut(pair)
  }

  /** Ends every fault: held bytes go on, connections that lost bytes are cut. */
  heal(): void {
    this.#requests = 'pass'
    this.#replies = 'pass'
    this.#delayMs = 0
    this.#refusing = false
    for (const pair of [...this.#pairs]) {
      if (pair.requests.lost || pair.replies.lost) this.#cut(pair)
      else {
        for (const direction of [pair.requests, pair.replies]) {
          flush(direction)
          if (direction.from.destroyed) direction.to.end()
        }
      }
    }
  }

  async close(): Promise<void> {
    for (const pair of [...this.#pairs]) this.#cut(pair)
    this.#listener.close()
    await once(this.#listener, 'close')
  }

  #accept(client: Socket, server: Socket): void {
    this.counts.connections++
    const direction = (from: Socket, to: Socket): Direction => ({ from, to, waiting: [], delayed: 0, lost: false })
    const pair = { client, server, requests: direction(client, server), replies: direction(server, client) }
    this.#pairs.add(pair)
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      // An error of either side ends both: whoever cares sees a broken connection.
      socket.on('error', () => this.#drop(pair))
    }
    client.on('close', () => this.#ended(pair, pair.requests))
    server.on('close', () => this.#ended(pair, pair.replies))
    client.on('data', (bytes: Buffer) => {
      this.counts.requestBytes += bytes.length
      if (this.#pass(pair.requests, bytes, this.#requests)) this.counts.lostRequestBytes += bytes.length
    })
    server.on('data', (bytes: Buffer) => {
      this.counts.replyBytes += bytes.length
      if (this.#pass(pair.replies, bytes, this.#replies)) this.counts.lostReplyBytes += bytes.length
    })
    if (this.#refusing) this.#cut(pair)
  }

  /** @returns whether the bytes were lost */
  #pass(direction: Direction, bytes: Buffer, fate: Fate): boolean {
    if (fate === 'lost' || direction.lost) {
      direction.lost = true
      return true
    }
    direction.waiting.push(bytes)
    if (fate === 'held') return false
    if (this.#delayMs === 0 && direction.delayed === 0) flush(direction)
    else {
      direction.delayed++
      setTimeout(() => {
        direction.delayed--
        const next = direction.waiting.shift()
        if (next !== undefined && !direction.to.destroyed) direction.to.write(next)
      }, this.#delayMs)
    }
    return false
  }

  /** One side closed in good order: the other hears of it after the bytes that are still on their way. */
  #ended(pair: Pair, direction: Direction): void {
    if (pair.client.destroyed && pair.server.destroyed) this.#pairs.delete(pair)
    else if (direction.lost) this.#drop(pair)
    else if (direction.waiting.length === 0) direction.to.end()
    else if (direction.delayed > 0) setTimeout(() => direction.to.end(), this.#delayMs)
  }

  #cut(pair: Pair): void {
    if (this.#pairs.has(pair)) this.counts.cutConnections++
    this.#drop(pair)
  }

  #drop(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }
}

function flush(direction: Direction): void {
  for (const bytes of direction.waiting.splice(0)) if (!direction.to.destroyed) direction.to.write(bytes)
}
