import { privilegesAt } from '../../campaign/parts/levels.ts'
import type { AdjustCommand } from '../../gate/batch/commands.ts'
import { userField } from '../../record/fields.ts'
import { logical } from '../../record/keys.ts'
import { replayField } from '../../record/replay.ts'
import { type DueLevel, type LevelSettlement, settleLevels, takeDueLevels } from '../../store/following/levels.ts'
import { decisionsUnder } from '../../store/reading/orders.ts'
import { ASKED_MS, type AskingParts, became, workOff } from './due.ts'

/** The replay field under which a change is decided: once for a user, whose level it is, and its number. */
const levelKey = ({ scope, changes }: DueLevel) => replayField.level(scope, changes + 1)

/** Asks the gate to change earned levels, each change by a decision about its user. */
export class LevelDriver {
  readonly #parts: AskingParts

  constructor(parts: AskingParts) {
    this.#parts = parts
  }

  /** @returns the number of changes that were decided or put off */
  step(): Promise<number> {
    return workOff({
      take: (most) => takeDueLevels(this.#parts.pool, { most, ms: ASKED_MS }),
      decide: async (due) => {
        await this.#parts.catalogue.refresh()
        const keys = due.map((one) => ({ user: one.user, key: levelKey(one) }))
        const known = await decisionsUnder(this.#parts.pool, keys)
        return Promise.all(due.map((one, index) => this.#settle(one, known[index] !== undefined)))
      },
      note: (settled) => settleLevels(this.#parts.pool, settled)
    })
  }

  async #settle(due: DueLevel, isDecided: boolean): Promise<LevelSettlement> {
    const { scope, user, from, to, changes, attempts } = due
    const place = { scope, user, to, changes }
    // it rose and fell again before anybody asked
    if (isDecided || from === to) return { ...place, retryAfterMs: null }
    const settled = became(await this.#parts.gate.submit(this.#changing(due)), { attempts })
    return { ...place, retryAfterMs: settled.to === 'later' ? settled.afterMs : null }
  }

  /** A rise is usable once it is journaled; a fall at once. */
  #changing(due: DueLevel): AdjustCommand {
    const { campaign, scope, user, from, to, why } = due
    const rules = this.#parts.catalogue.get(campaign)?.rules
    const flags = (rules && privilegesAt(rules, to)?.flags) ?? []
    return {
      op: 'adjust',
      type: 'level.changed',
      user,
      key: levelKey(due),
      hash: `${from}-${to}`,
      campaign,
      activity: '',
      puts: [],
      adds: [[logical.user(user), userField.level(scope), to - from]],
      request: JSON.stringify({ scope: scope === '' ? 'account' : 'campaign', from, to, why, flags })
    }
  }
}
