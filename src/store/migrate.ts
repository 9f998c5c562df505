import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import Postgrator from 'postgrator'
import type { Config } from '../config/config.ts'
import { databasePlace } from '../config/database-url.ts'

const folder = fileURLToPath(new URL('../../../migrations/', import.meta.url))

/** The database's schema is not the one this version needs; the message says what to do. */
export class SchemaError extends Error {}

export interface Migration {
  readonly version: number
  readonly name: string
}

/**
 * Brings the schema NAMESPACE up to date: every file of migrations/ not yet applied, in order, all in one transaction,
 * one process at a time. Makes the schema the default search path of the connecting user, for reports.
 * @returns what was applied now
 * @throws SchemaError when an applied file was changed, or the database is newer than this version
 */
export async function migrate(config: Config): Promise<Migration[]> {
  const schema = config.NAMESPACE
  const client = new pg.Client({
    ...databasePlace(config, { name: 'floodgate-migrate' }),
    connectionTimeoutMillis: 5000
  })
  await client.connect()
  try {
    await client.query('begin')
    // a migration that waits for a lock stops every later reader of the table: better to fail and be run again
    await client.query("set local lock_timeout = '15s'; set local statement_timeout = '10min'")
    // one lock for all namespaces of a database, because the search path below belongs to the user, not to a namespace
    await client.query("select pg_advisory_xact_lock(hashtextextended('floodgate migrate', 0))")
    await client.query(`create schema if not exists ${schema}`)
    await client.query(`set local search_path to ${schema}`)
    await client.query(`do $$ begin execute format('alter role %I set search_path to ${schema}, public', current_user);
      exception when insufficient_privilege then null; end $$`)
    const postgrator = new Postgrator({
      migrationPattern: `${folder}*.sql`,
      driver: 'pg',
      database: client.database ?? '',
      schemaTable: `${schema}.schemaversion`,
      currentSchema: schema,
      execQuery: (query) => client.query(query)
    })
    const applied = await postgrator.migrate().catch((error: Error) => {
      throw new SchemaError(
        `The schema ${schema} could not be brought up to date: ${error.message}. Nothing was changed.`
      )
    })
    await client.query('commit')
    return applied.map(({ version, name }) => ({ version, name }))
  } finally {
    await client.end()
  }
}

function newestVersion(): number {
  return Math.max(...readdirSync(folder).map((file) => Number.parseInt(file, 10) || 0))
}

/**
 * Refuses a database that is older than this version needs. gateway and worker never migrate.
 * @throws SchemaError saying what to run
 */
export async function checkSchema(pool: pg.Pool): Promise<void> {
  const needed = newestVersion()
  const found = await pool
    .query<{ version: string }>('select max(version) as version from schemaversion')
    .then(({ rows }) => Number(rows[0]?.version ?? 0))
    .catch((error: Error & { code?: string }) => {
      if (error.code === '42P01' || error.code === '3F000') return 0
      throw error
    })
  if (found < needed) {
    throw new SchemaError(
      `The database has schema version ${found}, this version of Floodgate needs ${needed}. Run: npx floodgate migrate`
    )
  }
}
