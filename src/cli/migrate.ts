import type { Command } from 'commander'
import { connected } from './configuration.ts'

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the database schema NAMESPACE in DATABASE_URL up to date')
    .action(async () => {
      const { migrateCommand } = await import('./run/migrate.ts')
      await migrateCommand(await connected())
    })
}
