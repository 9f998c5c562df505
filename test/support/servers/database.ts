import type { Pool } from 'pg'
import { setStoreDeadline } from '../../../src/base/deadline.ts'
import { type Config, loadConfig } from '../../../src/config/config.ts'
import { migrate } from '../../../src/store/connection/migrate.ts'
import { createPool } from '../../../src/store/connection/pool.ts'
import { query } from './query.ts'
import { freshNamespace, type Teardown, urlsOfRunner } from './servers.ts'

export interface Database {
  readonly config: Config
  readonly pool: Pool
}

/** The database, and the schema in it, that the runner migrates once and of which each test gets a copy. */
const TEMPLATE = 'migrated'

const inDatabase = (url: string, name: string): string => Object.assign(new URL(url), { pathname: `/${name}` }).href

/** Makes the database that `migratedNamespace` copies. @param databaseUrl of the servers that all test files share */
export async function makeTemplate(databaseUrl: string): Promise<void> {
  await query(databaseUrl, `create database ${TEMPLATE}`)
  await migrate(loadConfig({ DATABASE_URL: inDatabase(databaseUrl, TEMPLATE), NAMESPACE: TEMPLATE }))
}

/**
 * A migrated namespace that no other test uses, given as settings. In the shared Postgres it is a copy, in a database of its own,
 * of what the runner migrated: that costs a fraction of some forty migrations, and hundreds of namespaces in one database
 * made every statement slower.
 */
export async function migratedNamespace(t: Teardown, databaseUrl: string) {
  const NAMESPACE = freshNamespace()
  if (databaseUrl !== urlsOfRunner()?.databaseUrl) {
    const settings = { NAMESPACE, DATABASE_URL: databaseUrl }
    await migrate(loadConfig(settings))
    return settings
  }
  await query(databaseUrl, `create database ${NAMESPACE} template ${TEMPLATE}`)
  t.teardown(() => query(databaseUrl, `drop database ${NAMESPACE} with (force)`).then(() => undefined))
  const settings = { NAMESPACE, DATABASE_URL: inDatabase(databaseUrl, NAMESPACE) }
  await query(settings.DATABASE_URL, `alter schema ${TEMPLATE} rename to ${NAMESPACE}`)
  return settings
}

/** A migrated namespace of its own in a Postgres. @param connections of the pool at most */
export async function freshDatabase(t: Teardown, databaseUrl: string, connections = 4): Promise<Database> {
  // these tests must not fail when Postgres pauses for a moment
  setStoreDeadline(10_000)
  const config = loadConfig(await migratedNamespace(t, databaseUrl))
  const pool = createPool(config, { max: connections, name: 'floodgate-test' })
  t.teardown(() => pool.end())
  return { config, pool }
}
