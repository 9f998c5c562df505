import type { Pool } from 'pg'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import { privilegesAt } from '../../campaign/parts/levels.ts'
import type { AdjustCommand } from '../../gate/batch/commands.ts'
import type { Decider } from '../../gate/gate.ts'
import { userField } from '../../record/fields.ts'
import { logical } from '../../record/keys.ts'
import { replayField } from '../../record/replay.ts'
import { type DueLevel, type LevelSettlement, settleLevels, takeDueLevels } from '../../store/following/levels.ts'
import { decisionsUnder } from '../../store/reading/orders.ts'

/** Commands in flight: one batch of the gate, so that users who buy meanwhile wait for one more batch at most. */
const AT_ONCE = 128
/** The longest step, so that a worker can stop in time. */
const STEP_MS = 1000
/** A change that is asked for is not taken again for this time: longer than any command is in flight. */
const ASKED_MS = 10_000
const RETRY_MS = 1000
const RETRY_MOST_MS = 300_000

/** The replay field under which a change is decided: once for a user, whose level it is, and its number. */
const levelKey = ({ scope, changes }: DueLevel) => replayField.level(scope, changes + 1)

type Campaigns = Pick<Catalogue, 'refresh' | 'get'>

/** Asks the gate to change earned levels, each change by a decision about its user. */
export class LevelDriver {
  readonly #pool: Pool
  readonly #gate: Decider
  readonly #catalogue: Campaigns

  constructor(pool: Pool, gate: Decider, catalogue: Campaigns) {
    this.#pool = pool
    this.#gate = gate
    this.#catalogue = catalogue
  }

  /** @returns the number of changes that were decided or put off */
  async step(): Promise<number> {
    const until = performance.now() + STEP_MS
    let settled = 0
    for (;;) {
      const due = await takeDueLevels(this.#pool, { most: AT_ONCE, ms: ASKED_MS })
      if (due.length === 0) return settled
      await this.#catalogue.refresh()
      const known = await decisionsUnder(
        this.#pool,
        due.map((one) => ({ user: one.user, key: levelKey(one) }))
      )
      const settlements = await Promise.all(due.map((one, index) => this.#settle(one, known[index] !== undefined)))
      await settleLevels(this.#pool, settlements)
      settled += due.length
      if (due.length < AT_ONCE || performance.now() > until) return settled
    }
  }

  async #settle(due: DueLevel, isDecided: boolean): Promise<LevelSettlement> {
    const { scope, user, from, to, attempts } = due
    const place = { scope, user, to }
    // it rose and fell again before anybody asked
    if (isDecided || from === to) return { ...place, retryAfterMs: null }
    const outcome = await this.#gate.submit(this.#changing(due))
    if (outcome.kind === 'confirmed') return { ...place, retryAfterMs: null }
    return { ...place, retryAfterMs: Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** Math.min(attempts, 10)) }
  }

  /** A rise is usable once it is journaled; a fall at once. */
  #changing(due: DueLevel): AdjustCommand {
    const { campaign, scope, user, from, to, why } = due
    const rules = this.#catalogue.get(campaign)?.rules
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
