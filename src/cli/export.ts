import type { Command } from 'commander'
import { connected } from './configuration.ts'
import { wholeNumber } from './options.ts'

export function addExport(program: Command): void {
  const all = program
    .command('export')
    .description('write what was decided as lines of JSON, in the order of the decisions')
  const add = (name: 'journal' | 'events', description: string): Command =>
    all
      .command(name)
      .description(description)
      .option('--campaign <id>', 'only this campaign')
      .option('--from <decision>', 'begin with this decision id, such as 0-1795300652-3')
      .option('--shard <number>', 'of this shard (otherwise that of --from, or the first)', wholeNumber)
      .option('--archive <file...>', 'archives of campaigns whose decisions have left Postgres')
      .option('--output <file>', 'write to this file, which is there once it is whole (otherwise the standard output)')
      .action(async (options) => {
        const { exportCommand } = await import('./run/export.ts')
        await exportCommand(await connected(), { ...options, what: name })
      })
  add('journal', 'every decision with what it took, gave and wrote: what verify-draw reads')
    .option('--mask', 'pseudonyms for users; keys and requests are left out')
    .addHelpText(
      'after',
      `
The first line names the draws with their commitments, and the seeds of those that are over. Each further line is one
decision, the last line their count and the SHA-256 of all lines before it. Addresses and codes are never in the journal; user ids are. With --mask they are pseudonyms that hold within
the file, but then no draw can be verified from it: a spin's number is made of its user and key. Of other campaigns
--campaign keeps the places of decisions and what they moved of account balances.
`
    )
  add('events', 'public events (CloudEvents) of older decisions, which the public stream may not hold any more')
}
