import type { Command } from 'commander'
import { connected } from './configuration.ts'

export function addRecover(program: Command): void {
  program
    .command('recover')
    .description('open the shard again from journal and Postgres, under a new epoch')
    .action(async () => {
      const { recoverCommand } = await import('./run/recover.ts')
      await recoverCommand(await connected())
    })
}
