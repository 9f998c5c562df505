import type { ClientOptions } from '../../src/client/client.ts'

/** What the gateway does with one request, beside telling the truth. */
export type Lie =
  | 'truth'
  /** the request is lost before it arrives, or its answer afterwards */
  | 'lost'
  | 'answer-lost'
  /** decided, and not promised yet */
  | 'pending'
  /** 202, and then the decision is gone */
  | 'pending-lost'
  | 'unavailable'
  | 'unknown'
  | 'unknown-decided'
  | 'limited'
  /** a page of some proxy, a body cut short, a text that is JSON and nothing known */
  | 'proxy'
  | 'half'
  | 'garbage'
  | 'never'

export interface Seen {
  readonly method: string
  readonly path: string
  readonly key: string | undefined
  readonly body: string | undefined
  readonly token: string | undefined
}

const problemOf = (status: number, code: string, members: object = {}) =>
  Response.json({ type: 'urn', title: code, status, code, detail: code, requestId: 'r', ...members }, { status })

/** A gateway in memory that decides once for each key, and lies about it as it is told to; afterwards it tells the truth. */
export class LyingGateway {
  readonly seen: Seen[] = []
  /** how often each key was decided */
  readonly decided = new Map<string, number>()
  /** what it asked to wait for, and what was waited, in ms, one for each wait */
  readonly asked: Array<number | undefined> = []
  readonly waited: number[] = []
  /** milliseconds since the start, moved on by waiting alone */
  now = 0
  /** what it says to a request that it would decide now; undefined: yes */
  refusal: { status: number; code: string; members?: object } | undefined
  /** tokens that it takes; undefined: all */
  tokens: string[] | undefined
  readonly #lies: Lie[]
  #asked: number | undefined

  constructor(lies: readonly Lie[] = []) {
    this.#lies = [...lies]
  }

  /** Options of a client that talks to it, and for which no time passes but by waiting. */
  options(more: Partial<ClientOptions> = {}): ClientOptions {
    return {
      baseUrl: 'http://gateway',
      token: 'first',
      fetch: (url, init) => this.#answer(new Request(url, init)),
      now: () => this.now,
      random: () => 0,
      sleep: async (ms) => {
        this.asked.push(this.#asked)
        this.waited.push(ms)
        this.now += ms
      },
      ...more
    }
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const key = request.headers.get('idempotency-key') ?? decodeURIComponent(pathname.split('/').at(-1) ?? '')
    const token = request.headers.get('authorization')?.replace('Bearer ', '')
    const body = request.method === 'POST' ? await request.text() : undefined
    this.seen.push({ method: request.method, path: pathname, key, body, token })
    this.#asked = undefined
    const lie = this.#lies.shift() ?? 'truth'
    if (lie === 'truth' && token !== undefined && this.tokens?.includes(token) === false)
      return problemOf(401, 'UNAUTHENTICATED')
    return request.method === 'POST' ? this.#act(lie, key, request.signal) : this.#status(lie, key, request.signal)
  }

  #decide(key: string): void {
    this.decided.set(key, (this.decided.get(key) ?? 0) + 1)
  }

  #confirmed(key: string, status: number, replayed = false): Response {
    const body = { outcome: 'confirmed', requestId: key, sequence: 1, eventId: '0-1-1', order: { id: '0-1-1' } }
    return Response.json(body, { status, headers: replayed ? { 'idempotent-replayed': 'true' } : {} })
  }

  #wait(status: number, code: string, ms: number): Response {
    this.#asked = ms
    return problemOf(status, code, { retryAfterMs: ms })
  }

  #act(lie: Lie, key: string, signal: AbortSignal): Promise<Response> | Response {
    const known = this.decided.has(key)
    const may = known || this.refusal === undefined
    if (['answer-lost', 'pending', 'unknown-decided', 'half', 'garbage'].includes(lie) && may && !known)
      this.#decide(key)
    const away = this.#away(lie, signal)
    if (away !== undefined) return away
    if (lie === 'pending' && may) return this.#pending(key)
    if (lie === 'pending-lost' && !known) return this.#pending(key)
    if (!may) {
      const { status, code, members } = this.refusal as { status: number; code: string; members?: object }
      return problemOf(status, code, members)
    }
    if (!known) this.#decide(key)
    return this.#confirmed(key, 201, known)
  }

  #pending(key: string): Response {
    this.#asked = 250
    const statusUrl = `/v1/requests/${key}`
    return Response.json({ outcome: 'pending', requestId: key, statusUrl, retryAfterMs: 250 }, { status: 202 })
  }

  /** Answers, or none, that are the same for acts and status. */
  #away(lie: Lie, signal: AbortSignal): Promise<Response> | Response | undefined {
    switch (lie) {
      case 'lost':
      case 'answer-lost':
        return Promise.reject(new TypeError('fetch failed'))
      case 'unavailable':
        return this.#wait(503, 'UNAVAILABLE', 700)
      case 'unknown':
      case 'unknown-decided':
        return this.#wait(503, 'UNKNOWN_OUTCOME', 300)
      case 'limited':
        return this.#wait(429, 'RATE_LIMITED', 1500)
      case 'proxy':
        return new Response('<h1>502</h1>', { status: 502, headers: { 'content-type': 'text/html' } })
      case 'half':
        return new Response('{"outcome":"confirm', { status: 201 })
      case 'garbage':
        return Response.json({ hello: 'there' })
      case 'never':
        return new Promise((_, reject) => {
          const end = () => reject(signal.reason)
          if (signal.aborted) end()
          else signal.addEventListener('abort', end)
        })
      default:
        return undefined
    }
  }

  #status(lie: Lie, key: string, signal: AbortSignal): Promise<Response> | Response {
    const away = this.#away(lie, signal)
    if (away !== undefined) return away
    if (!this.decided.has(key)) return problemOf(404, 'NOT_FOUND')
    return lie === 'pending' ? this.#pending(key) : this.#confirmed(key, 200)
  }
}
