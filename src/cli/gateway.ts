import type { Command } from 'commander'
import { configuration, endWithStack } from './configuration.ts'

export function addGateway(program: Command): void {
  program
    .command('gateway')
    .description('run the HTTP gateway on PORT and ADMIN_PORT, until SIGTERM')
    .action(async () => {
      endWithStack()
      const { runGateway } = await import('../http/server/process.ts')
      await runGateway(await configuration())
    })
}
