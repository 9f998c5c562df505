import type { Queryable } from '../connection/transaction.ts'
import { inside } from '../connection/user-name.ts'
import type { StoredWin } from './wins.ts'

/** How far a claimed win is handed over. */
export interface StoredFulfilment {
  readonly state: string
  readonly at: Date
  readonly carrier: string | null
  readonly trackingNumber: string | null
  /** for operators */
  readonly reason: string | null
  /** how often something was noted of it */
  readonly count: number
  /** by which it can be picked up, while it lies ready; for its owner alone */
  readonly pickupCode: string | null
}

/** What is noted of some wins, by their id; none of those that nobody has noted anything of. */
export async function fulfilmentsOf(
  db: Queryable,
  wins: readonly string[]
): Promise<ReadonlyMap<string, StoredFulfilment>> {
  if (wins.length === 0) return new Map()
  const { rows } = await db.query<StoredFulfilment & { id: string }>(
    `select w.win_id as id, fulfilment as state, fulfilment_at as at, fulfilment_count as count, fulfilment_told ->> 'carrier' as carrier,
       fulfilment_told ->> 'trackingNumber' as "trackingNumber", fulfilment_told ->> 'reason' as reason,
       case when status = 'claimed' and fulfilment = 'ready-for-pickup' then p.code end as "pickupCode"
     from wins w left join pickups p on p.win_id = w.win_id where w.win_id = any($1) and fulfilment is not null`,
    [wins]
  )
  return new Map(rows.map(({ id, ...row }) => [id, row]))
}

/** Keeps a code by which a win can be picked up; one that it has already stays. */
export async function keepPickup(db: Queryable, win: string, code: string): Promise<void> {
  await db.query('insert into pickups (code, win_id) values ($1, $2) on conflict (win_id) do nothing', [code, win])
}

/** Another code in place of the one that a win has: whoever saw the old one gets nothing by it any more. */
export async function renewPickup(db: Queryable, win: string, code: string): Promise<void> {
  await db.query('update pickups set code = $1, made_at = now() where win_id = $2', [code, win])
}

/** The win that a code is for. */
export async function winOfPickup(db: Queryable, code: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>('select win_id as id from pickups where code = $1', [code])
  return rows[0]?.id
}

/** Claimed wins of a shard of which nothing is noted, by their place, behind one of them. */
export async function unnotedWins(
  db: Queryable,
  { shard, after, most }: { readonly shard: number; readonly after: string | undefined; readonly most: number }
): Promise<StoredWin[]> {
  const [, epoch, sequence] = after?.split('-') ?? [undefined, 0, 0]
  const { rows } = await db.query<StoredWin>(
    `select win_id as id, user_id as "user", record from wins
     where shard = $1 and status = 'claimed' and fulfilment is null and (epoch, sequence) > ($2::bigint, $3::bigint)
     order by epoch, sequence limit $4`,
    [shard, epoch, sequence, most]
  )
  return rows.map(inside)
}

/** Claimed wins of a shard that were approved and that nobody has begun with, likewise. */
export async function approvedWins(
  db: Queryable,
  { shard, after, most }: { readonly shard: number; readonly after: string | undefined; readonly most: number }
): Promise<StoredWin[]> {
  const [, epoch, sequence] = after?.split('-') ?? [undefined, 0, 0]
  const { rows } = await db.query<StoredWin>(
    `select win_id as id, user_id as "user", record from wins
     where shard = $1 and status = 'claimed' and fulfilment = 'approved' and (epoch, sequence) > ($2::bigint, $3::bigint)
     order by epoch, sequence limit $4`,
    [shard, epoch, sequence, most]
  )
  return rows.map(inside)
}

/** Wins of a prize by what became of them; each win that is not revoked is one of those behind `won`. */
interface HandedOver {
  readonly activity: string
  readonly prize: string
  readonly type: string
  readonly revoked: number
  /** of those that are not revoked */
  readonly won: number
  /** can still be claimed */
  readonly unclaimed: number
  /** were not claimed in time */
  readonly lapsed: number
  /** claimed, and not under way: nobody began, it failed, or it is to be sent anew */
  readonly owed: number
  /** shipped, or ready to be picked up */
  readonly underWay: number
  /** credited or delivered, those that were credited when they were won included */
  readonly issued: number
}

/** What is owed and what is issued of a campaign. @param now ms since 1970: whether a win can still be claimed */
export async function handedOver(db: Queryable, campaign: string, now: number): Promise<HandedOver[]> {
  const { rows } = await db.query<HandedOver>(
    `with by_win as (
       select activity_id, prize_id, type, case
         when status = 'revoked' then 'revoked'
         when status = 'won' then case when claim_by <= to_timestamp($2 / 1000.0) then 'lapsed' else 'unclaimed' end
         when status = 'given' or fulfilment in ('credited', 'delivered') then 'issued'
         when fulfilment in ('shipped', 'ready-for-pickup') then 'under way'
         else 'owed' end as became
       from wins where campaign_id = $1
     )
     select activity_id as activity, prize_id as prize, type,
       count(*) filter (where became = 'revoked')::float8 as revoked, count(*) filter (where became <> 'revoked')::float8 as won,
       count(*) filter (where became = 'unclaimed')::float8 as unclaimed, count(*) filter (where became = 'lapsed')::float8 as lapsed,
       count(*) filter (where became = 'owed')::float8 as owed, count(*) filter (where became = 'under way')::float8 as "underWay",
       count(*) filter (where became = 'issued')::float8 as issued
     from by_win group by 1, 2, 3 order by 1, 2, 3`,
    [campaign, now]
  )
  return rows
}
