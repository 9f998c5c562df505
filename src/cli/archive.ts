import type { Command } from 'commander'
import { configuration } from './configuration.ts'

export function addArchive(program: Command): void {
  program
    .command('archive <campaign>')
    .description(
      'write all decisions of a final campaign to a file, and take it out of Redis and the tables of what is live'
    )
    .requiredOption('--output <file>', 'the archive; it is there under this name once it is whole and was read back')
    .option('--dry-run', 'say what would be done, for how many decisions and users, and what it waits for')
    .option('--as <operator>', 'an operator of the running stack (operator-1)')
    .option('--token <token>', 'an admin token, instead of --as (or ADMIN_TOKEN)')
    .option('--url <url>', "the admin API (the running stack's, else http://ADMIN_HOST:ADMIN_PORT)")
    .option('--reason <text>', 'why, for the audit trail')
    .addHelpText(
      'after',
      `
The file is NDJSON as gzip packs it, in the form of "floodgate export journal": verify-draw and export read it. Keep it for as long as
somebody may ask what was decided: afterwards it is the only place where that stands. It cannot be taken back. A command
that was interrupted is given again: it goes on with the file that is there.
`
    )
    .action(async (campaign: string, options) => {
      const { archiveCommand } = await import('./admin/archive.ts')
      await archiveCommand(await configuration(), campaign, options)
    })
}
