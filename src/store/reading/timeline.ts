import { type Page, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'
import { everyShard } from '../shard/every-shard.ts'

/** A journaled decision about a user, as support reads it. */
interface TimelineEntry {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  /** entity.verb */
  readonly type: string
  readonly campaign: string
  readonly activity: string
  /** replay field */
  readonly key: string
  readonly at: Date
  readonly report: string
  /** the order or win that it is about, and the gate's record of it right after; record '' when it is about none */
  readonly entity: string
  readonly record: string
  /** the request */
  readonly request: unknown
  /** deltas by field of the user's hash: what the decision took and gave */
  readonly moved: Readonly<Record<string, number>>
}

/** A refusal of which gateways kept a sample. */
interface RefusalEntry {
  /** `0-0-<number>`, so that it has a place in a list of decisions */
  readonly id: string
  readonly campaign: string
  readonly activity: string
  readonly code: string
  /** the Idempotency-Key; '' without one */
  readonly key: string
  readonly members: Readonly<Record<string, unknown>>
  readonly at: Date
}

/** A user, and the key by which decisions name their hash. */
interface UserPlace {
  readonly user: string
  readonly key: string
}

/** Decisions of a user, newest first, at most `limit`. (The index finds all of a user, who has few; Postgres then sorts them.) */
export async function decisionsOfUser(db: Queryable, { user, key }: UserPlace, page: Page): Promise<TimelineEntry[]> {
  const { rows } = await db.query<TimelineEntry>(
    `select shard || '-' || epoch || '-' || sequence as id, type, campaign_id as campaign, activity_id as activity, key, at,
       report, shard || '-' || entity as entity, record, request,
       coalesce(adds -> 'u', adds -> $7::text, '{}') as moved
     from decisions
     where shard = ${everyShard} and user_id = $1 and ($2::text is null or campaign_id = $2)
       and ($3::timestamptz is null or (at, epoch, sequence) < ($3, $4::bigint, $5::bigint))
     order by at desc, epoch desc, sequence desc limit $6`,
    [issuedUser(user), page.campaign ?? null, ...placeValues(page.before), page.limit, key]
  )
  return rows
}

/** Samples of a user's refusals, newest first, at most `limit`. */
export async function refusalsOfUser(db: Queryable, user: string, page: Page): Promise<RefusalEntry[]> {
  const { rows } = await db.query<RefusalEntry>(
    `select '0-0-' || sample_id as id, campaign_id as campaign, activity_id as activity, code, key, members, at
     from refusal_samples
     where user_id = $1 and ($2::text is null or campaign_id = $2)
       and ($3::timestamptz is null or (at, 0, sample_id) < ($3, $4::bigint, $5::bigint))
     order by at desc, sample_id desc limit $6`,
    [issuedUser(user), page.campaign ?? null, ...placeValues(page.before), page.limit]
  )
  return rows
}
