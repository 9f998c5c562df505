import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'

/** How often something came of asking for an activity. */
interface AttemptCount {
  readonly campaign: string
  readonly activity: string
  readonly outcome: string
  readonly times: number
}

/** The same within the minute that begins then. */
export interface AttemptMinute extends AttemptCount {
  readonly minute: Date
}

interface Refusal {
  /** the name inside the program */
  readonly user: string
  readonly campaign: string
  readonly activity: string
  readonly code: string
  readonly key: string
  readonly members: Readonly<Record<string, unknown>>
  readonly at: Date
}

/** Counts of campaigns that exist and are not archived; those of others are dropped. Each place once. */
const counted = `json_to_recordset($1::json) as c(campaign text, activity text, outcome text, minute timestamptz, times bigint)
  join campaigns on campaign_id = c.campaign and not archived`

/** Adds to the counts. */
export async function addAttempts(db: Queryable, minutes: readonly AttemptMinute[]): Promise<void> {
  if (minutes.length === 0) return
  const values = [JSON.stringify(minutes)]
  // in one order, so that two workers do not wait for each other
  await db.query(
    `insert into attempt_totals as a (campaign_id, activity_id, outcome, times)
     select campaign, activity, outcome, sum(times) from ${counted} group by 1, 2, 3 order by 1, 2, 3
     on conflict on constraint attempt_totals_pkey do update set times = a.times + excluded.times`,
    values
  )
  await db.query(
    `insert into attempt_times as a (campaign_id, since, seconds, activity_id, outcome, times)
     select campaign, minute, 60, activity, outcome, sum(times) from ${counted} group by 1, 2, 4, 5 order by 1, 2, 4, 5
     on conflict on constraint attempt_times_pkey do update set times = a.times + excluded.times`,
    values
  )
}

/** Keeps samples of refusals, for `refusalsOfUser`. */
export async function addRefusals(db: Queryable, refusals: readonly Refusal[]): Promise<void> {
  if (refusals.length === 0) return
  const rows = refusals.map((refusal) => ({ ...refusal, user: issuedUser(refusal.user) }))
  await db.query(
    `insert into refusal_samples (user_id, campaign_id, activity_id, code, key, members, at)
     select "user", campaign, activity, code, key, members, at
     from json_to_recordset($1::json) as r("user" text, campaign text, activity text, code text, key text, members jsonb, at timestamptz)`,
    [JSON.stringify(rows)]
  )
}

/** How often what came of asking for the activities of a campaign, since its publication. Approximate. */
export async function attemptTotals(db: Queryable, campaign: string): Promise<AttemptCount[]> {
  const { rows } = await db.query<AttemptCount>(
    `select campaign_id as campaign, activity_id as activity, outcome, times from attempt_totals where campaign_id = $1`,
    [campaign]
  )
  return rows
}

/** Makes hours of the minutes before a moment, and keeps how much the fullest of them had. @returns how many minutes went */
export async function foldMinutes(db: Queryable, before: Date): Promise<number> {
  const { rows } = await db.query<{ minutes: number }>(
    `with old as (
       delete from attempt_times where seconds = 60 and since < $1 returning *
     ), hours as (
       insert into attempt_times as a (campaign_id, since, seconds, activity_id, outcome, times)
       select campaign_id, date_trunc('hour', since, 'UTC'), 3600, activity_id, outcome, sum(times) from old group by 1, 2, 4, 5
       on conflict on constraint attempt_times_pkey do update set times = a.times + excluded.times
     ), peaks as (
       insert into attempt_peaks as p (campaign_id, activity_id, times)
       select campaign_id, of, max(times) from (
         select campaign_id, coalesce(activity_id, '') as of, sum(times) as times from old
         group by grouping sets ((campaign_id, since, activity_id), (campaign_id, since))
       ) minutes group by campaign_id, of
       on conflict on constraint attempt_peaks_pkey do update set times = greatest(p.times, excluded.times)
     )
     select count(*)::float8 as minutes from old`,
    [before]
  )
  return rows[0]?.minutes ?? 0
}

/** The counts by time leave with their campaign; totals and peaks stay, as its orders do. */
export async function removeAttemptTimes(db: Queryable, campaign: string): Promise<void> {
  await db.query('delete from attempt_times where campaign_id = $1', [campaign])
}

const PRUNED_AT_ONCE = 1000

/**
 * Lets go of the oldest samples: those from before a moment, and those beyond the newest `most`.
 * @returns how many went
 */
export async function pruneRefusals(
  db: Queryable,
  { before, most }: { readonly before: Date; readonly most: number }
): Promise<number> {
  const { rowCount } = await db.query(
    `with oldest as (select sample_id, at from refusal_samples order by sample_id limit ${PRUNED_AT_ONCE})
     delete from refusal_samples where sample_id in (
       select sample_id from oldest
       where at < $1 or sample_id <= (select max(sample_id) from refusal_samples) - $2::bigint
     )`,
    [before, most]
  )
  return rowCount ?? 0
}
