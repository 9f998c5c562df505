import type { Queryable } from '../connection/transaction.ts'

/** A share that is verified, and by whom: `visit`, or the name of a service. */
interface Verification {
  readonly share: string
  readonly campaign: string
  readonly by: string
  /** ms since 1970 */
  readonly at: number
}

/** Notes shares as verified, each once and none that was voided. @returns those that were not verified before */
export async function verifyShares(db: Queryable, verifications: readonly Verification[]): Promise<Set<string>> {
  const { rows } = await db.query<{ share_id: string }>(
    `insert into share_states as known (share_id, campaign_id, verified_at, verified_by)
     select distinct on (share) share, campaign, to_timestamp(at / 1000.0), by
     from json_to_recordset($1::json) as v(share text, campaign text, by text, at bigint) order by share, at
     on conflict on constraint share_states_pkey do update
       set verified_at = excluded.verified_at, verified_by = excluded.verified_by
       where known.verified_at is null and known.voided_at is null
     returning share_id`,
    [JSON.stringify(verifications)]
  )
  return new Set(rows.map(({ share_id }) => share_id))
}

/** Notes that shares were voided. */
export async function noteVoidedShares(db: Queryable, campaign: string, shares: readonly string[]): Promise<void> {
  await db.query(
    `insert into share_states as known (share_id, campaign_id, voided_at)
     select distinct share, $1, now() from unnest($2::text[]) as v(share) order by share
     on conflict on constraint share_states_pkey do update set voided_at = coalesce(known.voided_at, excluded.voided_at)`,
    [campaign, shares]
  )
}

/** A service's report on whether a share is genuine. */
interface ShareReport {
  readonly campaign: string
  readonly source: string
  /** id of the event, unique at its source */
  readonly sourceEventId: string
  readonly share: string
  readonly verified: boolean
}

/** Notes a report once, however often it arrives; `conflict`: this event told something else before. */
export async function noteShareReport(
  db: Queryable,
  { campaign, source, sourceEventId, share, verified }: ShareReport
): Promise<'noted' | 'repeated' | 'conflict'> {
  const { rowCount } = await db.query(
    `insert into share_reports (campaign_id, source, source_event_id, share_id, verified) values ($1, $2, $3, $4, $5)
     on conflict on constraint share_reports_pkey do nothing`,
    [campaign, source, sourceEventId, share, verified]
  )
  if (rowCount === 1) return 'noted'
  const { rows } = await db.query<{ same: boolean }>(
    `select share_id = $4 and verified = $5 as same from share_reports
     where campaign_id = $1 and source = $2 and source_event_id = $3`,
    [campaign, source, sourceEventId, share, verified]
  )
  return rows[0]?.same === true ? 'repeated' : 'conflict'
}
