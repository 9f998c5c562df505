import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '../random.ts'
import { isConfirmed, isPending, isProblem, isTakenPart, type OrderAnswer, parseJson } from './answers.ts'
import { type Cut, type ExchangeOptions, exchange, NoAnswerError, type Reply } from './exchange.ts'
import type { Attempt, AttemptResult, History, Purchase, Wanted } from './history.ts'

/**
 * What a client does beside asking: break the connection after the request was written or in the middle of the answer,
 * send the same request twice at once, or ask once more after the confirmation.
 */
export type Trick = 'cut-after-write' | 'cut-mid-answer' | 'twice' | 'replay'

/** How a purchase ended for its user. */
export type Ending =
  | { readonly kind: 'confirmed'; readonly order: OrderAnswer }
  /** confirmed too, and no order: a spin or a completion */
  | { readonly kind: 'took-part' }
  | { readonly kind: 'refused'; readonly code: string }
  /** patience ran out: `settle` finds out later */
  | { readonly kind: 'unresolved'; readonly last: AttemptResult }

export interface ClientOptions {
  /** one gateway, or several to ask in turn; the list may change meanwhile */
  readonly publicUrl: string | readonly string[]
  readonly tokenOf: (user: string) => string
  readonly history: History
  /** exchanges at once; each has a connection of its own (default 64) */
  readonly connections?: number
  /** of one exchange (default 5000) */
  readonly deadlineMs?: number
  /** how long a purchase goes on retrying (default 30000) */
  readonly patienceMs?: number
  readonly seed?: number
}

/** Refusals that say nothing about the sale: ask again. */
const passing: ReadonlySet<string> = new Set(['RATE_LIMITED'])
const longestBackOffMs = 400

/** A storefront under load: asks, breaks connections, asks again with the same key, and writes down all of it. */
export class LoadClient {
  readonly history: History
  readonly #options: ClientOptions
  readonly #agent: Agent
  readonly #random: () => number
  readonly #waiting: Array<() => void> = []
  #free: number

  constructor(options: ClientOptions) {
    this.#options = options
    this.history = options.history
    this.#free = options.connections ?? 64
    this.#agent = new Agent({ keepAlive: true, maxSockets: this.#free, maxFreeSockets: this.#free })
    this.#random = seededRandom(options.seed ?? 1)
  }

  /** Carries one purchase through: retries with the same key until the answer is definite or patience runs out. */
  async buy(purchase: Purchase, trick?: Trick): Promise<Ending> {
    const giveUpAt = performance.now() + (this.#options.patienceMs ?? 30_000)
    let last = await this.#open(purchase, trick)
    let doubt = isDoubtful(last)
    for (let retry = 0; performance.now() < giveUpAt; retry++) {
      if (last.kind === 'ok') {
        if (trick === 'replay') await this.attempt(purchase, 'buy')
        return last.order === undefined ? { kind: 'took-part' } : { kind: 'confirmed', order: last.order }
      }
      if (isFinal(last) && !doubt) return { kind: 'refused', code: last.code ?? String(last.status) }
      if (!isFinal(last)) await this.#backOff(retry, last.retryAfterMs)
      // After a lost answer a refusal alone proves nothing: only the status route says that no decision stands.
      const way = doubt && (isFinal(last) || retry % 2 === 1) ? 'status' : 'buy'
      const before = last
      last = await this.attempt(purchase, way)
      if (last.kind === 'none' && isFinal(before))
        return { kind: 'refused', code: before.code ?? String(before.status) }
      doubt = last.kind === 'none' ? false : doubt || isDoubtful(last)
    }
    return { kind: 'unresolved', last }
  }

  /** One exchange of a purchase, written into the history; never throws. */
  async attempt(purchase: Purchase, way: Attempt['way'], cut?: Cut): Promise<AttemptResult> {
    await this.#acquire()
    const attempt = this.history.invoke(purchase, way)
    let result: AttemptResult
    try {
      const reply = await exchange(this.#exchangeOf(purchase, way, cut))
      result = way === 'buy' ? readBuy(reply, purchase.wanted) : readStatus(reply, purchase.wanted)
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error
      result = { kind: 'unknown', status: 0, reason: error.message }
    } finally {
      this.#release()
    }
    this.history.answer(attempt, result)
    return result
  }

  /**
   * Asks for every purchase that is not definite yet until the server has told the truth about it.
   * @throws Error naming what is still open after `deadlineMs`
   */
  async settle(deadlineMs: number): Promise<void> {
    const giveUpAt = performance.now() + deadlineMs
    for (let retry = 0; ; retry++) {
      const open = this.history.unsettled()
      if (open.length === 0) return
      if (performance.now() > giveUpAt) {
        const names = open.slice(0, 5).map(({ user, key }) => `${user} ${key}`)
        throw new Error(`${open.length} purchases have no definite answer after ${deadlineMs} ms: ${names.join(', ')}`)
      }
      await Promise.all(open.map((purchase) => this.attempt(purchase, 'status')))
      await this.#backOff(retry, undefined)
    }
  }

  /** Breaks exchanges under way and closes the connections. */
  close(): void {
    this.#agent.destroy()
  }

  async #open(purchase: Purchase, trick: Trick | undefined): Promise<AttemptResult> {
    if (trick === 'cut-after-write') return await this.attempt(purchase, 'buy', 'after-write')
    if (trick === 'cut-mid-answer') return await this.attempt(purchase, 'buy', 'mid-answer')
    if (trick !== 'twice') return await this.attempt(purchase, 'buy')
    const both = await Promise.all([this.attempt(purchase, 'buy'), this.attempt(purchase, 'buy')])
    return both.find(({ kind }) => kind === 'ok') ?? both.find(isDoubtful) ?? both[0]
  }

  /** A retry may go to another gateway than the request whose answer was lost. */
  #gateway(): string {
    const { publicUrl } = this.#options
    if (typeof publicUrl === 'string') return publicUrl
    return publicUrl[Math.floor(this.#random() * publicUrl.length)] ?? ''
  }

  #exchangeOf(purchase: Purchase, way: Attempt['way'], cut: Cut | undefined): ExchangeOptions {
    const { tokenOf, deadlineMs = 5000 } = this.#options
    const publicUrl = this.#gateway()
    const common = {
      agent: this.#agent,
      deadlineMs,
      ...(cut === undefined ? {} : { cut, cutAfterMs: this.#random() * 4 })
    }
    const authorization = `Bearer ${tokenOf(purchase.user)}`
    if (way === 'status') {
      const url = `${publicUrl}/v1/requests/${encodeURIComponent(purchase.key)}`
      return { ...common, method: 'GET', url, headers: { authorization } }
    }
    return {
      ...common,
      method: 'POST',
      url: `${publicUrl}/v1/campaigns/${purchase.campaign}/${placeOf(purchase)}`,
      headers: { authorization, 'idempotency-key': purchase.key, 'content-type': 'application/json' },
      body: JSON.stringify(bodyOf(purchase))
    }
  }

  /** Exponential with jitter, so that clients whose answers were lost together do not come back together. */
  async #backOff(retry: number, askedMs: number | undefined): Promise<void> {
    const longest = Math.min(longestBackOffMs, Math.max(20 * 2 ** Math.min(retry, 8), askedMs ?? 0))
    await pause(longest * (0.5 + this.#random() / 2))
  }

  async #acquire(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}

function placeOf({ sale, wanted = 'order' }: Purchase): string {
  if (wanted === 'spin') return `draws/${sale}/spins`
  return wanted === 'completion' ? `tasks/${sale}/completions` : `sales/${sale}/orders`
}

/** What a purchase sends; stored with its decision. */
export function bodyOf({ quantity, wanted = 'order' }: Purchase): object {
  return wanted === 'order' ? { quantity } : {}
}

/** The answer of a buy as the contract has it; anything else is `wrong`. */
function readBuy(reply: Reply, wanted: Wanted | undefined): AttemptResult {
  const body = parseJson(reply.text)
  const confirmed = reply.status === 201 ? readConfirmed(body, wanted) : undefined
  if (confirmed === undefined) return readUndecided(reply, body)
  return { ...confirmed, status: 201, replayed: reply.headers['idempotent-replayed'] === 'true' }
}

function readConfirmed(body: unknown, wanted: Wanted = 'order'): Omit<AttemptResult, 'status'> | undefined {
  if (wanted !== 'order') return isTakenPart(body, wanted) ? { kind: 'ok', body } : undefined
  return isConfirmed(body) ? { kind: 'ok', order: body.order, body } : undefined
}

/** The answer of GET /v1/requests/{key}. */
function readStatus(reply: Reply, wanted: Wanted | undefined): AttemptResult {
  const body = parseJson(reply.text)
  const confirmed = reply.status === 200 ? readConfirmed(body, wanted) : undefined
  if (confirmed !== undefined) return { ...confirmed, status: 200 }
  if (reply.status === 404 && isProblem(body)) return { kind: 'none', status: 404, code: body.code }
  return readUndecided(reply, body)
}

function readUndecided({ status, text }: Reply, body: unknown): AttemptResult {
  if (status === 202 && isPending(body)) return { kind: 'pending', status, retryAfterMs: body.retryAfterMs }
  if (!isProblem(body) || body.status !== status) {
    return { kind: 'wrong', status, reason: `status ${status} with ${text.slice(0, 300)}` }
  }
  const { code, retryAfterMs } = body
  const known = { status, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  if (status === 503) return { kind: code === 'UNAVAILABLE' ? 'unavailable' : 'unknown', ...known }
  return status >= 400 && status < 500 ? { kind: 'refused', ...known } : { kind: 'wrong', ...known }
}

function isDoubtful({ kind }: AttemptResult): boolean {
  return kind === 'unknown' || kind === 'pending'
}

function isFinal({ kind, code = '' }: AttemptResult): boolean {
  return kind === 'wrong' || (kind === 'refused' && !passing.has(code))
}
