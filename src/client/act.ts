import type { Outcome, Refused, Unknown } from './outcome.ts'
import type { Problem } from './problems.ts'
import { type Patience, patienceFor } from './retry.ts'
import { PASSING, type Sender } from './sender.ts'
import type { Call, Reply } from './transport.ts'

/** What every act takes beside what it is about. */
export interface Way {
  /** of an intention, the same one for each attempt at it: 8 to 128 visible ASCII characters; a new one is made where it is absent */
  key?: string
  /** gives up waiting; what was sent may be done all the same */
  signal?: AbortSignal
  /** how long to go on trying, in ms */
  deadlineMs?: number
}

type Found = Extract<Reply, { kind: 'body' }>

function refusedBy(key: string, problem: Problem): Refused {
  return { outcome: 'refused', code: problem.code, key, problem } as Refused
}

/** One intention on its way: the same key until its outcome is known or time is up. */
class Intention<Shown> {
  readonly #sender: Sender
  readonly #patience: Patience
  readonly #post: Call
  readonly #status: Call
  readonly #key: string
  #next: Call
  /** an earlier request may have been decided */
  #doubt: boolean
  #pending = false
  /** what says no, once nothing is in doubt */
  #refusal: Problem | undefined
  /** what says "not now" */
  #passing: Problem | undefined

  /** @param wish.isKnown whether the caller has the key: an act before this one may have sent it */
  constructor(sender: Sender, patience: Patience, wish: Call & { readonly key: string; readonly isKnown: boolean }) {
    const { key, isKnown, ...post } = wish
    this.#sender = sender
    this.#patience = patience
    this.#key = key
    this.#doubt = isKnown
    this.#post = { ...post, key }
    this.#status = { method: 'GET', path: `/v1/requests/${encodeURIComponent(key)}`, signal: post.signal }
    this.#next = this.#post
  }

  async run(): Promise<Outcome<Shown>> {
    while (!this.#patience.aborted) {
      const before = this.#next
      const reply = await this.#sender.send(before, this.#patience)
      const end = this.#endOf(reply)
      if (end !== undefined) return end
      // who asks elsewhere because of a refusal need not wait
      const waits = before === this.#next || this.#pending
      const askedMs = reply.kind === 'broken' ? undefined : reply.askedMs
      if (waits && !(await this.#patience.again(askedMs))) break
    }
    return this.#unknown(this.#patience.aborted ? 'aborted' : this.#pending ? 'pending' : 'unreachable')
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
export async function act<Shown>(
  sender: Sender,
  path: string,
  wish: { body: object; way: Way }
): Promise<Outcome<Shown>> {
  const { key = crypto.randomUUID(), signal } = wish.way
  if (!/^[\x21-\x7e]{8,128}$/.test(key)) throw new TypeError('A key has 8 to 128 visible ASCII characters.')
  const isKnown = wish.way.key !== undefined
  const post = { method: 'POST', path, key, body: wish.body, signal, isKnown } as const
  return await new Intention<Shown>(sender, patienceFor(sender.settings, wish.way), post).run()
}
