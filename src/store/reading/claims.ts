import { type Page, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'

/** A redemption as it is stored. */
export interface StoredClaim {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  readonly user: string
  readonly campaign: string
  readonly activity: string
  readonly quantity: number
  /** the total paid */
  readonly unit: string
  readonly cost: number
  /** '' for a claim without codes */
  readonly pool: string
  readonly acceptedAt: Date
}

const columns = `claim_id as id, user_id as "user", campaign_id as campaign, activity_id as activity, quantity, unit, cost,
  pool, accepted_at as "acceptedAt"`

/** Claims of a user, newest first, at most `limit`. */
export async function claimsOfUser(db: Queryable, user: string, page: Page): Promise<StoredClaim[]> {
  const { rows } = await db.query<StoredClaim>(
    `select ${columns} from claims
     where user_id = $1 and ($2::text is null or campaign_id = $2)
       and ($3::timestamptz is null or (accepted_at, epoch, sequence) < ($3, $4::bigint, $5::bigint))
     order by accepted_at desc, epoch desc, sequence desc limit $6`,
    [issuedUser(user), page.campaign ?? null, ...placeValues(page.before), page.limit]
  )
  return rows.map(inside)
}

/** A claim by its id, whosever it is. */
export async function findClaim(db: Queryable, id: string): Promise<StoredClaim | undefined> {
  const { rows } = await db.query<StoredClaim>(`select ${columns} from claims where claim_id = $1`, [id])
  return rows[0] && inside(rows[0])
}

/** Marks claims of a shard that have all their codes now, at most `most` at a time. @returns how many */
export async function noteCodedClaims(db: Queryable, shard: number, most: number): Promise<number> {
  const { rowCount } = await db.query(
    `update claims set codes_due = false
     from (
       select claim_id from claims c where shard = $1 and codes_due
         and (select count(*) from codes where codes.claim_id = c.claim_id) >= c.quantity
       order by epoch, sequence limit $2
     ) coded
     where claims.claim_id = coded.claim_id`,
    [shard, most]
  )
  return rowCount ?? 0
}

interface DueCodesQuery {
  readonly shard: number
  /** how long they have waited at least */
  readonly seconds: number
  readonly most: number
  /** the list begins after this one */
  readonly after: StoredClaim | undefined
}

/** Claims that wait for their codes, in the order of their decisions. */
export async function claimsWithoutCodes(db: Queryable, query: DueCodesQuery): Promise<StoredClaim[]> {
  const [, epoch, sequence] = query.after?.id.split('-') ?? [undefined, 0, 0]
  const { rows } = await db.query<StoredClaim>(
    `select ${columns} from claims
     where shard = $1 and codes_due and accepted_at < now() - make_interval(secs => $2)
       and (epoch, sequence) > ($3::bigint, $4::bigint)
     order by epoch, sequence limit $5`,
    [query.shard, query.seconds, epoch, sequence, query.most]
  )
  return rows.map(inside)
}

/** Claims of a campaign that wait for codes. */
export async function countClaimsWithoutCodes(db: Queryable, campaign: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select count(*) as count from claims where codes_due and campaign_id = $1',
    [campaign]
  )
  return rows[0]?.count ?? 0
}
