import type { Command } from 'commander'
import { connected } from './configuration.ts'
import { gathered } from './options.ts'

async function run(...given: unknown[]): Promise<void> {
  const command = given.at(-1) as Command
  const { operatorCommand } = await import('./run/operator.ts')
  const [name] = command.args
  const named = { command: command.name() as 'add' | 'list' | 'rotate' | 'revoke', name }
  await operatorCommand(await connected(), { ...named, ...command.opts() })
}

const why = ['--reason <text>', 'why, for the audit trail'] as const
const until = ['--expires <time>', 'how long the token works: 12h, 90d (until it is revoked)'] as const

export function addOperator(program: Command): void {
  const operator = program
    .command('operator')
    .description('who may use the admin port; kept in Postgres (DATABASE_URL)')
  const add = (name: string, description: string): Command =>
    operator.command(name).description(description).option('--json', 'the answer as JSON').action(run)
  add('add <name>', 'let somebody in; prints the admin token, once')
    .requiredOption('--role <role>', 'viewer, operator, admin, or service for another system')
    .option('--scope <scope>', 'what a service may do, such as orders:payment; again for more', gathered)
    .option(...until)
    .option(...why)
  add('list', 'everybody who was let in, and whose tokens work')
  add('rotate <name>', 'another token; the one before stops within 10 seconds')
    .option('--expires <time>', 'how long the token works: 12h, 90d (until the same moment as before)')
    .option(...why)
  add('revoke <name>', 'shut somebody out, within 10 seconds at every gateway').option(...why)
}
