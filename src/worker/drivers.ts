import type { Pool } from 'pg'
import type { Gate } from '../gate/gate.ts'
import { listDueOrders } from '../store/restore.ts'

const AT_ONCE = 200

/** Asks the gate to expire what is due; the gate alone decides. @returns orders expired now */
export async function expireDueOrders(parts: {
  readonly pool: Pool
  readonly gate: Gate
  readonly shard: number
}): Promise<number> {
  const due = await listDueOrders(parts.pool, parts.shard, AT_ONCE)
  const outcomes = await Promise.all(
    due.map((order) =>
      parts.gate.submit({
        op: 'transition',
        transition: 'expire',
        user: order.user_id,
        key: `x:expire:${order.order_id}`,
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
