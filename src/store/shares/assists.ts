import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'

/** An assist as it is stored. */
export interface StoredAssist {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  /** who helped */
  readonly user: string
  readonly campaign: string
  readonly activity: string
  readonly share: string
  /** whose share it is, as issued */
  readonly sharer: string
  readonly givenAt: Date
  readonly voided: boolean
}

export async function assistById(db: Queryable, id: string): Promise<StoredAssist | undefined> {
  const { rows } = await db.query<StoredAssist>(
    `select assist_id as id, user_id as "user", campaign_id as campaign, activity_id as activity, share_id as share,
       sharer_id as sharer, given_at as "givenAt",
       voided_at is not null as voided
     from assists where assist_id = $1`,
    [id]
  )
  return rows[0] && inside(rows[0])
}

/** Notes that assists were voided. */
export async function noteVoidedAssists(db: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db.query('update assists set voided_at = coalesce(voided_at, now()) where assist_id = any($1)', [ids])
}

/** The most assists that a share of a user has, of those that stand. */
export interface BestShare {
  readonly sharer: string
  readonly share: string
  readonly count: number
}

/** Whose shares are looked at. */
interface Meant {
  readonly sharers: readonly string[]
  /** and those to whom such assists were given, whether or not they are voided */
  readonly assists: readonly string[]
}

/**
 * The best share of each sharer that is meant. One sharer is looked at by one transaction at a time, so that the one that comes last sees
 * all that the others have stored.
 */
export async function bestShares(
  db: Queryable,
  campaign: string,
  { sharers: named, assists }: Meant
): Promise<BestShare[]> {
  const sharers = await db.query<{ sharer: string }>(
    `select sharer_id as sharer from assists where campaign_id = $1 and assist_id = any($2)
     union select unnest($3::text[]) order by 1`,
    [campaign, assists, named.map(issuedUser)]
  )
  for (const { sharer } of sharers.rows) {
    await db.query(`select pg_advisory_xact_lock(hashtextextended('assists of ' || $1 || ' ' || $2, 0))`, [
      campaign,
      sharer
    ])
  }
  const { rows } = await db.query<{ user: string; share: string | null; count: number }>(
    `select m.sharer as "user", best.share_id as share, coalesce(best.count, 0) as count
     from unnest($2::text[]) as m(sharer) left join lateral (
       select a.share_id, count(*) as count from assists a left join share_states st using (share_id)
       where a.campaign_id = $1 and a.sharer_id = m.sharer and a.voided_at is null and st.voided_at is null
       group by a.share_id order by count desc, a.share_id limit 1
     ) best on true`,
    [campaign, sharers.rows.map(({ sharer }) => sharer)]
  )
  return rows.map((row) => {
    const { user, share, count } = inside(row)
    return { sharer: user, share: share ?? '', count }
  })
}
