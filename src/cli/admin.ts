import type { Command } from 'commander'
import { adminCommands, groupTexts } from './admin/commands.ts'
import { configuration } from './configuration.ts'

/** The commands of the table, by group; all take the same options. */
export function addAdmin(program: Command): void {
  const groups = new Map<string, Command>()
  for (const row of adminCommands) {
    const group = groups.get(row.group) ?? program.command(row.group).description(groupTexts[row.group] ?? '')
    groups.set(row.group, group)
    const command = group.command(`${row.name} ${row.args}`.trim()).description(row.says)
    for (const { flags, says } of row.options ?? []) command.option(flags, says)
    if (row.all !== undefined) command.option('--all', row.all)
    command
      .option('--as <operator>', 'an operator of the running stack (operator-1; of a review operator-2)')
      .option('--token <token>', 'an admin token, instead of --as (or ADMIN_TOKEN)')
      .option('--url <url>', "the admin API (the running stack's, else http://ADMIN_HOST:ADMIN_PORT)")
      .option('--reason <text>', 'why, for the audit trail')
      .option('--key <text>', 'the Idempotency-Key: the same one again does nothing twice (a new one)')
      .option('--json', 'the whole answer, as JSON')
      .action(async () => {
        const line = { command: row, args: command.args, options: command.opts() }
        const { oneOrAll } = await import('./admin/all-open.ts')
        process.stdout.write(await oneOrAll(await configuration(), line))
      })
  }
}
