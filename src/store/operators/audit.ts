import type { Queryable } from '../connection/transaction.ts'

/** One change as the audit trail records it. */
export interface AuditEntry {
  /** name of the operator or service */
  readonly operator: string
  /** entity.verb, such as campaign.paused */
  readonly action: string
  /** `campaign:<id>`, `order:<id>`, `user:<id>`, ... */
  readonly target: string
  readonly reason?: string | undefined
  readonly before?: unknown
  readonly after?: unknown
}

export interface AuditRow {
  readonly id: number
  readonly at: Date
  readonly operator: string
  readonly action: string
  readonly target: string
  readonly reason: string | null
  readonly before: unknown
  readonly after: unknown
}

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value))

/** Writes one entry, in the transaction of the change that it records. */
export async function recordAudit(client: Queryable, entry: AuditEntry): Promise<void> {
  await client.query(
    'insert into audit (operator, action, target, reason, before, after) values ($1, $2, $3, $4, $5, $6)',
    [entry.operator, entry.action, entry.target, entry.reason ?? null, json(entry.before), json(entry.after)]
  )
}

/** Writes many entries, likewise. */
export async function recordAudits(client: Queryable, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return
  await client.query(
    `insert into audit (operator, action, target, reason, before, after)
     select operator, action, target, reason, before, after
     from json_to_recordset($1::json) as e(operator text, action text, target text, reason text, before jsonb, after jsonb)`,
    [JSON.stringify(entries)]
  )
}

/** Loads of a pool of codes, newest first: when, by whom, how many. */
export async function poolLoads(
  db: Queryable,
  { campaign, pool }: { readonly campaign: string; readonly pool: string }
): Promise<Array<{ at: string; operator: string; reason: string | null; codes: number }>> {
  const { rows } = await db.query<{ at: Date; operator: string; reason: string | null; codes: number }>(
    `select at, operator, reason, (after ->> 'codes')::int as codes from audit
     where target = 'campaign:' || $1 and action = 'pool.loaded' and after ->> 'pool' = $2 order by audit_id desc limit 100`,
    [campaign, pool]
  )
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }))
}

/** Entries, newest first, older than the id `before`; of one target or one operator where these are given. */
export async function listAudit(
  pool: Queryable,
  page: { limit: number; before?: number | undefined; target?: string | undefined; operator?: string | undefined }
): Promise<AuditRow[]> {
  const { rows } = await pool.query<AuditRow>(
    `select audit_id::float8 as id, at, operator, action, target, reason, before, after from audit
     where audit_id < $1 and ($2::text is null or target = $2) and ($3::text is null or operator = $3)
     order by audit_id desc limit $4`,
    [page.before ?? Number.MAX_SAFE_INTEGER, page.target ?? null, page.operator ?? null, page.limit]
  )
  return rows
}
