import type { Command } from 'commander'
import { connected } from './configuration.ts'

export function addRecover(program: Command): void {
  program
    .command('recover')
    .description('open the shard again from journal and Postgres, under a new epoch')
    .option('--rebuild', 'write Redis anew from Postgres, which mends what somebody else wrote there')
    .action(async ({ rebuild = false }: { readonly rebuild?: boolean }) => {
      const { recoverCommand } = await import('./run/recover.ts')
      await recoverCommand(await connected(), { rebuild })
    })
}
