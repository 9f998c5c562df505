import { createHmac } from 'node:crypto'
import type pg from 'pg'
import type { Logger } from 'pino'
import { type VerifiedShare, verifyAndCredit } from '../../campaign/actions/verify-shares.ts'
import { readSecret } from '../../store/connection/secrets.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { askRecounts } from '../../store/following/level-recounts.ts'
import { noteVisits } from '../../store/shares/visits.ts'

/** A look at a share. */
interface SeenShare {
  readonly share: string
  readonly campaign: string
  /** the user, or address and browser with the local day; '' for a program */
  readonly by: string
  /** null for somebody who is not signed in */
  readonly user: string | null
  /** whether levels rest on shares */
  readonly forLevels: boolean
  /** ms since 1970 */
  readonly at: number
  /** what the look proves; undefined where it proves nothing */
  readonly verifies?: VerifiedShare | undefined
}

interface Waiting extends SeenShare {
  readonly times: number
  readonly lastAt: number
}

const EVERY_MS = 250
/** The most visitors in a statement: with one in flight, 2,000 a second for each process. */
const AT_ONCE = 500
/** The most visitors that wait, so that a crowd without tokens does not fill the memory while Postgres is away. */
const MOST = 20_000
const SECRET = 'share-visitors'

interface CounterParts {
  readonly pool: pg.Pool
  readonly logger: Logger
}

/**
 * Counts looks at shares. They are put together by visitor and written a few times a second, because a share that everybody looks at must
 * not cost a write for each. What was not written when a process is killed was not counted.
 */
export class VisitCounter {
  readonly #parts: CounterParts
  #waiting = new Map<string, Waiting>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #secret: Buffer | undefined
  #isClosed = false

  constructor(parts: CounterParts) {
    this.#parts = parts
  }

  note(seen: SeenShare): void {
    this.#add({ ...seen, times: 1, lastAt: seen.at })
    this.#timer ??= setTimeout(() => this.#write(), EVERY_MS).unref()
  }

  /** Writes what waits; what cannot be written is lost. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#writing
    while (this.#waiting.size > 0) {
      const before = this.#waiting.size
      await this.#writeOnce()
      if (this.#waiting.size >= before) return
    }
  }

  #add(seen: Waiting): void {
    const name = `${seen.share} ${seen.by}`
    const known = this.#waiting.get(name)
    if (known === undefined && this.#waiting.size >= MOST) return
    const times = (known?.times ?? 0) + seen.times
    const at = Math.min(known?.at ?? seen.at, seen.at)
    const lastAt = Math.max(known?.lastAt ?? seen.lastAt, seen.lastAt)
    this.#waiting.set(name, { ...seen, verifies: known?.verifies ?? seen.verifies, times, at, lastAt })
  }

  #write(): void {
    this.#writing = this.#writeOnce().then(() => {
      this.#timer =
        this.#waiting.size === 0 || this.#isClosed ? undefined : setTimeout(() => this.#write(), EVERY_MS).unref()
    })
  }

  async #writeOnce(): Promise<void> {
    const batch = [...this.#waiting].slice(0, AT_ONCE)
    for (const [name] of batch) this.#waiting.delete(name)
    const seen = batch.map(([, each]) => each)
    try {
      await this.#store(seen)
    } catch (error) {
      for (const each of seen) this.#add(each)
      this.#parts.logger.warn({ err: error, visitors: seen.length }, 'visits of shares could not be counted yet')
    }
  }

  async #store(seen: readonly Waiting[]): Promise<void> {
    const { pool } = this.#parts
    this.#secret ??= await readSecret(pool, SECRET)
    const secret = this.#secret
    const digest = (text: string) => createHmac('sha256', secret).update(text).digest('base64url').slice(0, 22)
    const visits = seen.map(({ share, campaign, by, user, times, at, lastAt }) => ({
      share,
      campaign,
      // of this share, so that nobody is followed from one share to another
      visitor: by === '' ? '' : digest(`${share} ${by}`),
      user,
      times,
      firstAt: at,
      lastAt
    }))
    await inTransaction(pool, async (session) => {
      const clicked = await noteVisits(session, visits)
      await askRecounts(
        session,
        seen.flatMap(({ share, forLevels }) => (forLevels && clicked.has(share) ? share : []))
      )
      await verifyAndCredit(
        session,
        seen.flatMap(({ verifies }) => verifies ?? [])
      )
    })
  }
}
