import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import type { BoardReader, RankedUser } from '../../gate/boards/board-reader.ts'
import { findPeriod, type Period, type PeriodPlace } from '../../store/boards/periods.ts'
import { frozenRankOf, frozenRanks } from '../../store/boards/ranks.ts'
import { AnonymousReads } from '../running/anonymous-reads.ts'

/** The first users of a period. */
export interface FoundBoard {
  /** undefined for a period in which nobody has a score yet */
  readonly period: Period | undefined
  /** ms since 1970: all that was decided until then is counted; undefined with `period` */
  readonly asOf: number | undefined
  readonly users: readonly RankedUser[]
}

/** A user's own place: those around him, himself among them; none where he has no rank. */
export type Around = readonly RankedUser[]

const MOST = 100
const NEIGHBOURS = 2

const READS = { keepMs: 1000, most: 1000, perSecond: 50, atOnce: 4 }

interface BoardSources {
  readonly pool: pg.Pool
  readonly boards: BoardReader
  /** ms since 1970 */
  readonly now: () => number
}

/** A read that failed is remembered as one: what was known before is not shown, because nobody could tell how old it is. */
type Read = { readonly found: FoundBoard } | { readonly error: unknown }

/** Finds the order of leaderboards: in Redis while it counts, in Postgres once it is frozen. The methods throw UnavailableError. */
export function createBoardFinder({ pool, boards, now }: BoardSources) {
  const reads = new AnonymousReads<Read>({ ...READS, now })

  async function readTop(place: PeriodPlace): Promise<FoundBoard> {
    const period = await fromStore(findPeriod(pool, place))
    if (period === undefined) return { period, asOf: undefined, users: [] }
    if (period.state === 'frozen') {
      const users = await fromStore(frozenRanks(pool, place, { from: 1, limit: MOST }))
      return { period, asOf: period.asOf, users }
    }
    const { stand, users } = await boards.top(place, MOST)
    // with the newest version, all that Postgres has met since is counted too
    const isNewest = stand.token === period.token && stand.version === period.version && stand.user === ''
    return { period, asOf: isNewest ? period.asOf : stand.asOf, users }
  }

  return {
    /** The first hundred, read at most once a second. */
    async top(place: PeriodPlace): Promise<FoundBoard> {
      const name = `${place.campaign} ${place.board} ${place.period}`
      const read = await reads.get(name, () =>
        readTop(place).then(
          (found) => ({ found }),
          (error: unknown) => ({ error })
        )
      )
      if ('error' in read) throw read.error
      return read.found
    },

    async around({ period }: Pick<FoundBoard, 'period'>, user: string): Promise<Around> {
      if (period === undefined) return []
      if (period.state !== 'frozen') return (await boards.around(period, user, NEIGHBOURS)).users
      const rank = await fromStore(frozenRankOf(pool, period, user))
      if (rank === undefined) return []
      const from = Math.max(1, rank - NEIGHBOURS)
      return fromStore(frozenRanks(pool, period, { from, limit: rank + NEIGHBOURS + 1 - from }))
    }
  }
}

export type BoardFinder = ReturnType<typeof createBoardFinder>
