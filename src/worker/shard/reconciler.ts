import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import type { Difference } from '../../recovery/compare/compare.ts'
import {
  NotComparableError,
  type ReconcileParts,
  reconcile,
  reconcileStock,
  reconcileUsers
} from '../../recovery/compare/reconcile.ts'
import {
  finishReconciliation,
  noteProgress,
  type ReconciliationRow,
  recordFound,
  takeReconciliation
} from '../../store/shard/reconciliations.ts'
import type { HoldDriver } from './holds.ts'

/** Stock and rules are compared after this many chunks of users. */
const STOCK_EVERY = 10
const REMEMBERED_MAX = 10_000

/**
 * Compares Redis with Postgres all the time at a low rate, a chunk of users a step, and as a whole when an operator asks.
 * Each difference is an alarm, once for each value. It never repairs one: a repair is a reopening, which people ask for.
 */
export class Reconciler {
  readonly #parts: ReconcileParts
  readonly #logger: Logger
  readonly #holds: HoldDriver
  readonly #reported = new Set<string>()
  #after = ''
  #steps = 0
  #comparedAt = performance.now()

  constructor(parts: ReconcileParts, { logger, holds }: { logger: Logger; holds: HoldDriver }) {
    this.#parts = parts
    this.#logger = logger
    this.#holds = holds
  }

  /** When the last comparison ended, or when this reconciler started (performance.now()). */
  get comparedAt(): number {
    return this.#comparedAt
  }

  async step(): Promise<void> {
    try {
      const asked = await takeReconciliation(this.#parts.pool, this.#parts.shard)
      if (asked) await this.#whole(asked)
      else await this.#next()
      this.#comparedAt = performance.now()
    } catch (error) {
      if (!(error instanceof NotComparableError)) throw error
    }
  }

  async #next(): Promise<void> {
    const { differences, last } = await reconcileUsers(this.#parts, this.#after)
    this.#after = last
    this.#steps += 1
    await this.#tell(differences)
    if (this.#steps % STOCK_EVERY === 1 || (await this.#holds.opensSoon())) await this.#stock()
  }

  async #stock(): Promise<void> {
    const { differences } = await reconcileStock(this.#parts)
    await this.#tell(differences)
    await this.#holds.compared(differences)
  }

  async #whole(asked: ReconciliationRow): Promise<void> {
    const { pool } = this.#parts
    try {
      let noted = 0
      const result = await reconcile(this.#parts, (users) => {
        if (users - noted < 1000) return
        noted = users
        noteProgress(pool, asked.id, users).catch(() => {})
      })
      await finishReconciliation(pool, asked.id, { result })
      await this.#tell(result.differences)
    } catch (error) {
      // a shard that is being opened is compared once it is open; any other error ends this comparison and is its reason
      if (error instanceof NotComparableError) throw error
      await finishReconciliation(pool, asked.id, { failure: messageOf(error) })
    }
  }

  async #tell(differences: readonly Difference[]): Promise<void> {
    const fresh = differences.filter((one) => !this.#reported.has(nameOf(one)))
    if (fresh.length === 0) return
    if (this.#reported.size > REMEMBERED_MAX) this.#reported.clear()
    for (const one of fresh) this.#reported.add(nameOf(one))
    this.#logger.error(
      { alarm: 'DIFFERENCE', count: fresh.length, first: fresh.slice(0, 5) },
      'Redis, journal and Postgres differ; see the reconciliations of this shard'
    )
    await recordFound(this.#parts.pool, this.#parts.shard, { differences: fresh })
  }
}

const nameOf = ({ key, field, expected, found }: Difference): string => `${key} ${field} ${expected} ${found}`
