import type { Pool } from 'pg'
import { failPoint } from '../../config/fail-points.ts'
import type { Decider } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { type DueOrder, listDueOrders } from '../../store/projection/restore.ts'

const AT_ONCE = 200

interface ExpiryParts {
  readonly pool: Pool
  readonly gate: Decider
  readonly shard: number
}

/** Asks the gate to expire orders that are due; the gate alone decides. */
export class ExpiryDriver {
  readonly #parts: ExpiryParts
  /** the last order asked for, so that orders that cannot be expired do not block the rest */
  #after: DueOrder | undefined

  constructor(parts: ExpiryParts) {
    this.#parts = parts
  }

  /** @returns the number of orders expired in this step */
  async step(): Promise<number> {
    const { pool, gate, shard } = this.#parts
    const due = await listDueOrders(pool, { shard, most: AT_ONCE, after: this.#after })
    this.#after = due.length === AT_ONCE ? due.at(-1) : undefined
    if (failPoint && due.length > 0) await failPoint('X2')
    const outcomes = await Promise.all(
      due.map((order) =>
        gate.submit({
          op: 'transition',
          transition: 'expire',
          user: order.user_id,
          key: replayField.expiry(order.order_id),
          hash: 'expire',
          campaign: order.campaign_id,
          activity: order.activity_id,
          session: order.session_id,
          order: order.order_id,
          by: 'system',
          request: '{}'
        })
      )
    )
    return outcomes.filter((outcome) => outcome.kind === 'confirmed').length
  }
}
