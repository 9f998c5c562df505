import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'

/** An order or a registration of a user, who may have come by a share. */
interface Conversion {
  readonly what: 'order' | 'registration'
  /** the order, or the user who registered: counted once */
  readonly cause: string
  readonly user: string
  /** ms since 1970 */
  readonly at: number
  /** the share that a report names; absent: the one that the user visited last, signed in */
  readonly share?: string | null
}

// A later visit says nothing about an earlier order: visits count from their first one on, and at most until the order.
const convert = `
  insert into share_conversions (campaign_id, cause, what, share_id, user_id, at)
  select $1, c.cause, c.what, found.share_id, c."user", to_timestamp(c.at / 1000.0)
  from json_to_recordset($2::json) as c(what text, cause text, "user" text, at bigint, share text),
  lateral (
    select c.share as share_id where c.share is not null
      and exists (select from shares s where s.share_id = c.share and s.campaign_id = $1 and s.user_id <> c."user")
    union all
    (select v.share_id from share_visitors v
     where c.share is null and v.campaign_id = $1 and v.user_id = c."user" and v.first_at <= to_timestamp(c.at / 1000.0)
       and v.last_at >= to_timestamp(c.at / 1000.0) - make_interval(hours => $3)
     order by least(v.last_at, to_timestamp(c.at / 1000.0)) desc, v.last_at limit 1)
  ) found
  on conflict on constraint share_conversions_pkey do nothing returning share_id as share`

interface Led {
  readonly share: string
}

/**
 * Counts conversions for the shares that led to them, each once.
 * @param hours how long a visit counts
 * @returns the shares that led to more
 */
export async function noteConversions(
  db: Queryable,
  { campaign, hours }: { readonly campaign: string; readonly hours: number },
  conversions: readonly Conversion[]
): Promise<string[]> {
  if (conversions.length === 0) return []
  const rows = conversions.map((each) => ({ ...each, user: issuedUser(each.user) }))
  const led = await db.query<Led>(convert, [campaign, JSON.stringify(rows), hours])
  return led.rows.map(({ share }) => share)
}

/** Takes orders out of the count that expired, were cancelled or came back in full. @returns the shares that led to them */
export async function undoConversions(db: Queryable, campaign: string, orders: readonly string[]): Promise<string[]> {
  if (orders.length === 0) return []
  const { rows } = await db.query<Led>(
    `update share_conversions set undone_at = now()
     where campaign_id = $1 and what = 'order' and cause = any($2) and undone_at is null
     returning share_id as share`,
    [campaign, orders]
  )
  return rows.map(({ share }) => share)
}
