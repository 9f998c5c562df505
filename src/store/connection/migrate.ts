import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import Postgrator from 'postgrator'
import type { Config } from '../../config/config.ts'
import { databasePlace } from '../../config/database-url.ts'
import { quoted } from './pool.ts'
import { requireSessions } from './require-sessions.ts'
import { SchemaError } from './schema-error.ts'

/** insufficient_privilege */
const NO_RIGHT = '42501'

const folder = fileURLToPath(new URL('../../../../migrations/', import.meta.url))

interface Migration {
  readonly version: number
  readonly name: string
}

/**
 * Brings the schema NAMESPACE up to date: applies every new file of migrations/, in order, all in one transaction, one process
 * at a time. It changes nothing outside of the schema, no role and no database.
 * @returns the migrations applied now
 * @throws SchemaError when an applied file was changed, the database is newer than this version, the user may not do it, or a
 * pooler keeps no sessions
 */
export async function migrate(config: Config): Promise<Migration[]> {
  const schema = config.NAMESPACE
  const place = { ...databasePlace(config, { name: 'floodgate-migrate' }), connectionTimeoutMillis: 5000 }
  const client = new pg.Client(place)
  await client.connect()
  try {
    await requireSessions(client, place)
    await client.query('begin')
    // a migration that waits for a lock blocks every later reader of the table: it is better to fail and to be run again
    await client.query("set local lock_timeout = '15s'; set local statement_timeout = '10min'")
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`floodgate migrate ${schema}`])
    await makeSchema(client, schema)
    await client.query(`set local search_path to ${quoted(schema)}`)
    const postgrator = new Postgrator({
      migrationPattern: `${folder}*.sql`,
      driver: 'pg',
      database: client.database ?? '',
      schemaTable: 'schemaversion',
      currentSchema: schema,
      // the runner would set the path again, without quotes
      execQuery: async (query) => (query.startsWith('SET search_path') ? { rows: [] } : client.query(query))
    })
    const applied = await postgrator.migrate().catch((error: Error) => {
      throw new SchemaError(
        `The schema ${schema} could not be brought up to date: ${error.message}.`,
        'Remove the cause that the message names and run it again: npx floodgate migrate',
        { cause: error }
      )
    })
    await client.query('commit')
    return applied.map(({ version, name }) => ({ version, name }))
  } finally {
    await client.end()
  }
}

/**
 * Makes the schema only where it is missing: a user who owns an existing schema may not be allowed to make others.
 * @throws SchemaError with the statement that the owner of the database has to run
 */
async function makeSchema(client: pg.Client, schema: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_namespace where nspname = $1', [schema])
  if (rowCount !== 0) return
  await client.query(`create schema if not exists ${quoted(schema)}`).catch((error: Error & { code?: string }) => {
    if (error.code !== NO_RIGHT) throw error
    throw new SchemaError(
      `${client.user} may not make the schema ${schema} in the database ${client.database}.`,
      `Let its owner run: create schema ${quoted(schema)} authorization ${quoted(client.user ?? '')}`
    )
  })
}

function newestVersion(): number {
  return Math.max(...readdirSync(folder).map((file) => Number.parseInt(file, 10) || 0))
}

/**
 * Refuses a database that is older than this version needs; gateway and worker never migrate.
 * @throws SchemaError with the command to run
 */
export async function checkSchema(pool: pg.Pool): Promise<void> {
  const needed = newestVersion()
  const found = await pool
    .query<{ version: string }>('select max(version) as version from schemaversion')
    .then(({ rows }) => Number(rows[0]?.version ?? 0))
    .catch(async (error: Error & { code?: string }) => {
      if (error.code === NO_RIGHT || error.code === '42P01') await refuseWithoutRights(pool)
      if (error.code === '42P01' || error.code === '3F000') return 0
      throw error
    })
  if (found < needed) {
    throw new SchemaError(
      `The database has schema version ${found}, this version of Floodgate needs ${needed}.`,
      'Run: npx floodgate migrate'
    )
  }
}

/** To a user without rights a schema looks as if it did not exist. @throws SchemaError naming the missing rights */
async function refuseWithoutRights(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ user: string; schema: string }>(
    `select current_user as "user", nspname as schema from pg_namespace n
     left join pg_class c on c.relnamespace = n.oid and c.relname = 'schemaversion'
     where quote_ident(nspname) = current_setting('search_path')
       and not (has_schema_privilege(n.oid, 'usage') and (c.oid is null or has_table_privilege(c.oid, 'select')))`
  )
  const [found] = rows
  if (!found) return
  throw new SchemaError(
    `${found.user} may not use the schema ${found.schema}.`,
    `Let its owner run: grant usage on schema ${quoted(found.schema)} to ${quoted(found.user)}; ` +
      `grant select, insert, update, delete on all tables in schema ${quoted(found.schema)} to ${quoted(found.user)}; ` +
      `grant usage, select, update on all sequences in schema ${quoted(found.schema)} to ${quoted(found.user)}`
  )
}
