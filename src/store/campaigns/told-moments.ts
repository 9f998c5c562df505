import type { Queryable } from '../connection/transaction.ts'

/** A moment of a session, or of a campaign, which has no activity and session. */
interface MomentPlace {
  readonly campaign: string
  readonly activity: string
  readonly session: string
  readonly moment: string
}

/** Since when moments are told, in ms since 1970. */
export async function toldSince(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ at: Date }>(`select told_at as at from told_moments where campaign_id = ''`)
  return rows[0]?.at.getTime() ?? 0
}

/** The moments of a campaign that were told. */
export async function toldMoments(db: Queryable, campaign: string): Promise<MomentPlace[]> {
  const { rows } = await db.query<MomentPlace>(
    `select campaign_id as campaign, activity_id as activity, session_id as session, moment from told_moments
     where campaign_id = $1`,
    [campaign]
  )
  return rows
}

export async function noteMoments(db: Queryable, moments: readonly MomentPlace[]): Promise<void> {
  if (moments.length === 0) return
  await db.query(
    `insert into told_moments (campaign_id, activity_id, session_id, moment)
     select campaign, activity, session, moment
     from json_to_recordset($1::json) as m(campaign text, activity text, session text, moment text)
     on conflict on constraint told_moments_pkey do nothing`,
    [JSON.stringify(moments)]
  )
}
