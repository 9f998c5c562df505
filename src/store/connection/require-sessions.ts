import { randomInt } from 'node:crypto'
import pg from 'pg'
import { PoolerError } from './schema-error.ts'

/** How often the check repeats: a pooler has many backends, and each round gives it a chance to use another one. */
const ROUNDS = 2
const MARK = 'floodgate looks whether sessions are kept'

function refusal(what: string): PoolerError {
  return new PoolerError(
    `DATABASE_URL leads to a pooler that keeps no sessions: ${what}.`,
    'Name the Postgres server itself, or a pooler in session mode (pgbouncer: pool_mode = session).'
  )
}

/**
 * Checks that a connection is a session: that it and a second one have different backends, and keep them, their locks and
 * their settings over transactions of both. A check over one connection alone would show nothing: a pooler without other
 * clients gives it the same backend each time.
 * @throws PoolerError; the error of Postgres when it does not answer
 */
export async function requireSessions(one: pg.ClientBase, options: pg.ClientConfig): Promise<void> {
  const two = new pg.Client(options)
  two.on('error', () => {})
  await two.connect()
  const key = randomInt(2 ** 31)
  try {
    // few and long statements, because every process and every command waits for them before its first answer
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
    // a pooler in statement mode allows no transaction at all
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

/** Checks one connection while the other one holds a backend. @throws PoolerError */
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
