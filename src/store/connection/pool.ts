import pg from 'pg'
import type { Config } from '../../config/config.ts'
import { databasePlace } from '../../config/database-url.ts'
import { requireSessions } from './require-sessions.ts'

// bigint columns hold counters below 2^53: numbers, not strings
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

interface PoolOptions {
  readonly max: number
  readonly name: string
}

/** The settings of every session: each gives up on its own, since a paused owner must let go of its locks. */
const SETTINGS = {
  statement_timeout: 5000,
  lock_timeout: 3000,
  idle_in_transaction_session_timeout: 5000
} as const

/**
 * A pool whose sessions see the namespace's schema and give up on their own. Its first connection makes sure that there are
 * sessions at all: every process and every command has its pool, so none of them works behind a pooler that keeps none;
 * connecting throws PoolerError there.
 * @param options.max connections at most
 */
export function createPool(config: Config, options: PoolOptions): pg.Pool {
  const place = sessionOptions(config, options.name)
  let checked: Promise<void> | undefined
  // what could not be asked is asked by the next connection
  const check = (client: pg.ClientBase) =>
    requireSessions(client, place).catch((error: unknown) => {
      checked = undefined
      throw error
    })
  const pool = new pg.Pool({
    ...place,
    max: options.max,
    idleTimeoutMillis: 30_000,
    // what it returns is waited for, and its failure is that of the connection
    onConnect: async (client) => {
      // The pool stops listening to a connection that somebody holds, and one may break between two of its queries.
      client.on('error', () => {})
      await begin(client, config)
      checked ??= check(client)
      await checked
    }
  })
  // A broken idle connection is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {})
  return pool
}

/** A session of `openSession` that asks nothing for so long is ended by Postgres, its locks with it. */
const IDLE_SESSION_MS = 8000

/**
 * One session of its own, for what must live and die with it (advisory locks). Who holds it must ask something every few
 * seconds: an owner that stands still outside of a transaction would keep its shard for ever.
 * @throws what Postgres says when it does not answer
 */
export async function openSession(config: Config, name: string): Promise<pg.Client> {
  const client = new pg.Client(sessionOptions(config, name))
  client.on('error', () => {})
  try {
    await client.connect()
    await begin(client, config, { idle_session_timeout: IDLE_SESSION_MS })
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
  return client
}

/** A schema's name in a statement: NAMESPACE may be a word of SQL, such as user. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * By statements and not by parameters of the start: poolers refuse or swallow those, and what is set here is set whatever they
 * do with them.
 */
async function begin(client: pg.ClientBase, { NAMESPACE }: Config, more: Record<string, number> = {}): Promise<void> {
  const settings = Object.entries({ ...SETTINGS, ...more }).map(([name, value]) => `set ${name} to ${value}`)
  await client.query([`set search_path to ${quoted(NAMESPACE)}`, ...settings].join('; '))
}

function sessionOptions(config: Config, name: string): pg.ClientConfig {
  return {
    ...databasePlace(config, { name }),
    connectionTimeoutMillis: 3000,
    query_timeout: 8000,
    keepAlive: true
  }
}
