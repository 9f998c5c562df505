import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'
import type { Rules } from '../../campaign/definition/rules.ts'
import { topAction } from '../../campaign/kinds/board/index.ts'
import { periodEnd, WHOLE_CAMPAIGN } from '../../campaign/kinds/board/periods.ts'
import { type Board, isBoard } from '../../campaign/kinds/board/rules.ts'
import { dayNumberAt } from '../../campaign/parts/local-time.ts'
import { dueBefore, ensurePeriod } from '../../store/boards/freezing.ts'
import { openPeriods, type PeriodPlace } from '../../store/boards/periods.ts'
import { countAgain, readCounting } from '../../store/boards/scores.ts'
import { currentRevision, publishedCampaigns } from '../../store/campaigns/campaigns.ts'
import { BOARDS_STEP, openSettlements } from '../../store/campaigns/settlements.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { type Credit, noteCredits } from '../../store/following/credits.ts'
import { cutOf, needsRecount } from '../following/kinds/board/count.ts'
import type { FollowedTimes } from './followed.ts'
import { freezePeriod, type TopRank } from './freeze.ts'

interface FreezerParts {
  readonly pool: Pool
  readonly shards: readonly number[]
  readonly followed: Pick<FollowedTimes, 'hasPassed' | 'clock'>
  readonly logger: Logger
  /** ms since 1970 */
  readonly now?: () => number
}

/** A campaign with its boards. */
interface BoardedCampaign {
  readonly rules: Rules
  readonly boards: readonly Board[]
  readonly settled: boolean
}

/** A board that is looked at. */
interface Looked {
  readonly rules: Rules
  readonly board: Board
  readonly settled: boolean
}

/** What the ranks of a period get, under a cause of their own: once, however often the freezing is begun again. */
function creditsOf({ rules, board }: Looked, { period }: PeriodPlace, ranks: readonly TopRank[]): Credit[] {
  const day = dayNumberAt(rules.closesAt, rules.timezone)
  return ranks
    .filter(({ row }) => board.top[row]?.reward)
    .map(({ rank, user, row }) => ({
      campaign: rules.id,
      // the campaign too: a replay field belongs to a user, who may be on boards of one name in several campaigns
      cause: `board/${rules.id}/${board.id}/${period}`,
      role: String(rank),
      activity: board.id,
      action: topAction(row),
      user,
      about: `${period}:${rank}`,
      day: period === WHOLE_CAMPAIGN ? day : dayNumberAt(Date.parse(`${period}T12:00:00Z`), 'UTC'),
      request: { period, rank }
    }))
}

/**
 * Makes the order of periods final: of a day or a week once it is over, and of all that are left while their campaign is being settled.
 * It waits until the board has met all decisions of the period and nothing is due any more for what others did in the campaign;
 * what it writes it writes once, so it may be killed at any point.
 */
export class BoardFreezer {
  readonly #parts: FreezerParts
  /** when nothing was due any more for the causes of a period, by its name: what was given for them is older */
  readonly #clearSince = new Map<string, number>()
  #revision = -1
  #campaigns: readonly BoardedCampaign[] = []

  constructor(parts: FreezerParts) {
    this.#parts = parts
  }

  /** @throws what Postgres and Redis throw: the next step goes on */
  async step(): Promise<void> {
    await this.#read()
    if (this.#campaigns.length === 0) return
    const open = await openPeriods(this.#parts.pool)
    const settlements = await openSettlements(this.#parts.pool)
    // its other steps are done: nothing that counts can come any more
    const settling = new Set(
      settlements.flatMap(({ campaign, waitsFor }) => (waitsFor?.step === BOARDS_STEP ? [campaign] : []))
    )
    for (const { rules, boards, settled } of this.#campaigns) {
      for (const board of boards) {
        const own = open.filter((period) => period.campaign === rules.id && period.board === board.id)
        await this.#look({ rules, board, settled: settled || settling.has(rules.id) }, own)
      }
    }
  }

  /** Campaigns are read again only when one of them has changed. */
  async #read(): Promise<void> {
    const { pool } = this.#parts
    const revision = await currentRevision(pool)
    if (revision === this.#revision) return
    const rows = await publishedCampaigns(pool)
    this.#campaigns = rows
      .map(({ rules, settled }) => ({
        rules: rules as Rules,
        boards: (rules as Rules).activities.filter(isBoard),
        settled
      }))
      .filter(({ boards }) => boards.length > 0)
    this.#revision = revision
  }

  async #look(looked: Looked, open: readonly PeriodPlace[]): Promise<void> {
    const { pool, shards, now = Date.now } = this.#parts
    const { rules, board, settled } = looked
    const place = { campaign: rules.id, board: board.id }
    const counting = await readCounting(pool, place)
    if (counting && needsRecount(rules, counting)) {
      this.#parts.logger.info({ ...place }, 'the end of the campaign was moved over decisions: the board counts again')
      await inTransaction(pool, (client) => countAgain(client, shards, place))
      return
    }
    const cut = cutOf(rules, counting ?? { endedAt: null })
    const periods = settled && board.period === WHOLE_CAMPAIGN ? [{ ...place, period: WHOLE_CAMPAIGN }] : open
    for (const period of periods) {
      const over = periodEnd(board.period, period.period, rules.timezone)
      const end = Math.min(over, cut)
      if (now() < (settled ? end : over)) continue
      await this.#freeze(looked, period, end)
    }
  }

  async #freeze(looked: Looked, period: PeriodPlace, end: number): Promise<void> {
    const { pool, logger } = this.#parts
    const { rules, board } = looked
    const { campaign } = period
    if (!(await this.#isComplete(period, end))) return
    await ensurePeriod(pool, period, Math.min(end, rules.closesAt))
    const award = (client: PoolClient, ranks: readonly TopRank[]) =>
      noteCredits(client, creditsOf(looked, period, ranks))
    if (await freezePeriod({ pool, award }, { campaign, board, period: period.period }))
      logger.info({ ...period }, 'the order of a leaderboard is final')
  }

  /**
   * Whether a board has met all that counts for a period: first all causes up to its end, by every listener of the campaign, so that what is
   * due for them is noted; and once nothing is due any more, also the decisions that gave it.
   */
  async #isComplete(period: PeriodPlace, end: number): Promise<boolean> {
    const { pool, followed } = this.#parts
    const { campaign } = period
    const name = `${campaign} ${period.board} ${period.period}`
    if (!(await followed.hasPassed(campaign, end)) || (await dueBefore(pool, campaign, end)) > 0) {
      this.#clearSince.delete(name)
      return false
    }
    const since = this.#clearSince.get(name) ?? (await followed.clock())
    this.#clearSince.set(name, since)
    if (!(await followed.hasPassed(campaign, since))) return false
    this.#clearSince.delete(name)
    return true
  }
}
