import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from '../base/errors.ts'
import type { Config } from '../config/config.ts'
import { migrate } from '../store/connection/migrate.ts'
import { createPool } from '../store/connection/pool.ts'
import { ensureOperator } from '../store/operators/operators.ts'
import { createAdminClient } from './admin-client.ts'
import { checkPart } from './checks.ts'
import { startChildren } from './children.ts'
import { demoText, publishDemos } from './demo/publish-demo.ts'
import { fileError } from './errors.ts'
import { loadSecrets, openHome, stackFilePath } from './home.ts'
import { takeLock } from './lock.ts'
import { childrenOfEarlierRun, endAll } from './processes/processes.ts'
import { type PartName, partNames, parts } from './processes/programs.ts'
import { Interrupted, listenForStop, type StopSignal } from './processes/stop-signal.ts'
import { readyText } from './ready-text.ts'
import { createScreen } from './screen.ts'
import { startServer } from './servers/all.ts'
import { ensureInstalled } from './servers/install.ts'
import { freePort, requireFreePort } from './servers/ports.ts'
import { adoptServer, localUrl, publishStackFile, type Stack, stopStack } from './stack.ts'

interface UpOptions {
  /** servers to start again on the same data when they die */
  readonly restart: readonly string[]
  /** whether to publish the demo campaigns */
  readonly demo: boolean
}

const urlVariables = { redis: 'REDIS_URL', nats: 'NATS_URL', postgres: 'DATABASE_URL' } as const
const earlierRunMs = 10_000

/**
 * Runs the local stack until Ctrl-C: servers that no URL names, schema, operators, worker, gateway, demo campaigns.
 * Stops only what it started.
 * @throws CommandError when it cannot start; it then stops everything again
 */
export async function up(given: Config, options: UpOptions): Promise<void> {
  const started = performance.now()
  const home = openHome(given.FLOODGATE_HOME)
  const lock = takeLock(home)
  const stop = listenForStop()
  const screen = createScreen(options.demo ? 6 : 5)
  // an error of a closed terminal must not end the launcher before it has stopped its servers
  process.stdout.on('error', () => undefined)
  const secrets = loadSecrets(home)
  const TOKEN_SECRET = tokenSecretOf(given, secrets.tokenSecret)
  const config = { ...given, FLOODGATE_HOME: home, TOKEN_SECRET, DEMO_SHOP: 1 }
  const stack: Stack = {
    home,
    secrets,
    screen,
    restart: options.restart,
    config,
    servers: new Map(),
    children: [],
    demos: new Map(),
    ready: false,
    stopping: false
  }
  try {
    await startStack(stack, options, stop)
    screen.block(readyText(stack, performance.now() - started))
    await stop.requested
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
  } finally {
    if (stop.isRequested()) screen.block('Stopping; the gateway finishes what it has accepted (Ctrl-C again: at once).')
    await stopStack(stack, stop.hurry)
    lock.release()
    stop.close()
    if (stop.isRequested()) screen.note(`Stopped. The data stays in ${home}.`)
  }
}

function tokenSecretOf(given: Config, generated: string): string {
  if (given.TOKEN_SECRET !== '' || given.TOKEN_JWKS_URL !== '') return given.TOKEN_SECRET
  return generated
}

async function startStack(stack: Stack, { demo }: UpOptions, stop: StopSignal): Promise<void> {
  const go = (): void => {
    if (stop.isRequested()) throw new Interrupted('stopped while starting')
  }
  // a file that a killed launcher left is out of date
  rmSync(stackFilePath(stack.home), { force: true })
  makeLogFolder(stack.home)
  await endAll(() => childrenOfEarlierRun(stack.home), 'SIGTERM', earlierRunMs)
  stack.config = await withPorts(stack.config)
  const own = partNames.filter((part) => stack.config[urlVariables[part]] === '')
  stack.screen.block(`Floodgate's local stack in ${stack.home}`)
  await ensureInstalled(own, (text) => stack.screen.note(text))
  // files made from here on are readable for their owner only; installed packages must be readable for all
  process.umask(0o077)
  for (const part of partNames) {
    go()
    await (own.includes(part) ? startOwn(stack, part) : useGiven(stack, part))
  }
  go()
  await prepareDatabase(stack)
  go()
  const processes = stack.screen.step('Processes')
  await startChildren(stack, stop)
  processes('gateway and worker are ready')
  go()
  if (demo) await startDemo(stack)
  go()
  stack.ready = true
  publishStackFile(stack)
}

function makeLogFolder(home: string): void {
  try {
    mkdirSync(join(home, 'logs'), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw fileError(error, join(home, 'logs'))
  }
}

/** Checks that the ports of gateways are free. Port 0 becomes a free port, which stays the same over restarts. */
async function withPorts(config: Config): Promise<Config> {
  const port = config.PORT === 0 ? await freePort(config.HOST) : config.PORT
  const adminPort = config.ADMIN_PORT === 0 ? await freePort(config.ADMIN_HOST) : config.ADMIN_PORT
  await requireFreePort('PORT', port, config.HOST)
  await requireFreePort('ADMIN_PORT', adminPort, config.ADMIN_HOST)
  return { ...config, PORT: port, ADMIN_PORT: adminPort }
}

async function startOwn(stack: Stack, part: PartName): Promise<void> {
  const done = stack.screen.step(parts[part].title)
  const isNew = !existsSync(join(stack.home, part))
  const { redisPassword: redis, natsPassword: nats } = stack.secrets
  const server = await startServer(part, { folder: stack.home, passwords: { redis, nats } })
  adoptServer(stack, server)
  stack.config = { ...stack.config, [urlVariables[part]]: server.url }
  const leftovers = server.leftovers > 0 ? ', ended the one that an earlier run had left' : ''
  done(`${server.version} on 127.0.0.1:${server.port}, ${isNew ? 'new data' : 'the data of the last run'}${leftovers}`)
}

async function useGiven(stack: Stack, part: PartName): Promise<void> {
  const done = stack.screen.step(parts[part].title)
  const { ok, text, advice } = await checkPart(part, stack.config)
  if (!ok) {
    throw new CommandError(
      `${parts[part].title} at ${urlVariables[part]}: ${text}.`,
      'The stack uses the server that this variable names, and starts none of its own.',
      advice ?? `Check ${urlVariables[part]}, or unset it.`
    )
  }
  done(`${text} at ${urlVariables[part]}, not started or stopped by this stack`)
}

async function prepareDatabase(stack: Stack): Promise<void> {
  const done = stack.screen.step('Schema')
  const applied = await migrate(stack.config)
  const pool = createPool(stack.config, { max: 1, name: 'floodgate up' })
  try {
    for (const [name, token] of Object.entries(stack.secrets.operators)) {
      await ensureOperator(pool, { name, role: 'admin', token })
    }
  } finally {
    await pool.end()
  }
  const news = applied.length === 0 ? 'up to date' : `${applied.length} migrations applied`
  done(`${stack.config.NAMESPACE}: ${news}`)
}

async function startDemo(stack: Stack): Promise<void> {
  const done = stack.screen.step('Demo')
  const url = localUrl(stack.config.ADMIN_HOST, stack.config.ADMIN_PORT)
  const [author = '', reviewer = ''] = Object.values(stack.secrets.operators)
  const clients = { author: createAdminClient(url, author), reviewer: createAdminClient(url, reviewer) }
  const shop = `${localUrl(stack.config.HOST, stack.config.PORT)}/shop`
  const published = await publishDemos({ ...clients, now: Date.now(), shop })
  for (const { name, campaign } of published) stack.demos.set(name, campaign)
  done(demoText(published))
}
