import { type Place, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { inside } from '../connection/user-name.ts'
import type { StoredOrder } from './orders.ts'

const PAGE = 2000

/**
 * All orders of some activities of a campaign, newest first, page by page along an index. Each page is a statement of its own, so that a slow
 * reader holds no transaction open; an order that is accepted meanwhile is not among them.
 */
export async function* ordersOfActivities(
  db: Queryable,
  campaign: string,
  activities: readonly string[]
): AsyncGenerator<StoredOrder[]> {
  let before: Place | undefined
  for (;;) {
    const { rows } = await db.query<StoredOrder & { accepted_at: Date; epoch: number; sequence: number }>(
      `select order_id as id, user_id as "user", record, accepted_at, epoch, sequence from orders
       where campaign_id = $1 and activity_id = any($2)
         and ($3::timestamptz is null or (accepted_at, epoch, sequence, order_id) < ($3, $4::bigint, $5::bigint, $6))
       order by accepted_at desc, epoch desc, sequence desc, order_id desc limit ${PAGE}`,
      [campaign, activities, ...placeValues(before), before?.id ?? null]
    )
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows.map(inside)
    before = { at: last.accepted_at.getTime(), id: last.id }
  }
}

/** What a supplier's items were given for points, by activity. */
export async function claimsByActivity(
  db: Queryable,
  campaign: string
): Promise<Array<{ activity: string; unit: string; claims: number; units: number; cost: number }>> {
  const { rows } = await db.query<{ activity: string; unit: string; claims: number; units: number; cost: number }>(
    `select activity_id as activity, unit, count(*) as claims, sum(quantity)::float8 as units, sum(cost)::float8 as cost
     from claims where campaign_id = $1 group by activity_id, unit order by activity_id, unit`,
    [campaign]
  )
  return rows
}
