import type { Queryable } from '../connection/transaction.ts'
import { issuedUser, storedUser } from '../connection/user-name.ts'
import type { ListenerName } from './places.ts'

/** What a decision says of an assist; moments are texts that sort. */
export interface AssistMoment {
  readonly assist: string
  readonly share: string
  readonly sharer: string
  readonly given?: string
  readonly voided?: string
}

export interface VoidedShare {
  readonly share: string
  readonly voided: string
}

/** An assist as far as a listener has met decisions about it. */
export interface MetAssist {
  readonly assist: string
  readonly sharer: string
  /** null: only what voids it was met */
  readonly given: string | null
  /** when it or its share was voided, whichever was first; null for neither */
  readonly gone: string | null
}

const ofListener = 'a.campaign_id = $1 and a.listener = $2'

const met = `
  select a.assist_id as assist, a.sharer_id as sharer, a.given, least(a.voided, s.voided) as gone
  from followed_assists a left join followed_share_voids s using (campaign_id, listener, share_id)
  where ${ofListener}`

async function read(db: Queryable, where: string, values: readonly unknown[]): Promise<MetAssist[]> {
  const { rows } = await db.query<MetAssist>(`${met} and ${where}`, [...values])
  return rows.map((row) => ({ ...row, sharer: storedUser(row.sharer) }))
}

/**
 * Notes decisions about assists that a listener met, in the transaction that moves its place on; until the end of that nobody else notes
 * any for it. @returns the assists that they are about, as they were and as they are
 */
export async function noteAssists(
  db: Queryable,
  { campaign, name }: ListenerName,
  { assists, shares }: { readonly assists: readonly AssistMoment[]; readonly shares: readonly VoidedShare[] }
): Promise<{ readonly before: readonly MetAssist[]; readonly after: readonly MetAssist[] }> {
  if (assists.length + shares.length === 0) return { before: [], after: [] }
  await db.query(`select pg_advisory_xact_lock(hashtextextended('assists met by ' || $1 || ' ' || $2, 0))`, [
    campaign,
    name
  ])
  const about = [campaign, name, assists.map(({ assist }) => assist), shares.map(({ share }) => share)]
  const isAbout = '(a.assist_id = any($3) or a.share_id = any($4))'
  const before = await read(db, isAbout, about)
  await db.query(
    `insert into followed_share_voids (campaign_id, listener, share_id, voided)
     select $1, $2, share, voided from json_to_recordset($3::json) as v(share text, voided text)
     on conflict on constraint followed_share_voids_pkey do nothing`,
    [campaign, name, JSON.stringify(shares)]
  )
  // one row for an assist, which a portion may give and void
  await db.query(
    `insert into followed_assists as known (campaign_id, listener, assist_id, share_id, sharer_id, given, voided)
     select $1, $2, assist, min(share), min(sharer), min(given), min(voided)
     from json_to_recordset($3::json) as m(assist text, share text, sharer text, given text, voided text) group by assist
     on conflict on constraint followed_assists_pkey do update
       set given = coalesce(known.given, excluded.given), voided = coalesce(known.voided, excluded.voided)`,
    [campaign, name, JSON.stringify(assists.map((each) => ({ ...each, sharer: issuedUser(each.sharer) })))]
  )
  return { before, after: await read(db, isAbout, about) }
}

/** All assists of some sharers that a listener has met. */
export function assistsOfSharers(
  db: Queryable,
  { campaign, name }: ListenerName,
  sharers: readonly string[]
): Promise<MetAssist[]> {
  return read(db, 'a.sharer_id = any($3)', [campaign, name, sharers.map(issuedUser)])
}

/** Forgets what a listener has met, which reads the history of its campaign again. */
export async function forgetAssists(db: Queryable, { campaign, name }: ListenerName): Promise<void> {
  for (const table of ['followed_assists', 'followed_share_voids']) {
    await db.query(`delete from ${table} where campaign_id = $1 and listener = $2`, [campaign, name])
  }
}
