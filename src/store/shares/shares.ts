import { type Page, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'

/** A share and what became of it. */
export interface StoredShare {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  readonly user: string
  readonly campaign: string
  readonly channel: string
  readonly subjectType: string
  readonly subject: string
  readonly createdAt: Date
  /** what its user told with it; null for nothing */
  readonly text: string | null
  readonly verifiedBy: string | null
  readonly verifiedAt: Date | null
  readonly voided: boolean
}

/** A share with its figures. */
export interface CountedShare extends StoredShare {
  readonly clicks: number
  readonly repeats: number
  readonly bots: number
  /** assists that stand */
  readonly assists: number
  readonly orders: number
  readonly registrations: number
}

const columns = `s.share_id as id, s.user_id as "user", s.campaign_id as campaign, s.channel, s.subject_type as "subjectType",
  s.subject_id as subject, s.created_at as "createdAt", t.text, st.verified_by as "verifiedBy", st.verified_at as "verifiedAt",
  st.voided_at is not null as voided`

const joined = `shares s left join share_states st using (share_id)
  left join share_texts t on t.user_id = s.user_id and t.key = s.key and t.hash = s.hash`

const figures = `coalesce(c.clicks, 0) as clicks, coalesce(c.repeats, 0) as repeats, coalesce(c.bots, 0) as bots,
  (select count(*) from assists a where a.share_id = s.share_id and a.voided_at is null) as assists,
  (select count(*) from share_conversions v where v.share_id = s.share_id and what = 'order' and undone_at is null) as orders,
  (select count(*) from share_conversions v where v.share_id = s.share_id and what = 'registration') as registrations`

/** Shares by id, those that Postgres has, in any order. */
export async function sharesById(db: Queryable, ids: readonly string[]): Promise<CountedShare[]> {
  const { rows } = await db.query<CountedShare>({
    name: 'shares-by-id',
    text: `select ${columns}, ${figures} from ${joined} left join share_clicks c using (share_id) where s.share_id = any($1)`,
    values: [ids]
  })
  return rows.map(inside)
}

/** Shares of a user in a campaign, voided ones too, newest first. */
export async function sharesOfUser(
  db: Queryable,
  { campaign, user }: { readonly campaign: string; readonly user: string },
  page: Page
): Promise<CountedShare[]> {
  const { rows } = await db.query<CountedShare>(
    `select ${columns}, ${figures} from ${joined} left join share_clicks c using (share_id)
     where s.campaign_id = $1 and s.user_id = $2
       and ($3::timestamptz is null or (s.created_at, s.epoch, s.sequence, s.share_id) < ($3, $4::bigint, $5::bigint, $6))
     order by s.created_at desc, s.epoch desc, s.sequence desc, s.share_id desc limit $7`,
    [campaign, issuedUser(user), ...placeValues(page.before), page.before?.id ?? null, page.limit]
  )
  return rows.map(inside)
}

/** Shares of a campaign on a channel that were not voided, newest first. */
export async function sharesOnChannel(
  db: Queryable,
  { campaign, channel }: { readonly campaign: string; readonly channel: string },
  page: Page
): Promise<StoredShare[]> {
  const { rows } = await db.query<StoredShare>(
    `select ${columns} from ${joined}
     where s.campaign_id = $1 and s.channel = $2 and st.voided_at is null
       and ($3::timestamptz is null or (s.created_at, s.epoch, s.sequence, s.share_id) < ($3, $4::bigint, $5::bigint, $6))
     order by s.created_at desc, s.epoch desc, s.sequence desc, s.share_id desc limit $7`,
    [campaign, channel, ...placeValues(page.before), page.before?.id ?? null, page.limit]
  )
  return rows.map(inside)
}

/** Shares, clicks and conversions of a channel and a type of subject. */
interface ShareFigures {
  readonly channel: string
  readonly subject: string
  readonly shares: number
  readonly verified: number
  readonly voided: number
  readonly clicks: number
  readonly repeats: number
  readonly bots: number
  readonly orders: number
  readonly registrations: number
}

/** The figures of a campaign by channel and type of subject. */
export async function shareFigures(db: Queryable, campaign: string): Promise<ShareFigures[]> {
  const { rows } = await db.query<ShareFigures>(
    `with converted as (
       select share_id, count(*) filter (where what = 'order' and undone_at is null) as orders,
         count(*) filter (where what = 'registration') as registrations
       from share_conversions where campaign_id = $1 group by share_id
     )
     select channel, subject_type as subject, count(*) as shares, count(st.verified_at) as verified, count(st.voided_at) as voided,
       coalesce(sum(clicks), 0)::bigint as clicks, coalesce(sum(repeats), 0)::bigint as repeats,
       coalesce(sum(bots), 0)::bigint as bots, coalesce(sum(orders), 0)::bigint as orders,
       coalesce(sum(registrations), 0)::bigint as registrations
     from shares s left join share_states st using (share_id) left join share_clicks c using (share_id)
       left join converted using (share_id)
     where s.campaign_id = $1 group by channel, subject_type order by channel, subject_type`,
    [campaign]
  )
  return rows
}

/** A text that a user tells with a share, under the request that makes the share. */
interface ShareText {
  readonly user: string
  readonly key: string
  readonly hash: string
  readonly text: string
}

/** Keeps a text before the gate decides; a share that is refused leaves it to `forgetUnusedTexts`. */
export async function saveShareText(db: Queryable, { user, key, hash, text }: ShareText): Promise<void> {
  await db.query(
    `insert into share_texts (user_id, key, hash, text) values ($1, $2, $3, $4)
     on conflict on constraint share_texts_pkey do nothing`,
    [issuedUser(user), key, hash, text]
  )
}

/** How many texts one statement looks at. */
const PAGE = 1000

/**
 * Looks at the oldest texts that are older than `days` and not known to be used: deletes those of shares that were never made, and marks the others,
 * which are not looked at again.
 * @returns how many it looked at, 0 once there are none, and how many were deleted
 */
export async function forgetUnusedTexts(
  db: Queryable,
  days: number
): Promise<{ readonly looked: number; readonly forgotten: number }> {
  const { rows } = await db.query<{ looked: number; forgotten: number }>(
    `with page as materialized (
       select user_id, key, hash,
         exists (select from shares s where s.user_id = t.user_id and s.key = t.key and s.hash = t.hash) as used
       from share_texts t where not kept and saved_at < now() - make_interval(days => $1) order by saved_at limit ${PAGE}
     ), marked as (
       update share_texts t set kept = true from page p where p.used and t.user_id = p.user_id and t.key = p.key and t.hash = p.hash
     ), gone as (
       delete from share_texts t using page p where not p.used and t.user_id = p.user_id and t.key = p.key and t.hash = p.hash
     )
     select count(*) as looked, count(*) filter (where not used) as forgotten from page`,
    [days]
  )
  return rows[0] ?? { looked: 0, forgotten: 0 }
}
