import type { Pool } from 'pg'
import { beginExpiry, expiriesOf } from '../../campaign/actions/expiring-points.ts'
import { type Catalogue, YOUNG_MS } from '../../campaign/carrying/catalogue.ts'

interface ExpiringParts {
  readonly pool: Pool
  readonly catalogue: Pick<Catalogue, 'refresh' | 'list'>
  /** the earliest of all shards' clocks, in ms since 1970: no decision from now on is older */
  readonly clock: () => Promise<number>
}

/** Begins a job when the moment comes at which a campaign says that what it gave expires; the job driver takes it from each user. */
export class PointsExpirer {
  readonly #parts: ExpiringParts
  /** what was begun, so that nobody asks for it each second */
  readonly #begun = new Set<string>()

  constructor(parts: ExpiringParts) {
    this.#parts = parts
  }

  /** @returns how many jobs were asked for @throws what Postgres and Redis throw */
  async step(): Promise<number> {
    const { pool, catalogue, clock } = this.#parts
    await catalogue.refresh(YOUNG_MS)
    const known = catalogue
      .list()
      .flatMap(({ id, rules }) =>
        expiriesOf(rules).map((asked) => ({ id, asked, name: `${id} ${asked.unit} ${asked.at}` }))
      )
    const left = known.filter(({ name }) => !this.#begun.has(name))
    if (left.length === 0) return 0
    const now = await clock()
    // what was earned in that millisecond is earned before
    const due = left.filter(({ asked }) => asked.at < now)
    for (const { id, asked, name } of due) {
      await beginExpiry(pool, id, asked)
      this.#begun.add(name)
    }
    return due.length
  }
}
