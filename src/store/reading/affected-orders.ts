import { filterValues, type OrderFilter, ofFilter } from '../campaigns/jobs.ts'
import type { Queryable } from '../connection/transaction.ts'

/** Orders of a status among those that a filter names. */
interface AffectedOrders {
  readonly status: string
  readonly orders: number
  readonly units: number
  /** minor units: their price */
  readonly amount: number
  readonly currency: string
}

/** The newest orders of a campaign that are counted; more would take longer than anybody waits. */
const COUNTED = 200_000

export interface CountedOrders {
  readonly sums: readonly AffectedOrders[]
  /** whether there are more orders of the campaign, at these times, than were looked at */
  readonly isAtLeast: boolean
}

/** The orders that a filter names, counted by status, of the newest `most` orders of the campaign at these times. */
export async function countAffected(
  db: Queryable,
  { campaign, filter }: { readonly campaign: string; readonly filter: OrderFilter },
  most: number = COUNTED
): Promise<CountedOrders> {
  const { rows } = await db.query<Omit<AffectedOrders, 'status'> & { status: string | null; looked: number }>(
    `with newest as materialized (
       select status, quantity, unit_price, currency, ${ofFilter} as is_meant from orders
       where campaign_id = $1 and ($3::timestamptz is null or accepted_at >= $3) and ($4::timestamptz is null or accepted_at < $4)
       order by accepted_at desc, epoch desc, sequence desc limit $6::bigint + 1
     ), sums as (
       select status, count(*)::float8 as orders, sum(quantity)::float8 as units, sum(quantity * unit_price)::float8 as amount, currency
       from newest where is_meant group by status, currency
     )
     select looked::float8 as looked, sums.* from (select count(*) as looked from newest) n left join sums on true order by status`,
    [...filterValues(campaign, filter), most]
  )
  return {
    sums: rows.flatMap(({ looked: _, status, ...sum }) => (status === null ? [] : [{ status, ...sum }])),
    isAtLeast: (rows[0]?.looked ?? 0) > most
  }
}
