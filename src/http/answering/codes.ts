import type pg from 'pg'
import type { Logger } from 'pino'
import { fromStore } from '../../base/deadline.ts'
import { assignCodesOfAll, type CodeAssignment, codesOfAll } from '../../store/campaigns/codes.ts'
import { createSeldom } from '../running/seldom.ts'

/** Hands codes to the owner of a confirmed claim or a claimed win. */
export interface CodeAssigner {
  /**
   * The codes, the same each time. None while Postgres is away: the claim stands all the same, and its owner sees them
   * later; so this never throws. They go to the caller's answer and nowhere else.
   */
  assign(assignment: CodeAssignment): Promise<readonly string[]>
  /** Codes that claims and wins have already, by their id. @throws UnavailableError */
  known(claims: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>
}

/** Claims that one statement serves: some 30 ms of work for Postgres. */
const CLAIMS_AT_ONCE = 100

interface Waiting {
  readonly assignment: CodeAssignment
  readonly resolve: (codes: readonly string[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Gathers what is asked for while Postgres is busy: a crowd that claims at once would wait for one statement and one
 * connection each, and most of them longer than an answer may take. What waits is bounded by time: a statement ends after
 * some seconds, and who waits for one that failed fails with it.
 */
class CodeQueue {
  readonly #pool: pg.Pool
  #waiting: Waiting[] = []
  #busy = false

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  /** @throws what Postgres says; then all that wait fail with it, so that nobody waits behind those who gave up */
  ask(assignment: CodeAssignment): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ assignment, resolve, reject })
      if (!this.#busy) void this.#serve()
    })
  }

  async #serve(): Promise<void> {
    this.#busy = true
    // what arrives in this turn of the event loop goes together
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
