import { randomInt } from 'node:crypto'
import pg from 'pg'
import { PoolerError } from './schema-error.ts'

/** A pooler keeps many backends; each round gives it the occasion to hand out another one. */
const ROUNDS = 2
const MARK = 'floodgate looks whether sessions are kept'

function refusal(what: string): PoolerError {
  return new PoolerError(
    `DATABASE_URL leads to a pooler that keeps no sessions: ${what}.`,
    'Name the Postgres server itself, or a pooler in session mode (pgbouncer: pool_mode = session).'
  )
}

/**
 * Makes sure that a connection is a session: it and another one have backends of their own, and keep them, their locks and
 * their settings over transactions of both. Asking over one connection alone would tell nothing: a pooler without other
 * guests gives it the same backend again and again.
 * @throws PoolerError; what Postgres says when it does not answer
 */
export async function requireSessions(one: pg.ClientBase, options: pg.ClientConfig): Promise<void> {
  const two = new pg.Client(options)
  two.on('error', () => {})
  await two.connect()
  const key = randomInt(2 ** 31)
  try {
    // few and long statements: this stands before the first answer of every process and every command
    const { rows } = await one.query<{ pid: number; name: string }>(
      `select current_setting('application_name') as name, set_config('application_name', $1, false), pg_backend_pid() as pid,
         pg_advisory_lock($2::bigint)`,
      [MARK, key]
    )
    const [first] = rows
    for (let round = 0; round < ROUNDS; round += 1) await compare({ one, two, pid: first?.pid, key })
    await one.query(`select pg_advisory_unlock($1::bigint), set_config('application_name', $2, false)`, [
      key,
      first?.name ?? ''
    ])
  } catch (error) {
    // that mode allows no transaction at all
    if (error instanceof Error && /statement pooling/.test(error.message)) throw refusal(error.message)
    throw error
  } finally {
    await two.end().catch(() => {})
  }
}

interface Pair {
  readonly one: pg.ClientBase
  readonly two: pg.Client
  readonly pid: number | undefined
  readonly key: number
}

/** Looks at the one while the other holds a backend. @throws PoolerError */
async function compare({ one, two, pid, key }: Pair): Promise<void> {
  await two.query('begin')
  const other = await two.query<{ pid: number; taken: boolean }>(
    'select pg_backend_pid() as pid, pg_try_advisory_xact_lock($1::bigint) as taken',
    [key]
  )
  if (other.rows[0]?.pid === pid) throw refusal('two connections share one backend')
  if (other.rows[0]?.taken) throw refusal('the lock of a session is not held')
  const own = await one.query<{ pid: number; name: string }>(
    "select pg_backend_pid() as pid, current_setting('application_name') as name"
  )
  if (own.rows[0]?.pid !== pid) throw refusal('a connection changes its backend between transactions')
  if (own.rows[0]?.name !== MARK) throw refusal('the setting of a session is lost')
  await two.query('rollback')
}
