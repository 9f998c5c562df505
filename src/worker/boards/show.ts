import type { Pool } from 'pg'
import { type BoardStand, encodeStand } from '../../gate/boards/board-place.ts'
import type { BoardWriter, NewRanks } from '../../gate/boards/board-writer.ts'
import {
  type ChangesPlace,
  changedScores,
  findPeriod,
  frozenAmong,
  openPeriods,
  type Period,
  type PeriodPlace
} from '../../store/boards/periods.ts'

/** Users in one transaction of Redis: it takes about a millisecond, in which the gate waits. */
const AT_ONCE = 500
/** How long what Redis was seen to hold is believed: it may be emptied at any moment. */
const BELIEVED_MS = 1000
/** The longest step, so that a worker can stop in time: many users take many steps. */
const STEP_MS = 1000
const BEGIN: ChangesPlace = { version: 0, user: '' }

const nameOf = ({ campaign, board, period }: PeriodPlace) => `${campaign} ${board} ${period}`

/** Where the changes begin that a stand lacks. */
function after({ version, user }: Pick<BoardStand, 'version' | 'user'>): ChangesPlace {
  return user === '' ? { version: version + 1, user: '' } : { version, user }
}

/** Whether the ranks in Redis can be brought on: they are of the same counting, and not ahead of it. */
function isEarlier(stand: BoardStand, { token, version }: Period): boolean {
  return stand.token === token && stand.version <= version
}

const standOf = ({ token, version, asOf }: Period): BoardStand => ({ token, version, user: '', asOf })

/** Brings the ranks in Redis to what Postgres says, again and again; ranks that are lost or of another counting are written anew. */
export class BoardKeeper {
  readonly #pool: Pool
  readonly #writer: BoardWriter
  /** what Redis held when it was asked, by period */
  readonly #seen = new Map<string, { readonly place: PeriodPlace; readonly stand: string; readonly at: number }>()
  /** ranks that are being written anew, by period */
  readonly #anew = new Map<string, { readonly token: string; place: ChangesPlace; readonly ranks: NewRanks }>()

  constructor(pool: Pool, writer: BoardWriter) {
    this.#pool = pool
    this.#writer = writer
  }

  /**
   * @returns the number of periods that are shown
   * @throws what Postgres and Redis throw: the next step goes on
   */
  async step(): Promise<number> {
    const until = performance.now() + STEP_MS
    const periods = await openPeriods(this.#pool)
    await this.#dropFrozen(periods)
    // ranks that are written anew take long: all others come first
    const isNew = (period: Period) => Number(this.#anew.has(nameOf(period)))
    for (const period of periods.toSorted((a, b) => isNew(a) - isNew(b))) await this.#keep(period, until)
    return periods.length
  }

  /** The ranks of a frozen period are in Postgres. */
  async #dropFrozen(open: readonly Period[]): Promise<void> {
    const names = new Set(open.map(nameOf))
    const gone = [...this.#seen].filter(([name]) => !names.has(name)).map(([, { place }]) => place)
    if (gone.length === 0) return
    for (const period of await frozenAmong(this.#pool, gone)) await this.#writer.drop(period)
    for (const period of gone) {
      this.#seen.delete(nameOf(period))
      this.#anew.delete(nameOf(period))
    }
  }

  async #keep(period: Period, until: number): Promise<void> {
    const name = nameOf(period)
    const wanted = standOf(period)
    const seen = this.#seen.get(name)
    const isBelieved = seen !== undefined && performance.now() - seen.at < BELIEVED_MS
    if (isBelieved && seen.stand === encodeStand(wanted)) return
    const stand = await this.#writer.stand(period)
    const isCarriedOn = stand !== undefined && isEarlier(stand, period)
    if (stand !== undefined && !isCarriedOn) {
      // another worker may have brought them on since this period was read
      const read = await findPeriod(this.#pool, period)
      if (read === undefined || isEarlier(stand, read)) return
    }
    const isDone = isCarriedOn ? await this.#advance(period, stand, until) : await this.#writeAnew(period, until)
    if (isDone) this.#seen.set(name, { place: period, stand: encodeStand(wanted), at: performance.now() })
  }

  /** @returns whether the ranks stand for the period now */
  async #advance(period: Period, from: BoardStand, until: number): Promise<boolean> {
    this.#anew.delete(nameOf(period))
    let stand = from
    while (performance.now() < until) {
      const page = await this.#read(period, after(stand))
      const to = page.isLast ? { ...standOf(period), version: page.version } : { ...stand, ...page.last }
      // false where another worker brings the same ranks on
      if (!(await this.#writer.advance(period, { from: stand, to, users: page.rows })) || page.isLast)
        return page.isLast
      stand = to
    }
    return false
  }

  /** Goes on with ranks that are written anew. What changes meanwhile comes again with a higher version, so nobody is missing at the end. */
  async #writeAnew(period: Period, until: number): Promise<boolean> {
    const name = nameOf(period)
    const known = this.#anew.get(name)
    const begun =
      known?.token === period.token
        ? known
        : { token: period.token, place: BEGIN, ranks: this.#writer.startAnew(period) }
    this.#anew.set(name, begun)
    while (performance.now() < until) {
      const page = await this.#read(period, begun.place)
      await begun.ranks.write(page.rows).catch((error: unknown) => {
        // what Redis has of it is not known
        this.#anew.delete(name)
        throw error
      })
      begun.place = page.last
      if (!page.isLast) continue
      this.#anew.delete(name)
      await begun.ranks.show({ ...standOf(period), version: page.version })
      return true
    }
    return false
  }

  /** The next users that changed, where to go on, and the version that is reached with the last of them. */
  async #read(period: Period, place: ChangesPlace) {
    const { rows, last = place } = await changedScores(this.#pool, period, { after: place, limit: AT_ONCE })
    return { rows, last, isLast: rows.length < AT_ONCE, version: Math.max(period.version, last.version) }
  }
}
