import type { Ending } from '../connections.ts'
import { requestBytes, type Shot } from '../open-loop.ts'
import { memberOf, type Target } from './deployment.ts'

/** An order as the answer showed it. */
interface SeenOrder {
  readonly id: string
  readonly session: string
  readonly position: number
}

/** What is known of a purchase: its order, that it was refused, or nothing for sure. */
type Known = { readonly kind: 'confirmed'; readonly order: SeenOrder } | { readonly kind: 'refused' | 'open' }

/** The order in a body of 201 or of `GET /v1/requests/{key}`. */
export function orderIn(body: unknown): SeenOrder | undefined {
  const order = memberOf(body, 'order')
  const [id, session, position] = ['id', 'session', 'position'].map((name) => memberOf(order, name))
  if (typeof id !== 'string' || typeof session !== 'string' || typeof position !== 'number') return undefined
  return { id, session, position }
}

interface PurchaseOptions extends Target {
  readonly url: string
  readonly tokens: readonly string[]
  /** first part of each key */
  readonly run: string
}

/** Purchases of one unit, each by the next of the tokens under a key of its own, and what their clients were told. */
export class Purchases {
  readonly #options: PurchaseOptions
  // bodies are read after the load: reading 100,000 of them meanwhile would cost what is to be measured
  readonly #told: Array<string | 'refused' | undefined> = []

  constructor(options: PurchaseOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#told.length
  }

  /** number of the user, whose token it is */
  userOf(number: number): number {
    return number % this.#options.tokens.length
  }

  keyOf(number: number): string {
    return `${this.#options.run}-${String(number).padStart(7, '0')}`
  }

  request(number: number): { path: string; method: 'POST'; headers: Record<string, string>; body: string } {
    const { campaign, sale, tokens } = this.#options
    return {
      method: 'POST',
      path: `/v1/campaigns/${campaign}/sales/${sale}/orders`,
      headers: {
        authorization: `Bearer ${tokens[this.userOf(number)]}`,
        'idempotency-key': this.keyOf(number),
        'content-type': 'application/json'
      },
      body: '{"quantity":1}'
    }
  }

  shot(number: number): Shot {
    this.#told[number] = undefined
    return { kind: 'buy', bytes: requestBytes(this.#options.url, this.request(number)) }
  }

  /** Notes an answer of the load. What says that nothing was done is a refusal; what is lost or pending stays open. */
  ended(number: number, { answer }: Ending, outcome: string): void {
    if (answer === undefined) return
    if (outcome === 'confirmed') this.#told[number] = answer.body.toString()
    else if (outcome === 'UNAVAILABLE' || (answer.status >= 400 && answer.status < 500)) this.#told[number] = 'refused'
  }

  /** Notes the body of a later answer; undefined for a refusal. */
  settle(number: number, body: unknown): void {
    this.#told[number] = body === undefined ? 'refused' : JSON.stringify(body)
  }

  known(number: number): Known {
    const told = this.#told[number]
    if (told === undefined || told === 'refused') return { kind: told ?? 'open' }
    const order = orderIn(JSON.parse(told))
    return order === undefined ? { kind: 'open' } : { kind: 'confirmed', order }
  }
}
