import type { Config } from '../config/config.ts'
import { StackError } from '../stack/errors.ts'
import { migrate } from '../store/connection/migrate.ts'
import { createPool } from '../store/connection/pool.ts'
import { countPeople, howToAdd } from '../store/operators/operators.ts'

/** Brings the database up to date and says what was applied. @throws StackError when no database is named */
export async function migrateCommand(config: Config): Promise<void> {
  if (config.DATABASE_URL === '') {
    throw new StackError(
      'DATABASE_URL is not set, and no stack runs in FLOODGATE_HOME.',
      'It names the Postgres database whose schema is to be brought up to date.',
      'Set it: DATABASE_URL=postgres://user:password@host:5432/database npx floodgate migrate'
    )
  }
  const applied = await migrate(config)
  for (const { version, name } of applied) process.stdout.write(`applied ${version} ${name}\n`)
  process.stdout.write(`Schema ${config.NAMESPACE} is up to date (${applied.length} applied now).\n`)
  const pool = createPool(config, { max: 1, name: 'floodgate migrate' })
  try {
    const { people } = await countPeople(pool)
    if (people === 0) process.stdout.write(`Nobody can use the admin port yet. ${howToAdd}\n`)
  } finally {
    await pool.end()
  }
}
