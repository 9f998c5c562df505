import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import type { OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import { userOfKey } from '../../record/keys.ts'
import type { Difference } from '../../recovery/compare/compare.ts'
import {
  NotComparableError,
  type ReconcileParts,
  reconcile,
  reconcileStock,
  reconcileUsers,
  strangeUsers
} from '../../recovery/compare/reconcile.ts'
import { repairUsers } from '../../recovery/compare/repair.ts'
import type { UserCursor } from '../../store/projection/users.ts'
import {
  finishReconciliation,
  noteProgress,
  type ReconciliationRow,
  recordFound,
  takeReconciliation
} from '../../store/shard/reconciliations.ts'
import { requestReopening } from '../../store/shard/shards.ts'
import type { HoldDriver } from './holds.ts'

/** Stock and rules are compared after this many chunks of users. */
const STOCK_EVERY = 10
const REMEMBERED_MAX = 10_000

interface ReconcilerOptions {
  readonly scripts: OpeningScripts
  /** whether all users are compared at once, and their hashes written anew where they differ */
  readonly mends: boolean
  readonly logger: Logger
  readonly holds: HoldDriver
}

/** So many users whose hashes differ are no slip: all of Redis is written anew. */
const REPAIRED_MOST = 100
/** How long one step compares after Redis caught up. */
const MENDING_MS = 300

/**
 * Compares Redis with Postgres all the time at a low rate, a chunk of users a step, and as a whole when an operator asks.
 * Each difference is an alarm, once for each value. After Redis caught up, which leaves what it finds, all users are compared once
 * as fast as a part of a core can, and then the keys of Redis, for hashes of users whom nobody knows: hashes of users that differ are
 * written anew, and all of Redis where rules differ. At other times
 * nothing is repaired: people ask for that, by a reopening.
 */
export class Reconciler {
  readonly #parts: ReconcileParts
  readonly #scripts: OpeningScripts
  readonly #logger: Logger
  readonly #holds: HoldDriver
  readonly #reported = new Set<string>()
  #after: UserCursor | undefined
  /** until all users were compared once, and then all keys of Redis */
  #mends: boolean
  #keys: AsyncGenerator<readonly Difference[]> | undefined
  #repaired = 0
  #steps = 0
  #comparedAt = performance.now()

  constructor(parts: ReconcileParts, { scripts, mends, logger, holds }: ReconcilerOptions) {
    this.#parts = parts
    this.#scripts = scripts
    this.#mends = mends
    this.#logger = logger
    this.#holds = holds
  }

  /** When the last comparison ended, or when this reconciler started (performance.now()). */
  get comparedAt(): number {
    return this.#comparedAt
  }

  /** Whether it compares all users at once, after Redis caught up. */
  get isMending(): boolean {
    return this.#mends
  }

  /** @returns 0 where all users have been compared and nobody asks: until something is stored, that may be done more seldom */
  async step(): Promise<number> {
    try {
      const asked = await takeReconciliation(this.#parts.pool, this.#parts.shard)
      if (asked) await this.#whole(asked)
      else await this.#next()
      this.#comparedAt = performance.now()
      return asked || this.#mends || this.#after ? 1 : 0
    } catch (error) {
      if (!(error instanceof NotComparableError)) throw error
      return 1
    }
  }

  async #next(): Promise<void> {
    if (this.#keys) {
      await this.#nextKeys(this.#keys)
      return
    }
    const end = performance.now() + MENDING_MS
    let all = false
    do {
      const { differences, next } = await reconcileUsers(this.#parts, this.#after)
      this.#after = next
      this.#steps += 1
      all = next === undefined
      await this.#tell(differences)
      if (this.#mends) await this.#repair(differences)
    } while (this.#mends && !all && performance.now() < end)
    const lastOfMending = this.#mends && all
    if (this.#steps % STOCK_EVERY === 1 || lastOfMending || (await this.#holds.opensSoon())) await this.#stock()
    if (lastOfMending && this.#mends) this.#keys = strangeUsers(this.#parts)
  }

  async #nextKeys(keys: AsyncGenerator<readonly Difference[]>): Promise<void> {
    const end = performance.now() + MENDING_MS
    // where this fails the next step begins with all keys again
    this.#keys = strangeUsers(this.#parts)
    do {
      const { value, done } = await keys.next()
      if (done) {
        this.#keys = undefined
        this.#mends = false
        return
      }
      await this.#tell(value)
      await this.#repair(value)
    } while (this.#mends && performance.now() < end)
    this.#keys = this.#mends ? keys : undefined
  }

  async #repair(differences: readonly Difference[]): Promise<void> {
    const users = [...new Set(differences.flatMap(({ key }) => userOfKey(key) ?? []))]
    if (users.length === 0) return
    this.#repaired += users.length
    if (this.#repaired > REPAIRED_MOST) {
      await this.#rebuild(`${this.#repaired} users differ`)
      return
    }
    const left = await repairUsers(this.#parts, this.#scripts, users)
    this.#logger.warn({ repaired: users.length - left.length, left }, 'hashes of users were written anew')
  }

  async #rebuild(reason: string): Promise<void> {
    const { pool, shard } = this.#parts
    this.#logger.error({ reason }, 'Redis is written anew')
    this.#mends = false
    await requestReopening(pool, shard, { rebuild: true })
  }

  async #stock(): Promise<void> {
    const { differences } = await reconcileStock(this.#parts)
    await this.#tell(differences)
    await this.#holds.compared(differences)
    // the recovery compared all stock
    if (this.#mends && differences.length > 0) await this.#rebuild('rules differ')
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
