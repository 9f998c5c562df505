import type { Command } from 'commander'
import { connected } from './configuration.ts'
import { wholeNumber } from './options.ts'

export function addRecover(program: Command): void {
  program
    .command('recover')
    .description('open the shards again from journal and Postgres, under a new epoch, one after the other')
    .option('--rebuild', 'write Redis anew from Postgres, which mends what somebody else wrote there')
    .option('--shard <number>', 'only this shard', wholeNumber)
    .action(async ({ rebuild = false, shard }: { readonly rebuild?: boolean; readonly shard?: number }) => {
      const { recoverCommand } = await import('./run/recover.ts')
      await recoverCommand(await connected(), { rebuild, shard })
    })
}
