import type { Outcome, Refused, Unknown } from './outcome.ts'
import type { Problem } from './problems.ts'
import { type Patience, patienceFor } from './retry.ts'
import { PASSING, type Sender } from './sender.ts'
import { getTicket, type TicketPlace } from './tickets.ts'
import type { Call, Reply } from './transport.ts'

/** What every act takes beside what it is about. */
export interface Way {
  /** of an intention, the same one for each attempt at it: 8 to 128 visible ASCII characters; a new one is made where it is absent */
  key?: string
  /** gives up waiting; what was sent may be done all the same */
  signal?: AbortSignal
  /** how long to go on trying, in ms */
  deadlineMs?: number
  /** got before, for this key; where one is needed and absent, the act gets it by itself */
  ticket?: string
  /** hears that the device begins to compute for a ticket, for a quarter of a second or some */
  onWork?: () => void
}

/** An act at its path, with its way. */
interface Wish {
  readonly body: object
  readonly way: Way
  /** where it gets a ticket, if it may need one */
  readonly tickets?: TicketPlace
}

type Found = Extract<Reply, { kind: 'body' }>

/** A key of an intention; `crypto.randomUUID` is missing on pages that come over plain http, as a phone has them from a computer beside it. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function refusedBy(key: string, problem: Problem): Refused {
  return { outcome: 'refused', code: problem.code, key, problem } as Refused
}

/** One intention on its way: the same key until its outcome is known or time is up. */
class Intention<Shown> {
  readonly #sender: Sender
  readonly #patience: Patience
  #post: Call
  readonly #status: Call
  readonly #key: string
  #next: Call
  /** an earlier request may have been decided */
  #doubt: boolean
  #pending = false
  readonly #onWork: (() => void) | undefined
  /** undefined once a ticket was asked for: one is enough */
  #tickets: TicketPlace | undefined
  /** what says no, once nothing is in doubt */
  #refusal: Problem | undefined
  /** what says "not now" */
  #passing: Problem | undefined

  constructor(sender: Sender, path: string, { body, way, tickets }: Wish) {
    const { key = newKey(), signal, ticket, onWork } = way
    if (!/^[\x21-\x7e]{8,128}$/.test(key)) throw new TypeError('A key has 8 to 128 visible ASCII characters.')
    this.#sender = sender
    this.#patience = patienceFor(sender.settings, way)
    this.#key = key
    // an act before this one may have sent a key that the caller has
    this.#doubt = way.key !== undefined
    this.#tickets = tickets
    this.#onWork = onWork
    this.#post = { method: 'POST', path, key, ticket, body, signal }
    this.#status = { method: 'GET', path: `/v1/requests/${encodeURIComponent(key)}`, signal }
    this.#next = this.#post
  }

  async run(): Promise<Outcome<Shown>> {
    while (!this.#patience.aborted) {
      const before = this.#next
      const reply = await this.#sender.send(before, this.#patience)
      const end = this.#needsTicket(reply) ? await this.#takeTicket(reply.problem) : this.#endOf(reply)
      if (end === 'again') continue
      if (end !== undefined) return end
      // who asks elsewhere because of a refusal need not wait
      const waits = before === this.#next || this.#pending
      const askedMs = reply.kind === 'broken' ? undefined : reply.askedMs
      if (waits && !(await this.#patience.again(askedMs))) break
    }
    return this.#unknown(this.#patience.aborted ? 'aborted' : this.#pending ? 'pending' : 'unreachable')
  }

  #needsTicket(reply: Reply): reply is Extract<Reply, { kind: 'problem' }> {
    return (
      this.#tickets !== undefined &&
      this.#next === this.#post &&
      reply.kind === 'problem' &&
      (reply.problem.code === 'TICKET_REQUIRED' || reply.problem.code === 'TICKET_INVALID')
    )
  }

  /** Gets a ticket for the next request; ends with what refuses it, or with `problem` where none can be had in time. */
  async #takeTicket(problem: Problem): Promise<Outcome<Shown> | 'again' | undefined> {
    const place = this.#tickets as TicketPlace
    this.#tickets = undefined
    const { signal } = this.#post
    const wish = { ...place, key: this.#key, signal, onWork: this.#onWork }
    const got = await getTicket(this.#sender, this.#patience, wish)
    if (got.body === undefined) return this.#endOfPost(got.problem ?? problem)
    this.#post = { ...this.#post, ticket: got.body.ticket }
    this.#next = this.#post
    return 'again'
  }

  #endOf(reply: Reply): Outcome<Shown> | undefined {
    if (reply.kind === 'body') return this.#endOfBody(reply)
    if (reply.kind === 'broken') {
      this.#doubt ||= reply.sent
      return undefined
    }
    return this.#next === this.#post ? this.#endOfPost(reply.problem) : this.#endOfStatus(reply.problem)
  }

  #endOfBody({ body, status, replayed }: Found): Outcome<Shown> | undefined {
    const outcome = 'outcome' in body ? body.outcome : undefined
    if (outcome === 'confirmed') return { ...body, replayed: replayed || status === 200 } as Outcome<Shown>
    this.#doubt = true
    if (outcome !== 'pending') return undefined
    this.#pending = true
    this.#refusal = undefined
    this.#next = this.#status
    return undefined
  }

  #endOfPost(problem: Problem): Outcome<Shown> | undefined {
    if (problem.code === 'UNKNOWN_OUTCOME') this.#doubt = true
    if (PASSING.has(problem.code)) {
      this.#passing = problem
      return undefined
    }
    // what stands under the key is something else, so this was never decided; its status would be that of the other
    if (!this.#doubt || problem.code === 'KEY_REUSED') return refusedBy(this.#key, problem)
    // an earlier request may have been decided before this one was refused; the status knows
    this.#refusal = problem
    this.#next = this.#status
    return undefined
  }

  #endOfStatus({ code }: Problem): Outcome<Shown> | undefined {
    if (code === 'UNAUTHENTICATED') return this.#unknown('unauthenticated')
    if (code !== 'NOT_FOUND') return undefined
    if (this.#refusal !== undefined) return refusedBy(this.#key, this.#refusal)
    // no decision stands: what was pending is lost, so it has to be sent again
    this.#doubt = false
    this.#pending = false
    this.#next = this.#post
    return undefined
  }

  #unknown(reason: Unknown['reason']): Outcome<Shown> {
    // nothing was done if every request was turned away
    if (!this.#doubt && this.#passing !== undefined) return refusedBy(this.#key, this.#passing)
    return { outcome: 'unknown', key: this.#key, reason }
  }
}

/**
 * Carries an intention out, at most once, and tells how it ended; never throws for what happens on the way.
 * @throws TypeError for a key that no server takes
 */
export async function act<Shown>(sender: Sender, path: string, wish: Wish): Promise<Outcome<Shown>> {
  return await new Intention<Shown>(sender, path, wish).run()
}
