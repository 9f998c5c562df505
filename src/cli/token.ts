import type { Command } from 'commander'
import { configuration } from './configuration.ts'
import { wholeNumber } from './options.ts'

export function addToken(program: Command): void {
  program
    .command('token')
    .description("print storefront tokens, one a line, signed with TOKEN_SECRET or the running stack's secret")
    .option('--user <id>', 'the user')
    .option('--prefix <text>', 'users <text>0, <text>1, ..., with --count')
    .option('--count <n>', 'how many', wholeNumber)
    .option('--level <n>', 'level of the user', wholeNumber)
    .option('--ttl <time>', 'how long a token is valid: 90s, 30m, 1h, 7d', '1h')
    .option('--registered-at <date>', 'when the user registered, such as 2026-11-01')
    .option('--device <id>', 'id of the device')
    .action(async (options) => {
      const { tokenCommand } = await import('./run/token.ts')
      await tokenCommand(await configuration(), options)
    })
}
