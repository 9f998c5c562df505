import { type Command, InvalidArgumentError } from 'commander'
import { configuration } from './configuration.ts'

function partList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.filter((name) => !['redis', 'nats', 'postgres'].includes(name))
  if (wrong.length > 0) throw new InvalidArgumentError('Give one or more of redis,nats,postgres.')
  return names
}

export function addUp(program: Command): void {
  program
    .command('up')
    .description('run the local stack: Redis, NATS, Postgres, gateway, worker and demo campaigns, until Ctrl-C')
    .option('--restart <parts>', 'start these servers again when they die: redis,nats,postgres', partList)
    .option('--no-demo', 'without the demo campaigns')
    .action(async ({ restart = [], demo }: { restart?: string[]; demo: boolean }) => {
      const { up } = await import('../stack/up.ts')
      await up(await configuration({ demo }), { restart, demo })
    })
}
