import type { Queryable } from '../connection/transaction.ts'
import { issuedUser, storedUser } from '../connection/user-name.ts'

/** Who reports what a token said, which is noted only where an invitation waits for it. */
export const TOKEN_SOURCE = '$token'

/** Another system's report that a user registered. */
export interface RegistrationReport {
  readonly campaign: string
  /** who reports */
  readonly source: string
  /** id of the event, unique at its source */
  readonly sourceEventId: string
  readonly user: string
  /** ms since 1970 */
  readonly registeredAt: number
  /** where the user came from, in the words of the reporter */
  readonly origin: string | null
  /** the invitation code and the share that led there, as reported */
  readonly invite: string | null
  readonly share: string | null
}

/** Notes a report once, however often it arrives; `conflict`: this event told something else before. */
export async function recordRegistration(
  db: Queryable,
  report: RegistrationReport
): Promise<'recorded' | 'repeated' | 'conflict'> {
  const { campaign, source, sourceEventId, user, registeredAt, origin, invite, share } = report
  const event = [campaign, source, sourceEventId]
  const values = [...event, issuedUser(user), new Date(registeredAt), origin, invite, share]
  const { rowCount } = await db.query(
    `insert into registrations (campaign_id, source, source_event_id, user_id, registered_at, origin, invite, share)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict on constraint registrations_pkey do nothing`,
    values
  )
  if (rowCount === 1) return 'recorded'
  const same = await db.query(
    `select 1 from registrations where campaign_id = $1 and source = $2 and source_event_id = $3 and user_id = $4
       and registered_at = $5 and origin is not distinct from $6 and invite is not distinct from $7
       and share is not distinct from $8`,
    values
  )
  return same.rowCount === 1 ? 'repeated' : 'conflict'
}

/** When a user registered, and when that was reported; ms since 1970. */
export interface Registered {
  readonly registeredAt: number
  readonly reportedAt: number
}

/** Reports that name some shares. */
export async function registrationsBy(
  db: Queryable,
  campaign: string,
  shares: readonly string[]
): Promise<Array<Registered & { readonly user: string; readonly share: string }>> {
  if (shares.length === 0) return []
  const { rows } = await db.query<{ user: string; registered: Date; reported: Date; share: string }>(
    `select user_id as "user", registered_at as registered, reported_at as reported, share from registrations
     where campaign_id = $1 and share = any($2) order by registration_id`,
    [campaign, shares]
  )
  return rows.map(({ user, registered, reported, share }) => {
    return { user: storedUser(user), share, registeredAt: registered.getTime(), reportedAt: reported.getTime() }
  })
}

/** The latest report about a user; undefined where nobody reported anything. */
export async function latestRegistration(
  db: Queryable,
  campaign: string,
  user: string
): Promise<Registered | undefined> {
  const { rows } = await db.query<{ registered: Date; reported: Date }>(
    `select registered_at as registered, reported_at as reported from registrations
     where campaign_id = $1 and user_id = $2 order by registration_id desc limit 1`,
    [campaign, issuedUser(user)]
  )
  const [row] = rows
  return row && { registeredAt: row.registered.getTime(), reportedAt: row.reported.getTime() }
}
