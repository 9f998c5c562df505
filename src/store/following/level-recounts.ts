import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { type Counted, countedColumns, type LevelPlace } from './levels.ts'

/**
 * Asks for new counts of the users who made shares, in the transaction that changed what became of these. A row for each time, so that
 * nobody waits for anybody's row. @param shares ids, `<shard>-<epoch>-<sequence>`: their users live in that shard
 */
export async function askRecounts(db: Queryable, shares: readonly string[]): Promise<void> {
  if (shares.length === 0) return
  await db.query(
    `insert into level_recounts (shard, share_id)
     select split_part(share, '-', 1)::integer, share from unnest($1::text[]) as asked(share)`,
    [[...new Set(shares)]]
  )
}

/** Whoever made a share, and where. */
interface Sharer {
  readonly campaign: string
  readonly user: string
}

// a share is looked at, at times, before Postgres has it: it waits until then
const asked = 'level_recounts r join shares s using (share_id)'

/** Whether somebody in a shard is to be counted anew. */
export async function areRecountsAsked(db: Queryable, shard: number): Promise<boolean> {
  const { rows } = await db.query<{ asked: boolean }>(
    `select exists (select from ${asked} where r.shard = $1) as asked`,
    [shard]
  )
  return rows[0]?.asked === true
}

/** Takes whoever is to be counted anew; they are to be counted in the same transaction. @param most how often it was asked for */
export async function takeRecounts(
  db: Queryable,
  { shard, most }: { readonly shard: number; readonly most: number }
): Promise<Sharer[]> {
  const { rows } = await db.query<Sharer>(
    `with taken as (
       delete from level_recounts d using (
         select r.recount_id, s.campaign_id, s.user_id from ${asked} where r.shard = $1
         order by r.recount_id limit $2 for update of r skip locked
       ) t where d.shard = $1 and d.recount_id = t.recount_id
       returning t.campaign_id, t.user_id
     )
     select distinct campaign_id as campaign, user_id as "user" from taken`,
    [shard, most]
  )
  return rows.map(inside)
}

/** Counts the shares of users, and what these led to, anew; the caller holds `lockLevels`. @returns all counts of the users */
export async function recountShares(
  db: Queryable,
  { campaign, scope }: LevelPlace,
  users: readonly string[]
): Promise<Counted[]> {
  const issued = users.map(issuedUser)
  await db.query(
    `insert into level_counts (campaign_id, user_id, scope)
     select $1, sharer, $2 from unnest($3::text[]) as u(sharer)
     on conflict on constraint level_counts_pkey do nothing`,
    [campaign, scope, issued]
  )
  const { rows } = await db.query<Counted>(
    `update level_counts set shares = found.verified, visits = found.clicked, registrations = found.registered,
       orders = found.ordered
     from unnest($2::text[]) as u(sharer), lateral (
       select count(st.verified_at) as verified, coalesce(sum(k.clicks), 0) as clicked,
         coalesce(sum(led.registered), 0) as registered, coalesce(sum(led.ordered), 0) as ordered
       from shares s left join share_states st using (share_id) left join share_clicks k using (share_id), lateral (
         select count(*) filter (where what = 'registration') as registered,
           count(*) filter (where what = 'order' and undone_at is null) as ordered
         from share_conversions v where v.share_id = s.share_id
       ) led
       where s.campaign_id = $1 and s.user_id = u.sharer and st.voided_at is null
     ) found
     where level_counts.campaign_id = $1 and level_counts.user_id = u.sharer
     returning ${countedColumns}`,
    [campaign, issued]
  )
  return rows.map(inside)
}
