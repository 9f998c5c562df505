import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import { finalAt } from '../../campaign/definition/final.ts'
import { prizesOf } from '../../campaign/kinds/prizes.ts'
import type { FulfilCommand } from '../../gate/batch/commands.ts'
import type { Decider } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { decodeWin, type WinRecord } from '../../record/win.ts'
import { assignCodesOfAll } from '../../store/campaigns/codes.ts'
import { reviewWins } from '../../store/campaigns/reviews.ts'
import { approvedWins, unnotedWins } from '../../store/reading/fulfilments.ts'
import type { StoredWin } from '../../store/reading/wins.ts'

const AT_ONCE = 200

interface CreditingParts {
  readonly pool: Pool
  readonly gate: Decider
  readonly shard: number
  readonly catalogue: Pick<Catalogue, 'refresh' | 'get' | 'findActivity'>
  readonly logger: Logger
  /** ms since 1970 */
  readonly now?: () => number
}

interface Owned {
  readonly win: WinRecord
  readonly user: string
}

const ownedWin = ({ id, user, record }: StoredWin): Owned => ({ win: decodeWin(id, record), user })

/** The code is all that there is to hand over: nobody ships it. */
function credited({ id, campaign, draw }: WinRecord, user: string): FulfilCommand {
  return {
    op: 'fulfil',
    user,
    key: replayField.handover(id),
    hash: 'code',
    campaign,
    activity: draw,
    win: id,
    state: 'credited',
    request: JSON.stringify({ state: 'credited', by: 'system' })
  }
}

/**
 * Has claimed wins wait for somebody where their campaign reviews rewards. Notes all others as credited whose prize is a code, once they have it; one whose gateway died before it gave the code gets it here. All
 * other wins are handed over by people and services.
 */
export class CodeCreditDriver {
  readonly #parts: CreditingParts
  /** the last wins that were looked at, so that those which wait for somebody do not hide those behind them */
  #afterUnnoted: string | undefined
  #afterApproved: string | undefined

  constructor(parts: CreditingParts) {
    this.#parts = parts
  }

  /** @returns how many wins were noted as credited */
  async step(): Promise<number> {
    const { pool, shard, catalogue } = this.#parts
    const unnoted = await unnotedWins(pool, { shard, after: this.#afterUnnoted, most: AT_ONCE })
    this.#afterUnnoted = unnoted.length === AT_ONCE ? unnoted.at(-1)?.id : undefined
    const approved = await approvedWins(pool, { shard, after: this.#afterApproved, most: AT_ONCE })
    this.#afterApproved = approved.length === AT_ONCE ? approved.at(-1)?.id : undefined
    if (unnoted.length + approved.length === 0) return 0
    await catalogue.refresh()
    const fresh = unnoted.map(ownedWin)
    const isReviewed = ({ win }: Owned) => catalogue.get(win.campaign)?.rules.policies.rewardRelease === 'review'
    await reviewWins(
      pool,
      fresh.filter(isReviewed).map(({ win }) => ({ campaign: win.campaign, win: win.id }))
    )
    return this.#credit([...fresh.filter((one) => !isReviewed(one)), ...approved.map(ownedWin)])
  }

  async #credit(wins: readonly Owned[]): Promise<number> {
    const { pool, gate, logger } = this.#parts
    const coded = wins.flatMap(({ win, user }) => {
      const code = this.#poolOf(win)
      return code === ''
        ? []
        : [{ win, user, assignment: { claim: win.id, campaign: win.campaign, pool: code, quantity: 1 } }]
    })
    const codes = await assignCodesOfAll(
      pool,
      coded.map(({ assignment }) => assignment)
    )
    const outcomes = await Promise.all(
      coded.map(({ win, user, assignment }) => {
        if ((codes.get(win.id) ?? []).length > 0) return gate.submit(credited(win, user))
        logger.error({ alarm: 'CODES_MISSING', ...assignment }, 'a claimed win cannot get its code')
        return undefined
      })
    )
    return outcomes.filter((outcome) => outcome?.kind === 'confirmed').length
  }

  /** The pool of a win's code; '' where it has none, or its campaign does not change any more. */
  #poolOf({ campaign, draw, prize }: WinRecord): string {
    const { catalogue, now = Date.now } = this.#parts
    const found = catalogue.findActivity(campaign, draw)
    if (found === undefined || finalAt(found.campaign.rules) <= now()) return ''
    return prizesOf(found.activity).find(({ id }) => id === prize)?.pool ?? ''
  }
}
