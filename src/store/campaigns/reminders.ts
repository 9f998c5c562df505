import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'

/** A session of the activity that a reservation is of, in one shard; `activity` is the reservation. */
export interface ReservedSession {
  readonly shard: number
  readonly campaign: string
  readonly activity: string
  readonly session: string
}

/** What became of a reminder; `withheld`: its campaign was paused when the session opened, or its user is disqualified. */
type ReminderOutcome = 'told' | 'missed' | 'withheld'

/** A reminder that nobody has been told. */
interface DueReminder {
  readonly user: string
  /** the reservation's id */
  readonly reservation: string
  /** of a session after the first that its reservation promised to tell of */
  readonly further: boolean
  readonly disqualified: boolean
}

const names = ({ shard, campaign, activity, session }: ReservedSession) => [shard, campaign, activity, session]
const ofSession = 'shard = $1 and campaign_id = $2 and activity_id = $3 and session_id = $4'

/**
 * Plans the reminders of the next reservations, of this session or of all, each once a user: one transaction with the place up to
 * which they are planned. One that was made at `before` or later needs none.
 * @returns how many reservations it read
 */
export async function planReminders(
  db: Queryable,
  session: ReservedSession,
  { of, most, before }: { readonly of: 'one' | 'all'; readonly most: number; readonly before: Date }
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with known as (
       insert into reminder_sessions (shard, campaign_id, activity_id, session_id) values ($1, $2, $3, $4)
       on conflict on constraint reminder_sessions_pkey do nothing
     ), place as (
       select coalesce(max(planned_${of}), 0) as position from reminder_sessions where ${ofSession}
     ), page as (
       select reservation_id, user_id, first_session, made_at, position from reservations
       where shard = $1 and campaign_id = $2 and activity_id = $3 and session_id = $5
         and position > (select position from place)
       order by position limit $6
     ), planned as (
       insert into reminders (shard, campaign_id, activity_id, session_id, user_id, reservation_id, further, spread_ms)
       select $1, $2, $3, $4, user_id, reservation_id, first_session <> $4,
         2000 + (hashtext(reservation_id)::bigint & 2147483647) % 58000
       from page where made_at < $7 on conflict on constraint reminders_pkey do nothing
     ), moved as (
       update reminder_sessions set planned_${of} = (select max(position) from page)
       where ${ofSession} and exists (select from page)
     )
     select count(*) from page`,
    [...names(session), of === 'all' ? '' : session.session, most, before]
  )
  return rows[0]?.count ?? 0
}

/** Reminders whose spread is at least `leastSpreadMs`, those that come first first. */
export async function dueReminders(
  db: Queryable,
  session: ReservedSession,
  { leastSpreadMs, most }: { readonly leastSpreadMs: number; readonly most: number }
): Promise<DueReminder[]> {
  const { rows } = await db.query<DueReminder>(
    `select user_id as "user", reservation_id as reservation, further,
       coalesce((select type = 'user.disqualified' from decisions d
         where d.user_id = r.user_id and d.campaign_id = $2 and d.type in ('user.disqualified', 'user.requalified')
         order by d.at desc, d.epoch desc, d.sequence desc limit 1), false) as disqualified
     from (select user_id, reservation_id, further, spread_ms from reminders
       where ${ofSession} and outcome is null and spread_ms >= $5 order by spread_ms desc, user_id limit $6) r
     order by spread_ms desc, user_id`,
    [...names(session), leastSpreadMs, most]
  )
  return rows.map(inside)
}

/** How many reminders of a session wait, at most `most`. */
export async function waitingReminders(db: Queryable, session: ReservedSession, most: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) from (select from reminders where ${ofSession} and outcome is null limit $5) waiting`,
    [...names(session), most]
  )
  return rows[0]?.count ?? 0
}

const counted = `
  update reminder_sessions set told = told + case when $5 = 'told' then closed else 0 end,
    missed = missed + case when $5 = 'missed' then closed else 0 end,
    withheld = withheld + case when $5 = 'withheld' then closed else 0 end
  from (select count(*) as closed from done) c where ${ofSession} returning closed`

/** Closes reminders, each once. Each is looked up by its key: joined to a list, Postgres read all of a session for each page. */
export async function closeReminders(
  db: Queryable,
  session: ReservedSession,
  { outcome, users }: { readonly outcome: ReminderOutcome; readonly users: readonly string[] }
): Promise<void> {
  if (users.length === 0) return
  await db.query(
    `with done as (
       update reminders set outcome = $5, closed_at = now()
       where outcome is null and ctid = any(array(
         select found.ctid from unnest($6::text[]) as named(user_id)
         cross join lateral (select ctid from reminders where ${ofSession} and user_id = named.user_id offset 0) found
       )) returning 1
     ) ${counted}`,
    [...names(session), outcome, users.map(issuedUser)]
  )
}

/** Closes what nobody was told of the reminders whose spread lies between two, the second excluded. @returns how many */
export async function closeRest(
  db: Queryable,
  session: ReservedSession,
  { outcome, from, to }: { readonly outcome: ReminderOutcome; readonly from: number; readonly to: number }
): Promise<number> {
  const { rows } = await db.query<{ closed: number }>(
    `with done as (
       update reminders set outcome = $5, closed_at = now()
       where ${ofSession} and outcome is null and spread_ms >= $6 and spread_ms < $7 returning 1
     ) ${counted}`,
    [...names(session), outcome, from, to]
  )
  return rows[0]?.closed ?? 0
}
