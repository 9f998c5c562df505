import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '../random.ts'
import { isRecord, parseJson } from './answers.ts'
import { type Cut, exchange, NoAnswerError } from './exchange.ts'

/** One wish of one user, under one idempotency key. */
export interface Wish {
  readonly user: string
  readonly key: string
  /** below `/v1/campaigns/` */
  readonly path: string
  readonly body: unknown
}

/** The definite answer to a wish. */
export interface Granted {
  readonly wish: Wish
  readonly status: number
  readonly body: Record<string, unknown>
  /** exchanges that it took */
  readonly tries: number
}

export interface CrowdOptions {
  readonly publicUrl: string
  readonly tokenOf: (user: string) => string
  readonly connections?: number
  /** share of first requests whose connection is broken on purpose */
  readonly cuts?: number
  readonly seed?: number
}

const PATIENCE_MS = 120_000
const EXCHANGE_MS = 5000

/** Many users of any activity at once: each asks with the same key until the answer is definite. */
export class Crowd {
  readonly #options: CrowdOptions
  readonly #agent: Agent
  readonly #random: () => number

  constructor(options: CrowdOptions) {
    this.#options = options
    const connections = options.connections ?? 64
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
    this.#random = seededRandom(options.seed ?? 1)
  }

  /** Carries all wishes through, as many at a time as there are connections. @throws Error of one without an answer */
  async askAll(wishes: readonly Wish[], onAnswer?: (answered: number) => void): Promise<Granted[]> {
    const granted: Granted[] = []
    let next = 0
    const asker = async () => {
      for (let wish = wishes[next++]; wish !== undefined; wish = wishes[next++]) {
        granted.push(await this.ask(wish))
        onAnswer?.(granted.length)
      }
    }
    await Promise.all(Array.from({ length: this.#options.connections ?? 64 }, asker))
    return granted
  }

  /** @throws Error when there is no definite answer within the crowd's patience */
  async ask(wish: Wish): Promise<Granted> {
    const giveUpAt = performance.now() + PATIENCE_MS
    const cut: Cut | undefined = this.#random() < (this.#options.cuts ?? 0) ? 'after-write' : undefined
    let last = 'nothing'
    for (let tries = 1; performance.now() < giveUpAt; tries++) {
      const reply = await this.#exchange(wish, tries === 1 ? cut : undefined)
      if (reply !== undefined) {
        const body = parseJson(reply.text)
        last = `${reply.status} ${reply.text.slice(0, 200)}`
        const open = reply.status === 202 || reply.status === 503 || reply.status === 429
        if (!open) return { wish, status: reply.status, body: isRecord(body) ? body : {}, tries }
      }
      await pause(Math.min(400, 20 * 2 ** Math.min(tries, 5)) * (0.5 + this.#random() / 2))
    }
    throw new Error(`${wish.user} ${wish.key} has no definite answer, last was ${last}`)
  }

  close(): void {
    this.#agent.destroy()
  }

  async #exchange(wish: Wish, cut: Cut | undefined) {
    const { publicUrl, tokenOf } = this.#options
    try {
      return await exchange({
        agent: this.#agent,
        method: 'POST',
        url: `${publicUrl}/v1/campaigns/${wish.path}`,
        headers: {
          authorization: `Bearer ${tokenOf(wish.user)}`,
          'idempotency-key': wish.key,
          'content-type': 'application/json'
        },
        body: JSON.stringify(wish.body),
        deadlineMs: EXCHANGE_MS,
        ...(cut && { cut, cutAfterMs: this.#random() * 4 })
      })
    } catch (error) {
      if (error instanceof NoAnswerError) return undefined
      throw error
    }
  }
}
