import type { Queryable } from '../connection/transaction.ts'

/** A report that was stored. */
export interface ReportVersion {
  readonly version: number
  readonly final: boolean
  readonly reason: string | null
  readonly operator: string
  readonly madeAt: Date
}

const columns = 'version, final, reason, operator, made_at as "madeAt"'

/** Stores a report as the campaign's next version; the caller holds the campaign's lock, so that two get different numbers. */
export async function storeReport(
  client: Queryable,
  report: {
    readonly campaign: string
    readonly final: boolean
    readonly body: object
    readonly reason: string | undefined
    readonly operator: string
  }
): Promise<ReportVersion> {
  const { rows } = await client.query<ReportVersion>(
    `insert into report_versions (campaign_id, version, final, body, reason, operator)
     select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5 from report_versions where campaign_id = $1 returning ${columns}`,
    [report.campaign, report.final, JSON.stringify(report.body), report.reason ?? null, report.operator]
  )
  const [row] = rows
  if (row === undefined) throw new Error('A report that was stored is gone')
  return row
}

/** The versions of a campaign's report, oldest first. */
export async function listReports(db: Queryable, campaign: string): Promise<ReportVersion[]> {
  const sql = `select ${columns} from report_versions where campaign_id = $1 order by version`
  return (await db.query<ReportVersion>(sql, [campaign])).rows
}

/** A version with its report, as it was stored. @param version the newest final one where none is named */
export async function findReport(
  db: Queryable,
  campaign: string,
  version: number | undefined
): Promise<(ReportVersion & { readonly body: unknown }) | undefined> {
  const { rows } = await db.query<ReportVersion & { body: unknown }>(
    `select ${columns}, body from report_versions where campaign_id = $1 and ($2::int is null and final or version = $2)
     order by version desc limit 1`,
    [campaign, version ?? null]
  )
  return rows[0]
}

export async function hasFinalReport(db: Queryable, campaign: string): Promise<boolean> {
  const { rows } = await db.query('select 1 from report_versions where campaign_id = $1 and final limit 1', [campaign])
  return rows.length > 0
}

/** What a campaign is compared with, as an operator gave it. */
export async function findBaseline(db: Queryable, campaign: string): Promise<unknown> {
  const { rows } = await db.query<{ body: unknown }>('select body from report_baselines where campaign_id = $1', [
    campaign
  ])
  return rows[0]?.body
}

/** Puts a baseline in the place of the one before. */
export async function saveBaseline(
  client: Queryable,
  { campaign, body, operator }: { readonly campaign: string; readonly body: object; readonly operator: string }
): Promise<void> {
  await client.query(
    `insert into report_baselines (campaign_id, body, operator) values ($1, $2, $3)
     on conflict on constraint report_baselines_pkey do update set body = excluded.body, operator = excluded.operator, updated_at = now()`,
    [campaign, JSON.stringify(body), operator]
  )
}
