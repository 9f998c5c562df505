import type { Pool } from 'pg'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import { levelScopeOf } from '../../campaign/parts/levels.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { areRecountsAsked, recountShares, takeRecounts } from '../../store/following/level-recounts.ts'
import { lockLevels } from '../../store/following/levels.ts'
import { noteReached } from '../following/levels.ts'

/** Users who are counted in one transaction, at most. */
const AT_ONCE = 128
/** The longest step, so that a worker can stop in time. */
const STEP_MS = 1000

interface RecountParts {
  readonly pool: Pool
  /** whose users are counted */
  readonly shard: number
  readonly catalogue: Pick<Catalogue, 'refresh' | 'get'>
}

/**
 * Counts what levels rest on that no decision of their user tells: visits, registrations, and what became of shares. Who was taken is
 * counted, and the level that follows is noted, in one transaction; so a worker that is killed leaves all of it or nothing.
 */
export class RecountDriver {
  readonly #parts: RecountParts

  constructor(parts: RecountParts) {
    this.#parts = parts
  }

  /** @returns the number of users who were counted */
  async step(): Promise<number> {
    const { pool, shard, catalogue } = this.#parts
    const until = performance.now() + STEP_MS
    if (!(await areRecountsAsked(pool, shard))) return 0
    await catalogue.refresh()
    let counted = 0
    for (;;) {
      const taken = await this.#recount()
      counted += taken
      if (taken === 0 || performance.now() > until) return counted
    }
  }

  #recount(): Promise<number> {
    const { pool, shard, catalogue } = this.#parts
    return inTransaction(pool, async (session) => {
      await lockLevels(session, shard)
      const sharers = await takeRecounts(session, { shard, most: AT_ONCE })
      for (const campaign of new Set(sharers.map((sharer) => sharer.campaign))) {
        const rules = catalogue.get(campaign)?.rules
        if (rules === undefined) continue
        const place = { campaign, scope: levelScopeOf(rules) }
        const users = sharers.filter((sharer) => sharer.campaign === campaign).map(({ user }) => user)
        await noteReached(session, rules, await recountShares(session, place, users))
      }
      return sharers.length
    })
  }
}
