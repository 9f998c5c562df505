import type { Queryable } from '../connection/transaction.ts'
import { onTheirWay } from './loans.ts'

/** Stock that ran out on all shards, or is there again. */
export interface StockTurn {
  readonly campaign: string
  readonly activity: string
  readonly item: string
  readonly isOut: boolean
  readonly turn: number
  readonly remaining: number
  readonly held: number
}

const columns = 'campaign_id, activity_id, session_id'

/** Stock that is otherwise than was told last; `turn` is the one that it would be. */
export async function turnedStock(db: Queryable): Promise<StockTurn[]> {
  const { rows } = await db.query<StockTurn>(
    `with parts as (
       select ${columns}, sum(remaining)::bigint as remaining, sum(held)::bigint as held, sum(total) as total from stock group by ${columns}
     ), sums as (
       select ${columns}, remaining + coalesce(units, 0) as remaining, held, total + coalesce(units, 0) as total
       from parts left join ${onTheirWay} l using (${columns})
     )
     select s.campaign_id as campaign, s.activity_id as activity, s.session_id as item, s.remaining, s.held,
       not coalesce(o.is_out, false) as "isOut", coalesce(o.turn, 0) + 1 as turn
     from sums s left join sold_out o
       on o.campaign_id = s.campaign_id and o.activity_id = s.activity_id and o.item_id = s.session_id
     where case when coalesce(o.is_out, false) then o.told and s.remaining > 0 else coalesce(o.told, true) and s.remaining <= 0 and s.total > 0 end
     limit 1000`
  )
  return rows
}

/** Notes that stock has turned; it is told afterwards. */
export async function noteTurns(db: Queryable, turns: readonly StockTurn[]): Promise<void> {
  await db.query(
    `insert into sold_out (campaign_id, activity_id, item_id, turn, is_out, told)
     select campaign, activity, item, turn, "isOut", false
     from json_to_recordset($1::json) as t(campaign text, activity text, item text, turn integer, "isOut" boolean)
     on conflict on constraint sold_out_pkey do update
       set turn = excluded.turn, is_out = excluded.is_out, told = false, turned_at = clock_timestamp()
       where sold_out.turn = excluded.turn - 1`,
    [JSON.stringify(turns)]
  )
}

/** A turn that is noted and was not told. */
export interface UntoldTurn extends StockTurn {
  readonly at: Date
}

export async function untoldTurns(db: Queryable): Promise<UntoldTurn[]> {
  const { rows } = await db.query<UntoldTurn>(
    `select o.campaign_id as campaign, o.activity_id as activity, o.item_id as item, o.turn, o.is_out as "isOut", o.turned_at as at,
       coalesce(sum(s.remaining), 0)::bigint + coalesce(min(l.units), 0) as remaining, coalesce(sum(s.held), 0)::bigint as held
     from sold_out o left join stock s
       on s.campaign_id = o.campaign_id and s.activity_id = o.activity_id and s.session_id = o.item_id
     left join ${onTheirWay} l on l.campaign_id = o.campaign_id and l.activity_id = o.activity_id and l.session_id = o.item_id
     where not o.told group by o.campaign_id, o.activity_id, o.item_id order by o.turned_at limit 100`
  )
  return rows
}

export async function noteTurnTold(db: Queryable, { campaign, activity, item, turn }: StockTurn): Promise<void> {
  await db.query(
    'update sold_out set told = true where campaign_id = $1 and activity_id = $2 and item_id = $3 and turn = $4',
    [campaign, activity, item, turn]
  )
}
