import pg from 'pg'
import { textOf } from '../../../src/base/errors.ts'

/** What a statement read: rows of tables, those that it threw away included, and pages, which writes take by chance. */
export interface Cost {
  readonly rows: number
  readonly pages: number
}

interface Plan {
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly Plans?: readonly Plan[]
}

/** Locks outlive the transaction that is undone, and what migrates runs once. */
const APART = /pg_(try_)?advisory|schemaversion/
/** Classes of SQLSTATE: what a statement inserts is there, or lacks what it points to; and it met another one's locks. */
const INTEGRITY = '23'
const ROLLED_BACK = '40'
const ATTEMPTS = 5
const PATIENT_MS = 600_000

/** Notes every statement that this process sends from now on, with the parameters that it had last. @returns what was noted so far */
export function noteStatements(): ReadonlyMap<string, readonly unknown[]> {
  const noted = new Map<string, readonly unknown[]>()
  const query = pg.Client.prototype.query as (...asked: unknown[]) => unknown
  const noting = function (this: pg.Client, ...asked: unknown[]) {
    const [asking, second] = asked
    const { text, values } = (typeof asking === 'string' ? { text: asking, values: second } : asking) as pg.QueryConfig
    if (/^\s*(select|with|insert|update|delete)\b/.test(text) && !APART.test(text))
      noted.set(text, Array.isArray(values) ? values : [])
    return query.apply(this, asked)
  }
  pg.Client.prototype.query = noting as typeof pg.Client.prototype.query
  return noted
}

/** A statement that may take its time, because other tests use the same server; types of the driver lack this member of a question. */
export function patient(text: string, values: readonly unknown[] = []): pg.QueryConfig {
  return { text, values: [...values], query_timeout: PATIENT_MS } as pg.QueryConfig
}

function rowsOf(plan: Plan): number {
  const passed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0)
  const own = plan['Relation Name'] === undefined ? 0 : (plan['Actual Rows'] + passed) * plan['Actual Loops']
  return (plan.Plans ?? []).reduce((sum, inner) => sum + rowsOf(inner), own)
}

/**
 * What a statement reads, and undoes. Small tables are read through where an index would do; so reading through is forbidden, as far as there is
 * an index that serves. A gateway that runs beside it may hold the same rows: then it is asked again.
 * @returns undefined for one that inserts what is there, or cannot any more
 * @throws Error that names the statement
 */
export async function costOf(pool: pg.Pool, text: string, values: readonly unknown[]): Promise<Cost | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await explain(pool, text, values)
    } catch (error) {
      const state = (error as { code?: string }).code ?? ''
      if (state.startsWith(INTEGRITY)) return undefined
      if (!state.startsWith(ROLLED_BACK) || attempt === ATTEMPTS)
        throw new Error(`Postgres refused to explain (${state}) ${text}: ${textOf(error)}`, { cause: error })
    }
  }
}

async function explain(pool: pg.Pool, text: string, values: readonly unknown[]): Promise<Cost> {
  const client = await pool.connect()
  try {
    await client.query('begin; set local enable_seqscan = off; set local statement_timeout = 0')
    const explained = `explain (analyze, buffers, timing off, format json) ${text}`
    const asked = patient(explained, values)
    const { rows } = await client.query<{ 'QUERY PLAN': Array<{ Plan: Plan }> }>(asked)
    const plan = rows[0]?.['QUERY PLAN'][0]?.Plan
    if (plan === undefined) throw new Error('it explained nothing')
    return { rows: rowsOf(plan), pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] }
  } finally {
    await client.query('rollback')
    client.release()
  }
}
