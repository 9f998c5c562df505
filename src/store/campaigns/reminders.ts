import type { Queryable } from '../connection/transaction.ts'
import { storedUser } from '../connection/user-name.ts'

/** A session of the activity that a reservation is of, in one shard; `activity` is the reservation. */
export interface ReservedSession {
  readonly shard: number
  readonly campaign: string
  readonly activity: string
  readonly session: string
}

/** A reservation of a session, or of all. */
export interface Reserved {
  /** in the order in which reservations were stored */
  readonly position: number
  readonly user: string
  /** the reservation's id */
  readonly reservation: string
  /** of a session after the first that its reservation promised to tell of */
  readonly further: boolean
  /** `none`: its user was there already, or is reminded by another reservation; `withheld`: its user is disqualified */
  readonly fate: 'due' | 'withheld' | 'none'
}

/** What became of reminders; `withheld` also where the campaign was paused until the session opened. */
export interface ReminderCounts {
  readonly told: number
  readonly withheld: number
  readonly missed: number
}

const names = ({ shard, campaign, activity, session }: ReservedSession) => [shard, campaign, activity, session]
const ofSession = 'shard = $1 and campaign_id = $2 and activity_id = $3 and session_id = $4'

/** Up to which position the reminders of a session are done. */
export async function reminderPlace(db: Queryable, session: ReservedSession): Promise<number> {
  const { rows } = await db.query<{ place: number }>(
    `select place from reminder_sessions where ${ofSession}`,
    names(session)
  )
  return rows[0]?.place ?? 0
}

/** The next reservations of a session or of all, of one (named) list. */
const listed = (session: string) => `
  (select position, user_id, reservation_id, session_id, first_session, made_at from reservations
   where shard = $1 and campaign_id = $2 and activity_id = $3 and session_id = ${session} and position > $5
   order by position limit $6)`

/**
 * The next reservations after a position, in order. One that was made at `before` or later needs no reminder. (Whoever reserved all
 * sessions cannot reserve one any more, so of two the one of the session came first, and it reminds. Each user is looked up by an
 * index: with `exists` Postgres read all reservations of the session for each page.)
 */
export async function nextReserved(
  db: Queryable,
  session: ReservedSession,
  { after, most, before }: { readonly after: number; readonly most: number; readonly before: Date }
): Promise<Reserved[]> {
  const { rows } = await db.query<Reserved>({
    name: 'next-reserved',
    text: `select position, user_id as "user", reservation_id as reservation, first_session <> $4 as further,
       case when made_at >= $7 or (session_id = '' and (
           select true from reservations o where o.shard = $1 and o.campaign_id = $2 and o.activity_id = $3 and o.session_id = $4
             and o.session_id <> '' and o.user_id = r.user_id limit 1)) then 'none'
         when (select type from decisions d
           where d.shard = $1 and d.user_id = r.user_id and d.campaign_id = $2 and d.type in ('user.disqualified', 'user.requalified')
           order by d.at desc, d.epoch desc, d.sequence desc limit 1) = 'user.disqualified' then 'withheld'
         else 'due' end as fate
     from (${listed('$4')} union all ${listed("''")} order by position limit $6) r
     order by position`,
    values: [...names(session), after, most, before]
  })
  return rows.map((row) => ({ ...row, user: storedUser(row.user) }))
}

/** How many reservations of a session, or of all, have a position after this one; at most `most`. */
export async function reservedAfter(
  db: Queryable,
  session: ReservedSession,
  { after, most }: { readonly after: number; readonly most: number }
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) from (select from reservations
       where shard = $1 and campaign_id = $2 and activity_id = $3 and session_id = any(array[$4, '']) and position > $5
       limit $6) waiting`,
    [...names(session), after, most]
  )
  return rows[0]?.count ?? 0
}

/**
 * Moves the place of a session on, and counts what became of the reminders in between, in one statement.
 * @returns false where the place is not `from` any more: another worker has told them, and nothing is changed
 */
export async function moveReminderPlace(
  db: Queryable,
  session: ReservedSession,
  { from, to, told, withheld, missed }: ReminderCounts & { readonly from: number; readonly to: number }
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into reminder_sessions as s (shard, campaign_id, activity_id, session_id, place, told, withheld, missed)
     values ($1, $2, $3, $4, $6, $7, $8, $9)
     on conflict on constraint reminder_sessions_pkey do update
     set place = $6, told = s.told + $7, withheld = s.withheld + $8, missed = s.missed + $9 where s.place = $5::bigint`,
    [...names(session), from, to, told, withheld, missed]
  )
  return rowCount === 1
}
