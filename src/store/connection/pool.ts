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

/** The settings of every connection: each gives up after a few seconds, since a paused owner must release its locks. */
const SETTINGS = {
  statement_timeout: 5000,
  lock_timeout: 3000,
  idle_in_transaction_session_timeout: 5000
} as const

/**
 * A connection pool whose connections see the namespace's schema and give up by themselves. Its first connection checks that
 * sessions are kept: every process and every command has a pool, so none of them works behind a pooler that keeps none; connecting
 * throws PoolerError there.
 * @param options.max the most connections
 */
export function createPool(config: Config, options: PoolOptions): pg.Pool {
  const place = sessionOptions(config, options.name)
  let checked: Promise<void> | undefined
  // when the check could not be made, the next connection makes it
  const check = (client: pg.ClientBase) =>
    requireSessions(client, place).catch((error: unknown) => {
      checked = undefined
      throw error
    })
  const pool = new pg.Pool({
    ...place,
    max: options.max,
    idleTimeoutMillis: 30_000,
    // the pool waits for the promise that this returns, and its failure is a failure of the connection
    onConnect: async (client) => {
      // The pool stops listening to a connection that is in use, and the connection may break between two queries.
      client.on('error', () => {})
      await begin(client, config)
      checked ??= check(client)
      await checked
    }
  })
  // The pool replaces an idle connection that breaks; without a listener the error would end the process.
  pool.on('error', () => {})
  return pool
}

/** Postgres ends a connection of `openSession` that sends nothing for so long, and releases its locks. */
const IDLE_SESSION_MS = 8000

/**
 * Opens one connection of its own, for what must end with it (advisory locks). Its holder must send a query every few seconds:
 * otherwise an owner that stops working outside of a transaction would keep its shard for ever.
 * @throws the error of Postgres when it does not answer
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

/** A schema's name in a statement, quoted: NAMESPACE may be a word of SQL, such as user. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * Sets up a connection by statements and not by start-up parameters, because poolers refuse or drop those; statements take effect
 * whatever a pooler does with parameters.
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
