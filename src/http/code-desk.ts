import type pg from 'pg'
import type { Logger } from 'pino'
import { assignCodes, type CodeAssignment, codesOfAll } from '../store/codes.ts'
import { fromStore } from './order-directory.ts'

/** Hands codes to the owner of a confirmed claim or a claimed win. */
export interface CodeDesk {
  /**
   * The codes, the same each time. None while Postgres is away: the claim stands all the same, and its owner sees them
   * later; so this never throws. They go to the caller's answer and nowhere else.
   */
  assign(assignment: CodeAssignment): Promise<readonly string[]>
  /** Codes that claims and wins have already, by their id. @throws UnavailableError */
  known(claims: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>
}

export function createCodeDesk(pool: pg.Pool, logger: Logger): CodeDesk {
  return {
    known: (claims) => fromStore(codesOfAll(pool, claims)),
    async assign(assignment) {
      try {
        return await fromStore(assignCodes(pool, assignment))
      } catch (error) {
        const { claim, campaign, pool: name } = assignment
        logger.warn({ err: error, claim, campaign, pool: name }, 'codes could not be assigned yet')
        return []
      }
    }
  }
}
