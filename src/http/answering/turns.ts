import type { FastifyReply } from 'fastify'
import { UnavailableError } from '../../base/errors.ts'
import { ProblemError } from '../problems/problems.ts'

interface TurnLimits {
  /** running in parallel: for one user, for all together */
  readonly perUser: number
  readonly inAll: number
  /** waiting: for one user, for all together */
  readonly waitingPerUser: number
  readonly waitingInAll: number
  readonly waitMs: number
}

interface Waiting {
  readonly user: string
  readonly begin: () => void
}

const AGAIN_MS = 500

/**
 * Bounds the work for signed-in users that runs in parallel, for each user and for all together, so that a user who sends
 * requests without waiting for answers delays only their own. A caller who has disconnected meanwhile costs nothing more.
 */
export class Turns {
  readonly #limits: TurnLimits
  readonly #running = new Map<string, number>()
  readonly #waitingOf = new Map<string, number>()
  readonly #waiting = new Set<Waiting>()
  #total = 0

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  /**
   * Does the work when it is this user's turn.
   * @throws ProblemError RATE_LIMITED when too many requests of this user wait; UnavailableError when too many wait in all,
   *   the wait took too long, or the caller has disconnected; what the work throws
   */
  async take<Result>(reply: FastifyReply, user: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#mayBegin(user)) this.#begin(user)
    else await this.#wait(reply, user)
    try {
      if (reply.raw.destroyed) throw gone()
      return await work()
    } finally {
      this.#end(user)
    }
  }

  #mayBegin(user: string): boolean {
    const { perUser, inAll } = this.#limits
    return this.#total < inAll && (this.#running.get(user) ?? 0) < perUser
  }

  #begin(user: string): void {
    this.#total += 1
    add(this.#running, user, 1)
  }

  #end(user: string): void {
    this.#total -= 1
    add(this.#running, user, -1)
    for (const next of this.#waiting) {
      if (this.#mayBegin(next.user)) next.begin()
      if (this.#total >= this.#limits.inAll) return
    }
  }

  #wait(reply: FastifyReply, user: string): Promise<void> {
    const { waitingPerUser, waitingInAll, waitMs } = this.#limits
    if ((this.#waitingOf.get(user) ?? 0) >= waitingPerUser) {
      throw new ProblemError('RATE_LIMITED', { scope: 'user', retryAfterMs: AGAIN_MS })
    }
    if (this.#waiting.size >= waitingInAll) throw new UnavailableError('too many requests wait')
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer)
        reply.raw.off('close', onClose)
        this.#waiting.delete(entry)
        add(this.#waitingOf, user, -1)
      }
      const fail = (error: Error) => (): void => {
        leave()
        reject(error)
      }
      const entry: Waiting = {
        user,
        begin: () => {
          leave()
          this.#begin(user)
          resolve()
        }
      }
      const onClose = fail(gone())
      const timer = setTimeout(fail(new UnavailableError('others were asked first for too long')), waitMs)
      reply.raw.on('close', onClose)
      this.#waiting.add(entry)
      add(this.#waitingOf, user, 1)
    })
  }
}

function gone(): UnavailableError {
  return new UnavailableError('nobody waits for the answer any more')
}

/** Adds to a count; deletes it at zero. */
function add(counts: Map<string, number>, user: string, delta: number): void {
  const count = (counts.get(user) ?? 0) + delta
  if (count > 0) counts.set(user, count)
  else counts.delete(user)
}

/** Limits of reads in a gateway process: some dozens of ms of work at once, with ten connections to Postgres. */
export const readingLimits: TurnLimits = {
  perUser: 2,
  inAll: 32,
  waitingPerUser: 16,
  waitingInAll: 1000,
  waitMs: 700
}

/** Limits of win claims: one after the other for each user. */
export const claimingLimits: TurnLimits = { ...readingLimits, perUser: 1, waitingPerUser: 4 }
