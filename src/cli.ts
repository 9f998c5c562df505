#!/usr/bin/env node
import './config/require-node.ts'
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { adminCommandGroups } from './cli/admin/command-line.ts'
import { failureText } from './cli/failure.ts'
import { type Config, loadConfig } from './config/config.ts'

// Each command imports what it needs when it runs: printing a token must not load the gateway.
const program = new Command('floodgate')
  .description('A flash-sale gateway: decides in one atomic step, journals before it confirms, and can prove it.')
  .version(packageVersion(), '-v, --version')
  .showHelpAfterError('(add --help for the options)')
  .configureHelp({ sortSubcommands: false })

program
  .command('up')
  .description('run the local stack: Redis, NATS, Postgres, gateway, worker and demo campaigns, until Ctrl-C')
  .option('--restart <parts>', 'start these servers again when they die: redis,nats,postgres', partList)
  .option('--no-demo', 'without the demo campaigns')
  .action(async (options: { restart?: string[]; demo: boolean }) => {
    const { up } = await import('./stack/up.ts')
    await up(loadConfig(process.env, { demo: options.demo }), { restart: options.restart ?? [], demo: options.demo })
  })

program
  .command('gateway')
  .description('run the HTTP gateway on PORT and ADMIN_PORT, until SIGTERM')
  .action(async () => {
    endWithStack()
    const { runGateway } = await import('./http/server/process.ts')
    await runGateway(configuration())
  })

program
  .command('worker')
  .description('run a worker: recovery, projection to Postgres, public events, expiry, until SIGTERM')
  .action(async () => {
    endWithStack()
    const { runWorker } = await import('./worker/process.ts')
    await runWorker(configuration())
  })

program
  .command('migrate')
  .description('bring the database schema NAMESPACE in DATABASE_URL up to date')
  .action(async () => {
    const { migrateCommand } = await import('./cli/migrate.ts')
    await migrateCommand(await connected())
  })

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
    const { tokenCommand } = await import('./cli/token.ts')
    await tokenCommand(configuration(), options)
  })

program
  .command('buy <place>')
  .description('buy in a sale, CAMPAIGN/SALE, as a storefront would: no curl needed')
  .requiredOption('--as <user>', 'the user, whose token is signed as "floodgate token" does')
  .option('--quantity <n>', 'how many', wholeNumber, 1)
  .option('--key <text>', 'the Idempotency-Key: the same one again buys nothing more (a new one)')
  .option('--url <url>', "the public API (the running stack's, else http://HOST:PORT)")
  .action(async (place: string, options: { as: string; quantity: number; key?: string; url?: string }) => {
    const { buyCommand } = await import('./cli/buy.ts')
    process.stdout.write(await buyCommand(configuration(), { place, ...options }))
  })

program.addCommand(operatorCommands())

for (const group of adminCommandGroups(configuration)) program.addCommand(group)

program
  .command('recover')
  .description('open the shard again from journal and Postgres, under a new epoch')
  .action(async () => {
    const { runRecover } = await import('./cli/reopen.ts')
    await runRecover(await connected())
  })

program
  .command('reconcile')
  .description('compare Redis, journal and Postgres, and print every difference; exit code 1 where something differs')
  .action(async () => {
    const { runReconcile } = await import('./cli/reconcile.ts')
    process.exitCode = await runReconcile(await connected())
  })

program.addCommand(exportCommands())

program
  .command('verify-draw <file>')
  .description('recompute every spin of a draw from an exported journal alone')
  .requiredOption('--campaign <id>', 'the campaign')
  .requiredOption('--draw <id>', 'the draw')
  .option('--seed <hex>', 'the seed, where the file does not reveal it')
  .option('--commitment <hex>', 'the commitment as you noted it before the draw: the file must have the same')
  .option('--accept-missing', 'go on where the chain of numbers is broken by decisions that were never journaled')
  .addHelpText(
    'after',
    `
<file> is what "floodgate export journal" wrote, without --mask and --from; - reads it from the standard input. It needs no
server. Exit code 0: every spin is as it must be. 1: the first difference is told, or the draw cannot be verified from
this file. A line that was taken out, put in, moved or changed is a difference: the file ends with its count and SHA-256,
sequences rise by one, and each number mixes the previous one. What is checked, and which answers are accepted: src/verify/README.md.
`
  )
  .action(async (file: string, options) => {
    const { verifyCommand } = await import('./cli/verify.ts')
    process.exitCode = await verifyCommand(file, options)
  })

program
  .command('doctor')
  .description('look at each part that Floodgate stands on and say what to do')
  .action(async () => {
    const { doctor } = await import('./cli/doctor.ts')
    process.exitCode = await doctor(await connected())
  })

function exportCommands(): Command {
  const all = new Command('export').description(
    'write what was decided as lines of JSON, in the order of the decisions'
  )
  const add = (name: 'journal' | 'events', description: string): Command =>
    all
      .command(name)
      .description(description)
      .option('--campaign <id>', 'only this campaign')
      .option('--from <decision>', 'begin with this decision id, such as 0-1795300652-3')
      .option('--output <file>', 'write to this file, which is there once it is whole (otherwise the standard output)')
      .action(async (options) => {
        const { exportCommand } = await import('./cli/export.ts')
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
  return all
}

function operatorCommands(): Command {
  const operator = new Command('operator').description('who may use the admin port; kept in Postgres (DATABASE_URL)')
  const run = async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command
    const { operatorCommand } = await import('./cli/operator.ts')
    const [name] = command.args
    const named = { command: command.name() as 'add' | 'list' | 'rotate' | 'revoke', name }
    await operatorCommand(await connected(), { ...named, ...command.opts() })
  }
  const add = (name: string, description: string): Command =>
    operator.command(name).description(description).option('--json', 'the answer as JSON').action(run)
  const why = ['--reason <text>', 'why, for the audit trail'] as const
  const until = ['--expires <time>', 'how long the token works: 12h, 90d (until it is revoked)'] as const
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
  return operator
}

function configuration(): Config {
  return loadConfig(process.env)
}

/** The configuration; servers that no variable names are those of the stack that runs in FLOODGATE_HOME. */
async function connected(): Promise<Config> {
  const config = configuration()
  const { readStackFile } = await import('./stack/home.ts')
  const stack = readStackFile(config.FLOODGATE_HOME)
  if (stack === undefined) return config
  const { natsUrlOf } = await import('./stack/stack.ts')
  return {
    ...config,
    REDIS_URL: config.REDIS_URL || stack.redisUrl,
    NATS_URL: config.NATS_URL || natsUrlOf(stack),
    DATABASE_URL: config.DATABASE_URL || stack.databaseUrl,
    TOKEN_SECRET: config.TOKEN_SECRET || stack.tokenSecret
  }
}

/** A process that the stack started ends, orderly, when the stack is gone: nobody else would stop it. */
function endWithStack(): void {
  if (process.send === undefined) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // listening alone would keep a process that has finished from ending
  process.channel?.unref()
}

function partList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.filter((name) => !['redis', 'nats', 'postgres'].includes(name))
  if (wrong.length > 0) throw new InvalidArgumentError('Give one or more of redis,nats,postgres.')
  return names
}

/** An option that may stand several times. */
function gathered(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
  return Number(text)
}

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(failureText(error))
  process.exitCode = 1
  // servers or connections of the command that failed may still hold the event loop
  setTimeout(() => process.exit(1), 1000).unref()
}
