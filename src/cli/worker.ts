import type { Command } from 'commander'
import { configuration, endWithStack } from './configuration.ts'

export function addWorker(program: Command): void {
  program
    .command('worker')
    .description('run a worker: recovery, projection to Postgres, public events, expiry, until SIGTERM')
    .action(async () => {
      endWithStack()
      const { runWorker } = await import('../worker/process.ts')
      await runWorker(await configuration())
    })
}
