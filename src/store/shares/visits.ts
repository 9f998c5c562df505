import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'

/** Visits of one visitor of a share, put together. */
export interface Visit {
  readonly share: string
  readonly campaign: string
  /** a name of the visitor that is the same at each visit; '' for programs, which are only counted */
  readonly visitor: string
  /** null for somebody who is not signed in */
  readonly user: string | null
  readonly times: number
  /** ms since 1970 */
  readonly firstAt: number
  readonly lastAt: number
}

// The first visit of a visitor is a click and the others are repeats, whichever statement brought it.
const note = `
  with visit as (
    select * from json_to_recordset($1::json) as v(share text, campaign text, visitor text, "user" text, times bigint,
      "firstAt" bigint, "lastAt" bigint)
  ), noted as (
    insert into share_visitors as known (share_id, campaign_id, visitor, user_id, first_at, last_at)
    select share, campaign, visitor, "user", to_timestamp("firstAt" / 1000.0), to_timestamp("lastAt" / 1000.0)
    from visit where visitor <> '' order by share, visitor
    on conflict on constraint share_visitors_pkey do update
      set first_at = least(known.first_at, excluded.first_at), last_at = greatest(known.last_at, excluded.last_at)
    returning share_id, visitor, xmax = 0 as is_new
  ), counted as (
    select share, campaign, count(*) filter (where is_new) as clicks,
      coalesce(sum(times) filter (where visit.visitor <> ''), 0) - count(*) filter (where is_new) as repeats,
      coalesce(sum(times) filter (where visit.visitor = ''), 0) as bots
    from visit left join noted on noted.share_id = visit.share and noted.visitor = visit.visitor
    group by share, campaign
  ), stored as (
    insert into share_clicks as known (share_id, campaign_id, clicks, repeats, bots)
    select share, campaign, clicks, repeats, bots from counted order by share
    on conflict on constraint share_clicks_pkey do update set clicks = known.clicks + excluded.clicks,
      repeats = known.repeats + excluded.repeats, bots = known.bots + excluded.bots
  )
  select share from counted where clicks > 0`

/** Counts visits; each visitor of a share is named once. @returns the shares that have more clicks */
export async function noteVisits(db: Queryable, visits: readonly Visit[]): Promise<Set<string>> {
  const named = visits.map((visit) => ({ ...visit, user: visit.user === null ? null : issuedUser(visit.user) }))
  const { rows } = await db.query<{ share: string }>({
    name: 'note-visits',
    text: note,
    values: [JSON.stringify(named)]
  })
  return new Set(rows.map(({ share }) => share))
}

/** Forgets visitors who are not signed in: they are known for a day only. A thousand at most. @returns how many */
export async function forgetVisitors(db: Queryable, hours: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from share_visitors where ctid = any(array(
       select ctid from share_visitors where user_id is null and last_at < now() - make_interval(hours => $1) order by last_at limit 1000))
       and user_id is null and last_at < now() - make_interval(hours => $1)`,
    [hours]
  )
  return rowCount ?? 0
}
