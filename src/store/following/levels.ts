import type { Pool } from 'pg'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { everyShard } from '../shard/every-shard.ts'

/** What a decision adds to that on which levels rest. */
interface AddedCounts {
  readonly points: number
  /** minor units */
  readonly amount: number
}

/** What a user has of that on which levels rest. */
interface LevelCounts extends AddedCounts {
  /** verified ones */
  readonly shares: number
  readonly visits: number
  readonly registrations: number
  readonly orders: number
  /** registrations and orders */
  readonly conversions: number
}

/** Whose levels they are: a campaign's own, or '' of the account. */
export interface LevelPlace {
  readonly campaign: string
  readonly scope: string
}

export interface Counted extends LevelCounts {
  readonly user: string
  /** the level that followed from the counts before */
  readonly level: number
}

const counts = 'points, amount, shares, visits, registrations, orders, registrations + orders as conversions'

/** What statements return that change counts: a row of `level_counts`, as `Counted`. */
export const countedColumns = `user_id as "user", ${counts}, level`

const asRows = (rows: ReadonlyArray<{ readonly user: string }>) =>
  JSON.stringify(rows.map((row) => ({ ...row, user: issuedUser(row.user) })))

/**
 * Lets one transaction at a time change counts and wanted levels of users of a shard: to be called before the first of them is read or
 * written. Order among rows is not enough: a follower writes those of one campaign after the other, so it comes back to users that
 * another one holds; and the highest level of several campaigns is wrong when two of them are noted at once.
 */
export async function lockLevels(db: Queryable, shard: number): Promise<void> {
  await db.query(`select pg_advisory_xact_lock(hashtext(current_schema()), hashtext('levels of ' || $1::integer))`, [
    shard
  ])
}

/** Adds to the counts of users, each user once; the caller holds `lockLevels`. @returns their counts now */
export async function addLevelCounts(
  db: Queryable,
  { campaign, scope }: LevelPlace,
  added: ReadonlyArray<AddedCounts & { readonly user: string }>
): Promise<Counted[]> {
  const { rows } = await db.query<Counted>(
    `insert into level_counts as known (campaign_id, user_id, scope, points, amount)
     select $1, "user", $2, points, amount from json_to_recordset($3::json) as a("user" text, points bigint, amount bigint)
     on conflict on constraint level_counts_pkey do update set points = known.points + excluded.points,
       amount = known.amount + excluded.amount
     returning ${countedColumns}`,
    [campaign, scope, asRows(added)]
  )
  return rows.map(inside)
}

/** A level that follows from a user's counts, and what these are. */
interface ReachedLevel {
  readonly user: string
  readonly level: number
  readonly why: Readonly<Record<string, number>>
}

/** Notes levels that users reached or fell to; the highest of all campaigns that share a scope is to be decided. The caller holds `lockLevels`. */
export async function noteLevels(
  db: Queryable,
  { campaign, scope }: LevelPlace,
  reached: readonly ReachedLevel[]
): Promise<void> {
  if (reached.length === 0) return
  const rows = asRows(reached)
  await db.query(
    `update level_counts c set level = r.level from json_to_recordset($2::json) as r("user" text, level integer)
     where c.campaign_id = $1 and c.user_id = r."user"`,
    [campaign, rows]
  )
  await db.query(
    `insert into level_states as known (scope, user_id, wanted, campaign_id, why, next_attempt_at)
     select $2, "user", (select max(level) from level_counts c where c.scope = $2 and c.user_id = r."user"), $1, why, now()
     from json_to_recordset($3::json) as r("user" text, why jsonb)
     on conflict on constraint level_states_pkey do update set wanted = excluded.wanted, campaign_id = excluded.campaign_id,
       why = excluded.why, attempts = 0, next_attempt_at = now()`,
    [campaign, scope, rows]
  )
}

/** A level that the gate is to be asked for. */
export interface DueLevel extends LevelPlace {
  readonly user: string
  readonly from: number
  readonly to: number
  /** how many changes of this level were decided before */
  readonly changes: number
  readonly why: Readonly<Record<string, number>>
  readonly attempts: number
}

/** Takes levels whose change is due. What is asked for is noted first, so that one change is never asked for with two ends. */
export async function takeDueLevels(
  db: Queryable,
  { most, ms }: { readonly most: number; readonly ms: number }
): Promise<DueLevel[]> {
  const { rows } = await db.query<DueLevel>(
    `with due as (
       select scope, user_id from level_states where next_attempt_at <= now()
       order by next_attempt_at limit $1 for update skip locked
     )
     update level_states s set asked = coalesce(s.asked, s.wanted), attempts = s.attempts + 1,
       next_attempt_at = now() + make_interval(secs => $2 / 1000.0)
     from due where s.scope = due.scope and s.user_id = due.user_id
     returning s.campaign_id as campaign, s.scope, s.user_id as "user", s.level as "from", s.asked as "to", s.changes, s.why,
       s.attempts`,
    [most, ms]
  )
  return rows.map(inside)
}

/** What became of a due level: decided, or to be asked for again. */
export type LevelSettlement = Pick<DueLevel, 'scope' | 'user' | 'to' | 'changes'> & {
  readonly retryAfterMs: number | null
}

/** Who holds a row may wait for others, so several rows are taken only as far as nobody holds them. */
const settled = (wait: 'skip locked' | '') => `
  with held as (
    select s.scope, s.user_id, "to", "retryAfterMs" as retry
    from json_to_recordset($1::json) as r(scope text, "user" text, "to" integer, changes integer, "retryAfterMs" bigint)
    join level_states s on s.scope = r.scope and s.user_id = r."user" and s.asked = "to" and s.changes = r.changes
    for update of s ${wait}
  )
  update level_states s set
    level = case when retry is null then "to" else s.level end,
    changes = s.changes + case when retry is null and "to" <> s.level then 1 else 0 end,
    asked = case when retry is null then null else s.asked end,
    attempts = case when retry is null then 0 else s.attempts end,
    next_attempt_at = case
      when retry is not null then now() + make_interval(secs => retry / 1000.0)
      when s.wanted <> "to" then now()
    end
  from held where s.scope = held.scope and s.user_id = held.user_id
  returning s.scope, s.user_id as "user"`

/** Notes levels that were decided; one that is to be another one by now is due again. In a transaction of its own. */
export async function settleLevels(pool: Pool, settlements: readonly LevelSettlement[]): Promise<void> {
  if (settlements.length === 0) return
  const { rows } = await pool.query<Pick<LevelSettlement, 'scope' | 'user'>>(settled('skip locked'), [
    asRows(settlements)
  ])
  const done = new Set(rows.map(inside).map(({ scope, user }) => `${scope} ${user}`))
  for (const one of settlements)
    if (!done.has(`${one.scope} ${one.user}`)) await pool.query(settled(''), [asRows([one])])
}

/** How many levels that a campaign leads to are to be counted anew, or to be changed. */
export async function openLevels(db: Queryable, campaign: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select (select count(*) from level_recounts join shares using (share_id) where campaign_id = $1)
       + (select count(*) from level_states s where next_attempt_at is not null and exists (
         select from level_counts c where c.campaign_id = $1 and c.user_id = s.user_id and c.scope = s.scope
       )) as count`,
    [campaign]
  )
  return rows[0]?.count ?? 0
}

/** A change of an earned level, as its user reads it. */
interface LevelChange {
  readonly at: Date
  readonly from: number
  readonly to: number
  readonly why: Readonly<Record<string, number>>
}

/** The newest changes of a user's level, the newest first. @param place of the level */
export async function levelHistory(
  db: Queryable,
  user: string,
  { campaign, scope, most }: LevelPlace & { readonly most: number }
): Promise<LevelChange[]> {
  const { rows } = await db.query<LevelChange>(
    `select at, (request ->> 'from')::integer as "from", (request ->> 'to')::integer as "to", request -> 'why' as why
     from decisions
     where shard = ${everyShard} and user_id = $1 and type = 'level.changed' and request ->> 'scope' = $2 and ($3::text is null or campaign_id = $3)
     order by at desc, epoch desc, sequence desc limit $4`,
    [issuedUser(user), scope === '' ? 'account' : 'campaign', scope === '' ? null : campaign, most]
  )
  return rows
}

/** The counts of a user on which levels of a campaign rest; undefined where nothing was counted. */
export async function levelCountsOf(db: Queryable, user: string, campaign: string): Promise<LevelCounts | undefined> {
  const { rows } = await db.query<LevelCounts>(
    `select ${counts} from level_counts where campaign_id = $1 and user_id = $2`,
    [campaign, issuedUser(user)]
  )
  return rows[0]
}
