import type { Command } from 'commander'
import { configuration } from './configuration.ts'
import { wholeNumber } from './options.ts'

export function addBuy(program: Command): void {
  program
    .command('buy <place>')
    .description('buy in a sale, CAMPAIGN/SALE, as a storefront would: no curl needed')
    .requiredOption('--as <user>', 'the user, whose token is signed as "floodgate token" does')
    .option('--quantity <n>', 'how many', wholeNumber, 1)
    .option('--key <text>', 'the Idempotency-Key: the same one again buys nothing more (a new one)')
    .option('--url <url>', "the public API (the running stack's, else http://HOST:PORT)")
    .action(async (place: string, options: { as: string; quantity: number; key?: string; url?: string }) => {
      const { buyCommand } = await import('./run/buy.ts')
      process.stdout.write(await buyCommand(await configuration(), { place, ...options }))
    })
}
