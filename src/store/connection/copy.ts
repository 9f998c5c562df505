import { finished } from 'node:stream/promises'
import type { Client, ClientBase } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

export type CopyValue = string | number | null

const SPECIAL = /[\\\t\n\r]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function copyText(value: CopyValue): string {
  if (value === null) return '\\N'
  if (typeof value === 'number') return String(value)
  return SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (found) => ESCAPES[found] ?? found) : value
}

/**
 * Inserts rows by COPY: half the work in Postgres that rows as JSON take.
 * @param target table and columns, such as `orders (order_id, status)`
 * @throws what Postgres says, constraint violations among it
 */
export async function copyRows(
  session: ClientBase,
  target: string,
  rows: ReadonlyArray<readonly CopyValue[]>
): Promise<void> {
  if (rows.length === 0) return
  const text = rows.map((row) => row.map(copyText).join('\t')).join('\n')
  const stream = session.query(copyFrom(`copy ${target} from stdin`))
  stream.end(`${text}\n`)
  await finished(stream)
}

interface Write {
  /** of the prepared statement; without one it is planned anew each time */
  readonly name?: string
  readonly text: string
  readonly rows: readonly unknown[]
}

/** Runs a statement on rows as JSON, `$2`; no rows cost no statement. */
export async function writeRows(session: Client, shard: number, { name, text, rows }: Write): Promise<void> {
  if (rows.length === 0) return
  await session.query({ ...(name !== undefined && { name }), text, values: [shard, JSON.stringify(rows)] })
}
