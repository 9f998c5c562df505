import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitFor } from '../running/wait.ts'

const READY_WITHIN_MS = 120_000
const STOP_WITHIN_MS = 20_000
const HURRY_WITHIN_MS = 10_000
const LOG_TAIL_CHARACTERS = 3_000
const ownCli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

/** `stack.json` as the local stack writes it, as far as the bench reads it. */
export interface StackFile {
  readonly publicUrl: string
  readonly adminUrl: string
  readonly redisUrl: string
  readonly natsUrl: string
  /** absent in stacks of versions whose NATS asked for no password */
  readonly natsUser?: string
  readonly natsPassword?: string
  readonly databaseUrl: string
  readonly tokenSecret: string
  readonly operators: Readonly<Record<string, string>>
  readonly pids: Readonly<Record<'redis' | 'nats' | 'postgres' | 'gateway' | 'worker', readonly number[]>>
}

export interface Stack {
  /** reads stack.json anew: pids change when a process is started again */
  file(): StackFile
  /** stops the stack as Ctrl-C does, and removes its data */
  stop(): Promise<void>
}

/** The environment of the measured stack: nothing of the caller's own deployment may leak into it. */
function stackEnvironment(home: string): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env
  return {
    ...{ PATH, HOME, LANG },
    FLOODGATE_HOME: home,
    PORT: '0',
    ADMIN_PORT: '0',
    TOKEN_SECRET: randomBytes(32).toString('hex'),
    LOG_LEVEL: 'warn',
    // one machine plays the whole crowd: protection against floods from one address would be what is measured
    RATE_LIMIT_USER_PER_SECOND: '0',
    RATE_LIMIT_ADDRESS_PER_SECOND: '0'
  }
}

/** Ctrl-C, a second one when the first takes long, and at last by force. */
async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGINT')
  const hurry = setTimeout(() => child.kill('SIGINT'), STOP_WITHIN_MS)
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS + HURRY_WITHIN_MS)
  await gone
  clearTimeout(hurry)
  clearTimeout(force)
}

async function whenReady(child: ChildProcess, path: string, log: string): Promise<void> {
  const ready = async (): Promise<true | undefined> => {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`)
    return readFile(path).then(
      () => true as const,
      () => undefined
    )
  }
  try {
    await waitFor(ready, { what: 'stack.json', withinMs: READY_WITHIN_MS })
  } catch (error) {
    const said = await readFile(log, 'utf8')
    throw new Error(`The stack did not start: ${(error as Error).message}\n${said.slice(-LOG_TAIL_CHARACTERS)}`)
  }
}

/**
 * Starts a private local stack (the same `floodgate up` that users start) on free ports with data in a temporary folder.
 * @param cli path of the command line to start; that of this build by default
 * @param settings environment beyond that of a bench
 * @throws Error with the end of its output when it is not ready in time
 */
export async function startStack(cli = ownCli, settings: Readonly<Record<string, string>> = {}): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'floodgate-bench-'))
  const log = join(folder, 'up.log')
  const path = join(folder, 'home', 'stack.json')
  const output = openSync(log, 'w')
  // a group of its own: Ctrl-C reaches the bench alone, which then stops the stack in order
  const child = spawn(process.execPath, [cli, 'up', '--no-demo'], {
    env: { ...stackEnvironment(join(folder, 'home')), ...settings },
    stdio: ['ignore', output, output],
    detached: true
  })
  closeSync(output)
  const stop = async (): Promise<void> => {
    await stopProcess(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await whenReady(child, path, log)
  } catch (error) {
    await stop()
    throw error
  }
  return { file: () => JSON.parse(readFileSync(path, 'utf8')) as StackFile, stop }
}
