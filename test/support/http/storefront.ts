import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Stack } from '../servers/stack.ts'

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Headers
}

export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly user?: string
  readonly key?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** sent as it is instead of `body` */
  readonly raw?: string
  /** takes a 202, a 503 or no answer for one; otherwise what has a key is asked again, as a storefront does */
  readonly once?: boolean
}

/** How long a storefront asks again. */
const PATIENT_MS = 60_000

/** What a storefront does with a stack, one request at a time, with everything of the answer to look at. */
export class Shop {
  readonly #stack: Stack

  constructor(stack: Stack) {
    this.#stack = stack
  }

  async ask(path: string, ask: Ask = {}): Promise<Answer> {
    const mayRepeat = ask.once !== true && (ask.method === undefined || ask.key !== undefined)
    const until = performance.now() + PATIENT_MS
    for (;;) {
      const isLast = !mayRepeat || performance.now() > until
      const answer = await this.#exchange(path, ask).catch((error: unknown) => {
        if (isLast) throw error
      })
      const isOpen = answer === undefined || answer.status === 202 || answer.status === 503
      if (answer !== undefined && (!isOpen || isLast)) return answer
      await delay(100)
    }
  }

  async #exchange(path: string, { method = 'GET', user, key, body, headers = {}, raw }: Ask): Promise<Answer> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(`${this.#stack.publicUrl}${path}`, {
      method,
      signal: AbortSignal.timeout(PATIENT_MS),
      headers: {
        ...(user !== undefined && { authorization: `Bearer ${this.#stack.tokenOf(user)}` }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...headers
      },
      ...(payload !== undefined && { body: payload })
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, body: isJson ? JSON.parse(text) : { text }, headers: response.headers }
  }

  /** Buys under a new key unless one is given. */
  buy(
    sale: string,
    user: string,
    { quantity = 1, key = randomUUID(), ...ask }: Ask & { quantity?: number } = {}
  ): Promise<Answer> {
    const [campaign, activity] = sale.split('/')
    const path = `/v1/campaigns/${campaign}/sales/${activity}/orders`
    return this.ask(path, { method: 'POST', user, key, body: { quantity }, ...ask })
  }

  /** A change by an operator, asked again until it is definite. */
  async operate(method: 'GET' | 'POST' | 'PATCH' | 'PUT', path: string, body?: unknown): Promise<Answer> {
    const request = { method, path: `/admin/v1${path}`, ...(body !== undefined && { body }) }
    const answer = await this.#stack.operate(request)
    return { status: answer.status, body: answer.body as Record<string, unknown>, headers: new Headers() }
  }
}

/** The id of the order in a 201. @throws Error when the answer is another */
export function orderId(answer: Answer): string {
  const order = answer.body.order as { id?: string } | undefined
  if (answer.status !== 201 || order?.id === undefined) throw new Error(`no order in ${JSON.stringify(answer)}`)
  return order.id
}
