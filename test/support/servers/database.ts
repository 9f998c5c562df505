import type { Pool } from 'pg'
import { setStoreDeadline } from '../../../src/base/deadline.ts'
import { type Config, loadConfig } from '../../../src/config/config.ts'
import { createPool } from '../../../src/store/connection/pool.ts'
import { freshSchema } from './fresh-schema.ts'
import { freshNamespace, type Teardown } from './servers.ts'

export interface Database {
  readonly config: Config
  readonly pool: Pool
}

/** What the program gives up after some seconds, tests wait for: a busy machine stands still between two statements. */
const PATIENT_MS = 60_000
const patient = ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout']
  .map((name) => `set ${name} to ${PATIENT_MS}`)
  .join('; ')

/** A migrated namespace of its own in a Postgres. @param connections of the pool at most */
export async function freshDatabase(t: Teardown, databaseUrl: string, connections = 4): Promise<Database> {
  // these tests must not fail when Postgres pauses for a moment
  setStoreDeadline(10_000)
  const config = loadConfig({ DATABASE_URL: databaseUrl, NAMESPACE: freshNamespace() })
  await freshSchema(config)
  const pool = createPool(config, { max: connections, name: 'floodgate-test' })
  Object.assign(pool.options, { query_timeout: PATIENT_MS })
  // before whatever else the connection is asked for
  pool.on('connect', (client) => void client.query(patient).catch(() => {}))
  // the schema stays: it goes with its Postgres, sooner than it could be dropped
  t.teardown(() => pool.end())
  return { config, pool }
}
