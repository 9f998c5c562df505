import type { Pool } from 'pg'
import { inTransaction, type Queryable } from '../connection/transaction.ts'
import { recordAudit } from '../operators/audit.ts'
import { requestReopening } from './shards.ts'

export interface ReconciliationRow {
  readonly id: number
  readonly shard: number
  readonly askedBy: string
  readonly askedAt: Date
  readonly state: 'asked' | 'running' | 'done' | 'failed'
  /** users compared so far */
  readonly progress: number
  readonly finishedAt: Date | null
  /** as src/recovery/compare/reconcile.ts returned it */
  readonly result: unknown
  readonly failure: string | null
}

const columns = `reconciliation_id::float8 as id, shard, asked_by as "askedBy", asked_at as "askedAt", state,
  progress::float8 as progress, finished_at as "finishedAt", result, failure`

/** Who asks, and under which key: a second request under the same key changes nothing. */
interface AskedOnce {
  readonly operator: string
  readonly key: string
}

/** @param askedAt when the key was taken for this request */
type Reopening = AskedOnce & { readonly askedAt: Date | undefined; readonly reason: string }

/** Asks the owner of a shard to compare everything. A request under a known key, or while another one waits, returns that one. */
export async function askReconciliation(
  db: Queryable,
  shard: number,
  { operator, key }: AskedOnce
): Promise<ReconciliationRow> {
  const { rows } = await db.query<ReconciliationRow>(
    `with known as (
       select ${columns} from reconciliations
       where (asked_by = $2 and asked_key = $3) or (shard = $1 and state = 'asked')
       order by asked_key is distinct from $3, reconciliation_id limit 1
     ), asked as (
       insert into reconciliations (shard, asked_by, asked_key)
       select $1, $2, $3 where not exists (select 1 from known)
       -- asked twice at once: the first one is returned, as it is
       on conflict (asked_by, asked_key) where asked_key is not null do update set asked_key = excluded.asked_key
       returning ${columns}
     )
     select * from known union all select * from asked`,
    [shard, operator, key]
  )
  const row = rows[0]
  if (!row) throw new Error('A reconciliation was asked for and has no row')
  return row
}

/** Takes the oldest comparison that was asked for, or one that a worker left half-way, and marks it as running. */
export async function takeReconciliation(db: Queryable, shard: number): Promise<ReconciliationRow | undefined> {
  const { rows } = await db.query<ReconciliationRow>(
    `update reconciliations set state = 'running', progress = 0
     where reconciliation_id = (
       select reconciliation_id from reconciliations where shard = $1 and state in ('asked', 'running')
       order by reconciliation_id limit 1
     ) returning ${columns}`,
    [shard]
  )
  return rows[0]
}

export async function noteProgress(db: Queryable, id: number, users: number): Promise<void> {
  await db.query('update reconciliations set progress = $2 where reconciliation_id = $1', [id, users])
}

export async function finishReconciliation(
  db: Queryable,
  id: number,
  ended: { readonly result: unknown } | { readonly failure: string }
): Promise<void> {
  const failed = 'failure' in ended
  await db.query(
    `update reconciliations set state = $2, result = $3, failure = $4, finished_at = now() where reconciliation_id = $1`,
    [id, failed ? 'failed' : 'done', failed ? null : JSON.stringify(ended.result), failed ? ended.failure : null]
  )
}

/** Records differences that the continuous comparison found. */
export async function recordFound(db: Queryable, shard: number, result: unknown): Promise<void> {
  await db.query(
    `insert into reconciliations (shard, asked_by, state, result, finished_at) values ($1, 'continuous', 'done', $2, now())`,
    [shard, JSON.stringify(result)]
  )
}

export async function findReconciliation(db: Queryable, id: number): Promise<ReconciliationRow | undefined> {
  const { rows } = await db.query<ReconciliationRow>(
    `select ${columns} from reconciliations where reconciliation_id = $1`,
    [id]
  )
  return rows[0]
}

/** The newest ones of all shards first, older than the id `before` where given. */
export async function listReconciliations(
  db: Queryable,
  page: { limit: number; before?: number | undefined }
): Promise<ReconciliationRow[]> {
  const { rows } = await db.query<ReconciliationRow>(
    `select ${columns} from reconciliations where reconciliation_id < $1
     order by reconciliation_id desc limit $2`,
    [page.before ?? Number.MAX_SAFE_INTEGER, page.limit]
  )
  return rows
}

/**
 * Closes a shard so that its owner opens it again and mends what differs, and records who asked for it and why.
 * @returns `closed`: now; `repeated`: this key asked before for the same reason; `reused`: it asked before for another one, or before this request took it
 */
export function askReopening(
  pool: Pool,
  shard: number,
  { operator, key, askedAt, reason }: Reopening
): Promise<'closed' | 'repeated' | 'reused'> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      'insert into reopenings (operator, key, shard, reason) values ($1, $2, $3, $4) on conflict do nothing',
      [operator, key, shard, reason]
    )
    if (rowCount === 0) {
      const { rows } = await client.query<{ reason: string; askedAt: Date }>(
        'select reason, asked_at as "askedAt" from reopenings where operator = $1 and key = $2',
        [operator, key]
      )
      const [known] = rows
      const isSame = known?.reason === reason && (askedAt === undefined || known.askedAt >= askedAt)
      return isSame ? 'repeated' : 'reused'
    }
    await recordAudit(client, {
      operator,
      action: 'shard.reopening',
      target: `shard:${shard}`,
      reason,
      before: null,
      after: null
    })
    await requestReopening(client, shard)
    return 'closed'
  })
}
