import type { Pool } from 'pg'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import { poolsOf } from '../../campaign/kinds/prizes.ts'
import { failPoint } from '../../config/fail-points.ts'
import type { FinishCommand } from '../../gate/batch/commands.ts'
import type { Decider } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { type DrawnSpin, dueSpins } from '../../store/projection/drawn-spins.ts'

/** One batch of the gate. */
const AT_ONCE = 128

interface SpinParts {
  readonly pool: Pool
  readonly gate: Decider
  readonly catalogue: Pick<Catalogue, 'refresh' | 'findActivity'>
  readonly shard: number
}

/**
 * Has the gate end the spins of a shard whose prize another shard may have: with it once it is here, without it once nobody has one. The
 * gate says what it lacks, which is a wish for it. A row goes with the decision, when that is projected.
 */
export class SpinDriver {
  readonly #parts: SpinParts
  /** the last spin asked for, so that spins that cannot be ended do not block the rest */
  #after: DrawnSpin | undefined

  constructor(parts: SpinParts) {
    this.#parts = parts
  }

  /** @returns the number of spins that are due */
  async step(): Promise<number> {
    const { pool, gate, catalogue, shard } = this.#parts
    const due = await dueSpins(pool, { shard, most: AT_ONCE, after: this.#after })
    this.#after = due.length === AT_ONCE ? due.at(-1) : undefined
    if (due.length === 0) return 0
    await catalogue.refresh()
    if (failPoint) await failPoint('D1')
    await Promise.all(due.map((spin) => gate.submit(this.#ending(spin))))
    if (failPoint) await failPoint('D2')
    return due.length
  }

  #ending({ id, user, campaign, activity }: DrawnSpin): FinishCommand {
    const found = this.#parts.catalogue.findActivity(campaign, activity)
    return {
      op: 'finish',
      user,
      key: replayField.spin(id),
      hash: 'finish',
      campaign,
      activity,
      decision: id,
      pool: found ? poolsOf(found.activity) : '',
      request: '{}'
    }
  }
}
