import type { Pool, PoolClient } from 'pg'
import { copyRows } from '../connection/copy.ts'
import { inTransaction, type Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { recordAudit } from '../operators/audit.ts'

/** An opening balance; checked by the caller. */
export interface ImportLine {
  /** the id of the entry at its source, unique within its unit */
  readonly reference: string
  readonly user: string
  /** from 1 */
  readonly amount: number
}

interface ImportLoad {
  /** an account unit */
  readonly unit: string
  /** name of the operator or service */
  readonly by: string
  readonly reason?: string | undefined
  readonly lines: AsyncIterable<ImportLine> | Iterable<ImportLine>
}

const LINES_PER_TRANSACTION = 20_000

/**
 * Stores opening balances, each reference once; the worker later has them credited. Each transaction writes an audit entry of its
 * own, so the audit trail shows how far a file came that ended half-way. Such a file is sent again as a whole.
 * @returns lines stored; duplicates, which change nothing; `differing`, the duplicates whose user or amount is not that of the
 *   first time
 * @throws the error of Postgres or of the source; lines stored before it stay
 */
export async function insertImports(
  db: Pool,
  load: ImportLoad
): Promise<{ accepted: number; duplicates: number; differing: number }> {
  const total = { accepted: 0, duplicates: 0, differing: 0 }
  let chunk: ImportLine[] = []
  const store = async () => {
    const lines = chunk
    chunk = []
    const { accepted, differing } = await inTransaction(db, (client) => storeImports(client, load, lines))
    total.accepted += accepted
    total.duplicates += lines.length - accepted
    total.differing += differing
  }
  for await (const line of load.lines) {
    chunk.push(line)
    if (chunk.length === LINES_PER_TRANSACTION) await store()
  }
  if (chunk.length > 0) await store()
  return total
}

async function storeImports(
  client: PoolClient,
  { unit, by, reason }: ImportLoad,
  lines: readonly ImportLine[]
): Promise<{ accepted: number; differing: number }> {
  await client.query(
    `create temporary table if not exists incoming_imports (line integer, reference text, user_id text, amount bigint)
     on commit delete rows`
  )
  await copyRows(
    client,
    'incoming_imports (line, reference, user_id, amount)',
    lines.map(({ reference, user, amount }, line) => [line, reference, issuedUser(user), amount])
  )
  // without this lock two files with the same references in a different order would deadlock
  await client.query('select pg_advisory_xact_lock(hashtext(current_schema()), hashtext($1))', [`imports of ${unit}`])
  const stored = await client.query(
    `insert into imports (unit, reference, user_id, amount, created_by)
     select $1, reference, user_id, amount, $2 from incoming_imports order by line
     on conflict on constraint imports_pkey do nothing`,
    [unit, by]
  )
  const { rows } = await client.query<{ differing: number }>(
    `select count(*) as differing from incoming_imports n join imports i on i.unit = $1 and i.reference = n.reference
     where (i.user_id, i.amount) <> (n.user_id, n.amount)`,
    [unit]
  )
  const accepted = stored.rowCount ?? 0
  const counts = { accepted, duplicates: lines.length - accepted, differing: rows[0]?.differing ?? 0 }
  await recordAudit(client, {
    operator: by,
    action: 'unit.imported',
    target: `unit:${unit}`,
    reason,
    after: { ...counts, from: lines[0]?.reference, to: lines.at(-1)?.reference }
  })
  return counts
}

/** An opening balance that is not credited yet. */
export interface OpenImport extends ImportLine {
  readonly id: number
  readonly unit: string
}

/** Imports that wait to be credited, in the order in which they were stored, after the id `after`. */
export async function openImports(
  db: Queryable,
  page: { readonly after: number; readonly most: number }
): Promise<OpenImport[]> {
  const { rows } = await db.query<OpenImport>(
    `select import_id as id, unit, reference, user_id as "user", amount from imports
     where state = 'open' and import_id > $1 order by import_id limit $2`,
    [page.after, page.most]
  )
  return rows.map(inside)
}

/** The result of an import: the decision that credited it, or the code by which the gate refuses it for good. */
export type ImportSettlement = { readonly id: number } & ({ readonly decision: string } | { readonly refusal: string })

/** Closes imports, each once. */
export async function closeImports(db: Queryable, settlements: readonly ImportSettlement[]): Promise<void> {
  if (settlements.length === 0) return
  await db.query(
    `update imports set state = case when s.refusal is null then 'applied' else 'refused' end, decision_id = s.decision,
       refusal = s.refusal, closed_at = now()
     from json_to_recordset($1::json) as s(id bigint, decision text, refusal text)
     where imports.import_id = s.id and imports.state = 'open'`,
    [JSON.stringify(settlements)]
  )
}

/** How many imports of a unit are in each state. It counts rows: for operators, not for every request. */
export async function countImports(
  db: Queryable,
  unit: string
): Promise<{ open: number; applied: number; refused: number; amount: number }> {
  const { rows } = await db.query<{ open: number; applied: number; refused: number; amount: number }>(
    `select count(*) filter (where state = 'open') as open, count(*) filter (where state = 'applied') as applied,
       count(*) filter (where state = 'refused') as refused,
       coalesce(sum(amount) filter (where state = 'applied'), 0)::float8 as amount
     from imports where unit = $1`,
    [unit]
  )
  return rows[0] ?? { open: 0, applied: 0, refused: 0, amount: 0 }
}
