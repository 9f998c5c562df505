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
import { unnotedWins } from '../../store/reading/fulfilments.ts'

const AT_ONCE = 200

interface CreditingParts {
  readonly pool: Pool
  readonly gate: Decider
  readonly shard: number
  readonly catalogue: Pick<Catalogue, 'refresh' | 'findActivity'>
  readonly logger: Logger
  /** ms since 1970 */
  readonly now?: () => number
}

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
 * Notes claimed wins as credited whose prize is a code, once they have it; one whose gateway died before it gave the code gets it here. All
 * other wins are handed over by people and services.
 */
export class CodeCreditDriver {
  readonly #parts: CreditingParts
  /** the last win that was looked at, so that wins which wait for somebody do not hide those behind them */
  #after: string | undefined

  constructor(parts: CreditingParts) {
    this.#parts = parts
  }

  /** @returns how many wins were noted as credited */
  async step(): Promise<number> {
    const { pool, gate, shard, catalogue, logger } = this.#parts
    const rows = await unnotedWins(pool, { shard, after: this.#after, most: AT_ONCE })
    this.#after = rows.length === AT_ONCE ? rows.at(-1)?.id : undefined
    if (rows.length === 0) return 0
    await catalogue.refresh()
    const coded = rows.flatMap(({ id, user, record }) => {
      const win = decodeWin(id, record)
      const code = this.#poolOf(win)
      return code === ''
        ? []
        : [{ win, user, assignment: { claim: id, campaign: win.campaign, pool: code, quantity: 1 } }]
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
