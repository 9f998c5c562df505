import type { Command } from 'commander'
import { connected } from './configuration.ts'

export function addReconcile(program: Command): void {
  program
    .command('reconcile')
    .description('compare Redis, journal and Postgres, and print every difference; exit code 1 where something differs')
    .action(async () => {
      const { reconcileCommand } = await import('./run/reconcile.ts')
      process.exitCode = await reconcileCommand(await connected())
    })
}
