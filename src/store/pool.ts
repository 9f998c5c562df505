import pg from 'pg'
import type { Config } from '../config/config.ts'
import { databasePlace } from '../config/database-url.ts'

// bigint columns hold counters below 2^53: numbers, not strings
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

interface PoolOptions {
  readonly max: number
  readonly name: string
}

/**
 * A pool whose sessions see the namespace's schema and give up on their own: a paused owner must let go of its locks.
 * @param options.max connections at most
 */
export function createPool(config: Config, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({ ...sessionOptions(config, options.name), max: options.max, idleTimeoutMillis: 30_000 })
  // A broken idle connection is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {})
  // The pool stops listening to a connection that somebody holds, and one may break between two of its queries.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** A session of `createSession` that asks nothing for so long is ended by Postgres, its locks with it. */
const IDLE_SESSION_MS = 8000

/**
 * One session of its own, for what must live and die with it (advisory locks). Not connected yet. Who holds it must ask
 * something every few seconds: an owner that stands still outside of a transaction would keep its shard for ever.
 */
export function createSession(config: Config, name: string): pg.Client {
  const client = new pg.Client(sessionOptions(config, name, { idle_session_timeout: IDLE_SESSION_MS }))
  client.on('error', () => {})
  return client
}

function sessionOptions(config: Config, name: string, settings: Record<string, number> = {}): pg.ClientConfig {
  return {
    ...databasePlace(config, { name, settings }),
    connectionTimeoutMillis: 3000,
    query_timeout: 8000,
    statement_timeout: 5000,
    lock_timeout: 3000,
    idle_in_transaction_session_timeout: 5000,
    keepAlive: true
  }
}
