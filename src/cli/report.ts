import type { Command } from 'commander'
import { configuration } from './configuration.ts'

export function addReport(program: Command): void {
  program
    .command('report <campaign>')
    .description('the report of a campaign as JSON, CSV or a page that prints')
    .option('--format <format>', 'json, csv or html (csv; by the name of the file, where one is given)')
    .option('--output <file>', 'write it to a file, instead of the terminal')
    .option('--report-version <n>', 'a stored version, instead of the campaign as it stands')
    .option('--compare-with <campaign>', 'another campaign, whose figures stand beside')
    .option('--final', 'store it as a final version first, which never changes; the campaign is settled')
    .option('--language <language>', 'of the page: en or zh-CN (en)')
    .option('--reason <text>', 'why a final version is stored, for the audit trail')
    .option('--as <operator>', 'an operator of the running stack (operator-1)')
    .option('--token <token>', 'an admin token, instead of --as (or ADMIN_TOKEN)')
    .option('--url <url>', "the admin API (the running stack's, else http://ADMIN_HOST:ADMIN_PORT)")
    .action(async (campaign: string, options) => {
      const { reportCommand } = await import('./admin/report.ts')
      await reportCommand(await configuration(), campaign, options)
    })
}
