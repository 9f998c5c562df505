import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Config, loadConfig } from '../../../src/config/config.ts'
import { findExecutable, requireProgram } from '../../../src/stack/processes/programs.ts'
import { migrate } from '../../../src/store/connection/migrate.ts'
import { query } from './query.ts'

/** The variable by which the test runner names the file that `writeSchema` wrote, and the database that it is for. */
export const writtenSchemaVariable = 'FLOODGATE_TEST_SCHEMA'

const run = promisify(execFile)

interface WrittenSchema {
  readonly databaseUrl: string
  readonly file: string
}

/** Stands in the statements where the name of the schema belongs: nothing else in them is called so. */
const STAND_IN = 'schema_of_a_test'

/** The statements that make a schema and its rows, with STAND_IN for its name; undefined without pg_dump. @throws Error when that fails */
export async function statementsOf(databaseUrl: string, schema: string): Promise<string | undefined> {
  const { file } = await requireProgram('postgres')
  const pgDump = findExecutable('pg_dump', [dirname(file)])
  if (pgDump === undefined) return undefined
  const options = ['--schema', schema, '--no-owner', '--inserts', '--rows-per-insert=1000']
  const { stdout } = await run(pgDump, [...options, databaseUrl], { maxBuffer: 2 ** 26, timeout: 60_000 })
  // commands of psql, with a word that differs each time
  return stdout.replaceAll(/^\\(?:un)?restrict .*\n/gm, '').replaceAll(schema, STAND_IN)
}

/**
 * Migrates a schema, writes down the statements that make its like, and drops it.
 * @returns what the variable holds; undefined on a machine without the pg_dump of the Postgres that stacks run
 */
export async function writeSchema(databaseUrl: string, folder: string): Promise<string | undefined> {
  await migrate(loadConfig({ DATABASE_URL: databaseUrl, NAMESPACE: STAND_IN }))
  const statements = await statementsOf(databaseUrl, STAND_IN)
  await query(databaseUrl, `drop schema ${STAND_IN} cascade`)
  if (statements === undefined) return undefined
  const file = join(folder, 'schema.sql')
  writeFileSync(file, statements)
  return JSON.stringify({ databaseUrl, file } satisfies WrittenSchema)
}

/**
 * Makes the schema NAMESPACE, which is not there yet, as `migrate` does. In the Postgres that all test files share it is made from what the runner
 * wrote down, which takes less than half of what some seventy migrations take one after the other.
 */
export async function freshSchema(config: Config): Promise<void> {
  const written = process.env[writtenSchemaVariable] ?? ''
  const { databaseUrl, file } = written === '' ? {} : (JSON.parse(written) as Partial<WrittenSchema>)
  if (file === undefined || databaseUrl !== config.DATABASE_URL) {
    await migrate(config)
    return
  }
  // several statements in one query are one transaction, and their settings end with the connection
  await query(databaseUrl, readFileSync(file, 'utf8').replaceAll(STAND_IN, config.NAMESPACE))
}
