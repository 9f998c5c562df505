import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { findExecutable } from '../../../src/stack/processes/programs.ts'
import { poll } from '../../../src/stack/processes/wait.ts'
import { freePort } from '../../../src/stack/servers/ports.ts'
import { natsUrlOf } from '../../../src/stack/stack.ts'
import { storefrontToken } from '../http/storefront-token.ts'
import type { Places } from '../judging/evidence.ts'
import { parseJson } from '../load/answers.ts'
import { keepEvidence } from '../running/evidence-folder.ts'
import { waitFor } from '../wait.ts'
import { isAlive, processesOf } from './leftovers.ts'
import { shardsEnv, testShards } from './servers.ts'

export type Part = 'redis' | 'nats' | 'postgres' | 'gateway' | 'worker'

/** stack.json as the contract has it. */
interface StackFile {
  readonly publicUrl: string
  readonly adminUrl: string
  readonly redisUrl: string
  readonly natsUrl: string
  readonly natsUser: string
  readonly natsPassword: string
  readonly databaseUrl: string
  readonly tokenSecret: string
  readonly operators: Readonly<Record<string, string>>
  readonly pids: Readonly<Record<Part, readonly number[]>>
}

export interface StackOptions {
  /** added to the environment of the stack */
  readonly env?: Readonly<Record<string, string>>
}

export interface AdminReply {
  readonly status: number
  readonly body: unknown
}

interface AdminRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  /** which of the operators asks, from 0 */
  readonly operator?: number
  /** of a change; one of its own unless said */
  readonly key?: string
}

const cli = fileURLToPath(new URL('../../../src/cli.js', import.meta.url))
const startDeadlineMs = 180_000
/** How long an operator asks again. */
const PATIENT_MS = 60_000
const stopDeadlineMs = 60_000

/**
 * A whole private stack as a user starts it: `floodgate up` in a folder of its own, on free ports, with every part
 * restarted when it dies, without flood protection (a test is one address and few users). Stopped with the test.
 * @throws Error when it is not ready in time; the tails of its logs are in the comments of the test then
 */
export async function startStack(t: Test, options: StackOptions = {}): Promise<Stack> {
  const home = mkdtempSync(join(tmpdir(), 'floodgate-stack-'))
  const [program, ...args] = endedWithTest([
    process.execPath,
    cli,
    'up',
    '--no-demo',
    '--restart',
    'redis,nats,postgres'
  ])
  const child = spawn(program, args, {
    env: {
      ...process.env,
      REDIS_URL: '',
      NATS_URL: '',
      DATABASE_URL: '',
      TOKEN_SECRET: '',
      FLOODGATE_HOME: home,
      PORT: String(await freePort()),
      ADMIN_PORT: String(await freePort()),
      RATE_LIMIT_USER_PER_SECOND: '0',
      RATE_LIMIT_ADDRESS_PER_SECOND: '0',
      LOG_LEVEL: 'warn',
      ...shardsEnv(testShards),
      ...options.env
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const stack = new Stack(home, child, options.env?.NAMESPACE ?? 'floodgate')
  t.teardown(async () => {
    if (!t.passing()) keepEvidence(home)
    await stack.stop()
  })
  try {
    await stack.ready()
  } catch (error) {
    t.comment(stack.log())
    throw error
  }
  return stack
}

export class Stack {
  readonly #home: string
  readonly #child: ChildProcess
  readonly #namespace: string
  readonly #tokens = new Map<string, string>()
  #printed = ''
  #stopped = false

  constructor(home: string, child: ChildProcess, namespace: string) {
    this.#home = home
    this.#child = child
    this.#namespace = namespace
    for (const output of [child.stdout, child.stderr]) {
      output?.on('data', (bytes: Buffer) => {
        this.#printed = (this.#printed + bytes.toString()).slice(-20_000)
      })
    }
  }

  async ready(): Promise<void> {
    const isReady = () => existsSync(join(this.#home, 'stack.json'))
    const what = 'the stack to write stack.json'
    await waitFor(() => isReady() || this.#hasEnded(), { deadlineMs: startDeadlineMs, what })
    if (!isReady()) throw new Error(`The stack ended instead of starting (exit code ${this.#child.exitCode})`)
  }

  /** stack.json as it is now: it is rewritten whenever a process is started again. */
  file(): StackFile {
    return JSON.parse(readFileSync(join(this.#home, 'stack.json'), 'utf8')) as StackFile
  }

  get home(): string {
    return this.#home
  }

  get publicUrl(): string {
    return this.file().publicUrl
  }

  /** A storefront token of this stack, the same for each call. */
  tokenOf(user: string): string {
    const known = this.#tokens.get(user)
    if (known !== undefined) return known
    const token = storefrontToken(this.file().tokenSecret, user)
    this.#tokens.set(user, token)
    return token
  }

  /** Where the checker finds its evidence. */
  places(): Places {
    const { databaseUrl, redisUrl } = this.file()
    const adminGet = async (path: string) => {
      const { status, body } = await this.admin({ method: 'GET', path })
      if (status !== 200) throw new Error(`GET ${path} was answered with ${status} ${JSON.stringify(body)}`)
      return body
    }
    return { databaseUrl, natsUrl: natsUrlOf(this.file()), redisUrl, namespace: this.#namespace, adminGet }
  }

  async admin({ method, path, body, operator = 0, key = randomUUID() }: AdminRequest): Promise<AdminReply> {
    const { adminUrl, operators } = this.file()
    const token = Object.values(operators)[operator]
    const response = await fetch(`${adminUrl}${path}`, {
      method,
      signal: AbortSignal.timeout(60_000),
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'GET' ? {} : { 'idempotency-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    const text = await response.text()
    return { status: response.status, body: parseJson(text) ?? text }
  }

  /** Asks again under the same key as long as nothing is definite, as an operator does; without any answer the status is 0. */
  async operate(request: AdminRequest): Promise<AdminReply> {
    const asked = { key: randomUUID() as string, ...request }
    let reply: AdminReply = { status: 0, body: undefined }
    const isDefinite = async () => {
      reply = await this.admin(asked).catch((error: unknown) => ({ status: 0, body: String(error) }))
      return reply.status !== 0 && reply.status !== 202 && reply.status !== 503
    }
    await poll(isDefinite, PATIENT_MS, 100)
    return reply
  }

  /**
   * Brings a campaign to life as two operators do it, and waits until the storefront shows it.
   * @throws Error with the answer of the step that failed
   */
  async publish(definition: { readonly id: string }): Promise<void> {
    const path = `/admin/v1/campaigns/${definition.id}`
    const accepted = async (step: AdminRequest): Promise<unknown> => {
      const { status, body } = await this.operate(step)
      if (status >= 200 && status < 300) return body
      throw new Error(`${step.method} ${step.path} was answered with ${status} ${JSON.stringify(body)}`)
    }
    const { version } = (await accepted({ method: 'PUT', path, body: definition })) as { version: number }
    await accepted({ method: 'POST', path: `${path}/submission`, body: { version } })
    await accepted({ method: 'POST', path: `${path}/approval`, body: { version }, operator: 1 })
    await accepted({ method: 'POST', path: `${path}/publication`, body: { version }, operator: 1 })
    const shown = () => this.#isShownByAll(`${this.publicUrl}/v1/campaigns/${definition.id}`)
    await waitFor(shown, { what: `campaign ${definition.id} to be shown` })
  }

  /** Kills the first process of a part with SIGKILL. @returns its pid */
  kill(part: Part): number {
    const [pid] = this.file().pids[part]
    if (pid === undefined) throw new Error(`stack.json names no process of ${part}`)
    process.kill(pid, 'SIGKILL')
    return pid
  }

  /** Whether a part runs again in a process other than `pid`. */
  isReplaced(part: Part, pid: number): boolean {
    const [now] = this.file().pids[part]
    return now !== undefined && now !== pid && isAlive(now)
  }

  /** What the stack printed, and the tails of the logs in its folder: for the message of a failure. */
  log(): string {
    const tails = logFiles(this.#home).map((file) => {
      return `--- ${file}\n${readFileSync(join(this.#home, file), 'utf8').slice(-3000)}`
    })
    return [`--- printed\n${this.#printed}`, ...tails].join('\n')
  }

  /**
   * Ends the stack as Ctrl-C does.
   * @throws Error when it does not end in time, or leaves a process or stack.json behind; everything is ended then
   */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    if (!this.#hasEnded()) this.#child.kill('SIGINT')
    const what = 'the stack to stop'
    const inTime = await waitFor(() => this.#hasEnded(), { deadlineMs: stopDeadlineMs, what }).then(
      () => true,
      () => false
    )
    // processes that are killed with their group outlive it by some ms
    await waitFor(() => processesOf(this.#home).length === 0, { deadlineMs: 5000 }).catch(() => {})
    const left = processesOf(this.#home)
    const fileLeft = existsSync(join(this.#home, 'stack.json'))
    const log = this.log()
    for (const { pid } of left) process.kill(pid, 'SIGKILL')
    await waitFor(() => processesOf(this.#home).length === 0, { deadlineMs: 5000, what: 'what was left to end' })
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 })
    if (!inTime) throw new Error(`The stack did not stop within ${stopDeadlineMs} ms\n${log}`)
    if (left.length > 0) throw new Error(`The stack left processes behind: ${JSON.stringify(left)}\n${log}`)
    if (fileLeft) throw new Error('The stack left stack.json behind')
  }

  /** Several gateway processes take connections in turn, so a few new connections reach each of them. */
  async #isShownByAll(url: string): Promise<boolean> {
    for (let connection = 0; connection < 6; connection++) {
      const response = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(3000) }).catch(
        () => undefined
      )
      await response?.arrayBuffer()
      if (response?.status !== 200) return false
    }
    return true
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

/** A test run that is killed cannot stop its stack: the system then does it for the test, as Ctrl-C would. */
function endedWithTest(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const setpriv = findExecutable('setpriv')
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', 'INT', ...command]
}

function logFiles(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.log'))
}
