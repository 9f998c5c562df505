import type { Config } from '../../config/config.ts'
import { migrate } from '../../store/connection/migrate.ts'
import { countPeople, howToAdd } from '../../store/operators/operators.ts'
import { withDatabase } from './with-database.ts'

/** Brings the database up to date and says what was applied. @throws CommandError when no database is named */
export async function migrateCommand(config: Config): Promise<void> {
  const why = 'It names the Postgres database whose schema is to be brought up to date.'
  await withDatabase(config, { command: 'migrate', why }, async (pool) => {
    const applied = await migrate(config)
    for (const { version, name } of applied) process.stdout.write(`applied ${version} ${name}\n`)
    process.stdout.write(`Schema ${config.NAMESPACE} is up to date (${applied.length} applied now).\n`)
    const { people } = await countPeople(pool)
    if (people === 0) process.stdout.write(`Nobody can use the admin port yet. ${howToAdd}\n`)
  })
}
