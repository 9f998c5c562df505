import type pg from 'pg'
import type { Logger } from 'pino'
import { fromStore } from '../../base/deadline.ts'
import { assignCodesOfAll, type CodeAssignment, codesOfAll } from '../../store/campaigns/codes.ts'
import { createSeldom } from '../running/seldom.ts'

/** Gives codes to the owner of a confirmed claim or a claimed win. */
export interface CodeAssigner {
  /**
   * The codes, the same each time. Empty while Postgres is away: the claim stands, and its owner sees them later, so this
   * never throws. They go to the caller's answer and nowhere else.
   */
  assign(assignment: CodeAssignment): Promise<readonly string[]>
  /** Codes that claims and wins have already, by their id. @throws UnavailableError */
  known(claims: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>
}

/** Claims in one statement: some 30 ms of work for Postgres. */
const CLAIMS_AT_ONCE = 100

interface Waiting {
  readonly assignment: CodeAssignment
  readonly resolve: (codes: readonly string[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Collects requests for codes while Postgres is busy. Without it, many claims at once would each need a statement and a
 * connection, and most would wait longer than an answer may take. The waiting time is bounded: a statement ends after some
 * seconds, and all requests that wait behind a failed one fail with it.
 */
class CodeQueue {
  readonly #pool: pg.Pool
  #waiting: Waiting[] = []
  #busy = false

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  /** @throws what Postgres throws; all that wait fail too, so that no request waits behind expired ones */
  ask(assignment: CodeAssignment): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ assignment, resolve, reject })
      if (!this.#busy) void this.#serve()
    })
  }

  async #serve(): Promise<void> {
    this.#busy = true
    // requests of this turn of the event loop share one statement
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, CLAIMS_AT_ONCE)
      const byClaim = new Map(batch.map(({ assignment }) => [assignment.claim, assignment]))
      try {
        const given = await assignCodesOfAll(this.#pool, [...byClaim.values()])
        for (const { assignment, resolve } of batch) resolve(given.get(assignment.claim) ?? [])
      } catch (error) {
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(error)
      }
    }
    this.#busy = false
  }
}

export function createCodeAssigner(pool: pg.Pool, logger: Logger): CodeAssigner {
  const queue = new CodeQueue(pool)
  const seldom = createSeldom()
  return {
    known: (claims) => fromStore(codesOfAll(pool, claims)),
    async assign(assignment) {
      try {
        return await fromStore(queue.ask(assignment))
      } catch (error) {
        const { claim, campaign, pool: name } = assignment
        seldom(`${campaign} ${name}`, (more) =>
          logger.warn({ err: error, claim, campaign, pool: name, more }, 'codes could not be assigned yet')
        )
        return []
      }
    }
  }
}
