import { ReadError } from './outcome.ts'
import type { ProblemCode } from './problems.ts'
import { type Patience, patienceFor } from './retry.ts'
import { type Call, exchange, type Reply, type Settings, tokenFrom } from './transport.ts'

/** Codes after which the same request may soon be answered otherwise: nothing stands against it but the moment. */
export const PASSING: ReadonlySet<ProblemCode> = new Set(['RATE_LIMITED', 'UNAVAILABLE', 'UNKNOWN_OUTCOME'])

/** Sends the requests of one user, with another token when theirs is refused. */
export class Sender {
  readonly settings: Settings
  #token: string | undefined
  #asking: Promise<string | undefined> | undefined

  constructor(settings: Settings) {
    this.settings = settings
  }

  /** One request; if its token is refused, a second one with another token. Never throws. */
  async send(call: Call, patience: Patience): Promise<Reply> {
    try {
      this.#token ??= await this.#ask(undefined)
    } catch {
      return { kind: 'broken', sent: false }
    }
    const token = this.#token
    const reply = await exchange(this.settings, call, { token, ms: patience.attemptMs })
    if (reply.kind !== 'problem' || reply.problem.code !== 'UNAUTHENTICATED') return reply
    try {
      // another request of this client may have got a new one meanwhile
      if (this.#token === token) this.#token = await this.#ask(token)
    } catch {
      return { kind: 'broken', sent: false }
    }
    if (this.#token === token) return reply
    return await exchange(this.settings, call, { token: this.#token, ms: patience.attemptMs })
  }

  /** Asks once for all requests that wait for a token. */
  #ask(rejected: string | undefined): Promise<string | undefined> {
    this.#asking ??= tokenFrom(this.settings.token, rejected).finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /**
   * What is at a path. Asks again, until the deadline, while nobody answers.
   * @throws ReadError
   */
  async read<Body>(path: string, options: { deadlineMs?: number; signal?: AbortSignal } = {}): Promise<Body> {
    const patience = patienceFor(this.settings, options)
    for (;;) {
      const reply = await this.send({ method: 'GET', path, signal: options.signal }, patience)
      if (reply.kind === 'body') return reply.body as Body
      const problem = reply.kind === 'problem' ? reply.problem : undefined
      const passes = problem === undefined || PASSING.has(problem.code)
      const askedMs = reply.kind === 'problem' ? reply.askedMs : undefined
      if (!passes || !(await patience.again(askedMs))) throw new ReadError(path, problem)
    }
  }
}
