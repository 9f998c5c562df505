import pg from 'pg'
import type { Config } from '../config/config.ts'

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
  return pool
}

/** One session of its own, for what must live and die with it (advisory locks). Not connected yet. */
export function createSession(config: Config, name: string): pg.Client {
  const client = new pg.Client(sessionOptions(config, name))
  client.on('error', () => {})
  return client
}

function sessionOptions(config: Config, name: string): pg.ClientConfig {
  return {
    connectionString: config.DATABASE_URL,
    application_name: name,
    connectionTimeoutMillis: 3000,
    query_timeout: 8000,
    statement_timeout: 5000,
    lock_timeout: 3000,
    idle_in_transaction_session_timeout: 5000,
    keepAlive: true,
    options: `-c search_path=${config.NAMESPACE}`
  }
}
