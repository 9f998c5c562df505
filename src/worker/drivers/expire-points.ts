import type { Pool } from 'pg'
import { beginExpiries, expiriesOf } from '../../campaign/actions/expiring-points.ts'
import { type Catalogue, YOUNG_MS } from '../../campaign/carrying/catalogue.ts'

interface ExpiringParts {
  readonly pool: Pool
  readonly catalogue: Pick<Catalogue, 'refresh' | 'list'>
  /** the earliest of all shards' clocks, in ms since 1970: no decision from now on is older */
  readonly clock: () => Promise<number>
  /** a time that only rises, in ms */
  readonly now?: () => number
}

/** How long it is believed that what was begun is known to Postgres: one that goes back to a backup may lose it. */
const BELIEVED_MS = 60_000

/** Begins a job when the moment comes at which a campaign says that what it gave expires; the job driver takes it from each user. */
export class PointsExpirer {
  readonly #parts: ExpiringParts
  readonly #now: () => number
  /** what was begun, so that nobody asks for it each second */
  readonly #begun = new Set<string>()
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(parts: ExpiringParts) {
    this.#parts = parts
    this.#now = parts.now ?? (() => performance.now())
  }

  /** @returns how many jobs were begun @throws what Postgres and Redis throw */
  async step(): Promise<number> {
    const { pool, catalogue, clock } = this.#parts
    await catalogue.refresh(YOUNG_MS)
    if (this.#now() - this.#lookedAt >= BELIEVED_MS) {
      this.#begun.clear()
      this.#lookedAt = this.#now()
    }
    const known = catalogue
      .list()
      .flatMap(({ id: campaign, rules }) =>
        expiriesOf(rules).map((asked) => ({ campaign, asked, name: `${campaign} ${asked.unit} ${asked.at}` }))
      )
    const left = known.filter(({ name }) => !this.#begun.has(name))
    if (left.length === 0) return 0
    const now = await clock()
    // what was earned in that millisecond is earned before
    const due = left.filter(({ asked }) => asked.at < now)
    if (due.length === 0) return 0
    const begun = await beginExpiries(
      pool,
      due.map(({ campaign, asked }) => ({ campaign, asked }))
    )
    for (const { name } of due) this.#begun.add(name)
    return begun
  }
}
