import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Evidence, PublicEvent } from '../judging/evidence.ts'
import type { ConfirmedAnswer, OrderAnswer } from './answers.ts'

export interface FakeShopOptions {
  readonly stock: number
  readonly unitsPerUser: number
  /** the n-th buy (from 1) is decided and answered in this way, instead of by its answer */
  readonly oddity?: (buy: number) => 'hang' | 'pending' | 'unavailable' | 'unknown-outcome' | 'nonsense' | undefined
}

/**
 * A shop on HTTP with the contract's answers and nothing behind it: checks the load client and the checker, which must
 * not be checked by the server that they are made to check. Decides at once, in the memory of this process.
 */
export class FakeShop {
  readonly answers = new Map<string, ConfirmedAnswer>()
  readonly #orders: Array<{ order: OrderAnswer; user: string; key: string; sequence: number }> = []
  readonly #options: FakeShopOptions
  readonly #server: Server
  #buys = 0
  #left: number

  constructor(options: FakeShopOptions) {
    this.#options = options
    this.#left = options.stock
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  /** @returns the URL */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  get decisions(): number {
    return this.#orders.length
  }

  /** What Postgres, the stream and the gate would say if they were all right; a test damages a copy. */
  evidence(): Evidence {
    const rows = this.#orders.map(({ order, user, key, sequence }) => ({ order, user, key, sequence }))
    const place = { shard: 0, epoch: 7 }
    return {
      namespace: 'floodgate',
      orders: rows.map(({ order, user, sequence }) => {
        const { id, sale, session, quantity, status, position } = order
        return { id, sale, session, user, quantity, status, position, sequence, ...place }
      }),
      decisions: rows.map(({ order, user, key, sequence }) => {
        const request = { quantity: order.quantity }
        return { id: order.id, type: 'order.accepted', user, key, sequence, order: order.id, request, ...place }
      }),
      stock: [this.#sessionState()],
      deadLetters: 0,
      events: rows.map(({ order, user, sequence }) => eventOf(order, user, sequence)),
      state: {
        sessions: [this.#sessionState()],
        shards: [{ shard: 0, epoch: 7, state: 'open', outbox: 0, kept: 0 }]
      }
    }
  }

  #sessionState() {
    const total = this.#options.stock
    return { sale: 'phone', session: 'am', total, remaining: this.#left, held: total - this.#left, paid: 0 }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    try {
      for await (const part of request) body += String(part)
    } catch {
      return
    }
    const user = userOf(request)
    if (request.method === 'GET')
      return this.#status(user, decodeURIComponent(request.url?.split('/').pop() ?? ''), response)
    const key = String(request.headers['idempotency-key'])
    const oddity = this.#options.oddity?.(++this.#buys)
    if (oddity === 'unavailable') return problem(response, 503, 'UNAVAILABLE')
    const answer = this.#decide(user, key, (JSON.parse(body) as { quantity: number }).quantity)
    if (oddity === 'hang') return
    if (oddity === 'unknown-outcome') return problem(response, 503, 'UNKNOWN_OUTCOME')
    if (oddity === 'nonsense') return send(response, 200, 'welcome')
    if (typeof answer === 'string') return problem(response, 409, answer)
    if (oddity === 'pending') {
      const pending = { outcome: 'pending', requestId: key, statusUrl: `/v1/requests/${key}`, retryAfterMs: 10 }
      return send(response, 202, JSON.stringify(pending))
    }
    send(response, 201, JSON.stringify(answer))
  }

  #status(user: string, key: string, response: ServerResponse): void {
    const answer = this.answers.get(`${user} ${key}`)
    if (answer === undefined) problem(response, 404, 'NOT_FOUND')
    else send(response, 200, JSON.stringify(answer))
  }

  /** @returns the confirmation, or the code of the refusal */
  #decide(user: string, key: string, quantity: number): ConfirmedAnswer | string {
    const known = this.answers.get(`${user} ${key}`)
    if (known !== undefined) return known
    const bought = this.#orders
      .filter((entry) => entry.user === user)
      .reduce((sum, { order }) => sum + order.quantity, 0)
    if (bought + quantity > this.#options.unitsPerUser) return 'LIMIT_REACHED'
    if (quantity > this.#left) return 'SOLD_OUT'
    const sequence = this.#orders.length + 1
    const order: OrderAnswer = {
      id: `0-7-${sequence}`,
      campaign: 'launch',
      sale: 'phone',
      session: 'am',
      quantity,
      unitPrice: 299900,
      currency: 'CNY',
      status: 'accepted',
      acceptedAt: '2026-11-11T00:00:00.000Z',
      payBy: null,
      shipBy: null,
      position: this.#options.stock - this.#left + 1
    }
    this.#left -= quantity
    this.#orders.push({ order, user, key, sequence })
    const answer: ConfirmedAnswer = { outcome: 'confirmed', requestId: key, sequence, eventId: order.id, order }
    this.answers.set(`${user} ${key}`, answer)
    return answer
  }
}

function eventOf(order: OrderAnswer, user: string, sequence: number): PublicEvent {
  return {
    subject: 'floodgate.launch.order.accepted',
    messageId: order.id,
    contentType: 'application/cloudevents+json',
    event: {
      specversion: '1.0',
      id: order.id,
      source: 'urn:floodgate:floodgate',
      type: 'floodgate.order.accepted',
      subject: order.id,
      time: order.acceptedAt,
      dataschema: '/schemas/order.accepted.json',
      partitionkey: user,
      data: { user, campaign: order.campaign, activity: order.sale, sequence }
    }
  }
}

function userOf(request: IncomingMessage): string {
  const payload = request.headers.authorization?.split('.')[1] ?? ''
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }).sub
}

function problem(response: ServerResponse, status: number, code: string): void {
  const type = `urn:floodgate:problem:${code.toLowerCase().replaceAll('_', '-')}`
  const body = { type, title: code, status, code, detail: code, requestId: 'r', retryAfterMs: 10 }
  send(response, status, JSON.stringify(body))
}

function send(response: ServerResponse, status: number, body: string): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  response.writeHead(status, { 'content-type': type }).end(body)
}
