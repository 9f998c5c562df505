import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { endingWithLauncher, endText } from '../../../src/stack/processes/processes.ts'
import { now } from '../../support/load/history.ts'
import { waitFor } from '../../support/wait.ts'

interface ChildOptions {
  readonly name: string
  /** path of the compiled build/src/cli.js */
  readonly cli: string
  readonly command: 'gateway' | 'worker'
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
}

/** A moment of a process as the system sees it. */
export interface Footprint {
  readonly descriptors: number
  readonly residentMb: number
}

const startDeadlineMs = 120_000

/** A gateway or a worker as a process of its own: what it prints is kept, and its fail points can be waited for. */
export class Child {
  readonly name: string
  readonly pid: number
  readonly #lines: string[] = []
  /** when it went on after a pause, ms since 1970 */
  readonly resumedAt: number[] = []
  #ended = ''
  #paused = false

  private constructor(name: string, child: ChildProcess, logFile: string) {
    this.name = name
    this.pid = child.pid ?? 0
    for (const output of [child.stdout, child.stderr]) {
      let rest = ''
      output?.on('data', (bytes: Buffer) => {
        appendFileSync(logFile, bytes)
        const lines = (rest + bytes.toString()).split('\n')
        rest = lines.pop() ?? ''
        if (lines.some((line) => /^FAIL POINT \w+ stop/.test(line))) this.#paused = true
        this.#lines.push(...lines)
      })
    }
    child.once('exit', (code, signal) => {
      this.#ended = endText(code, signal)
    })
  }

  static async start({ name, cli, command, env, logFile }: ChildOptions): Promise<Child> {
    const [file, args] = endingWithLauncher(process.execPath, ['--enable-source-maps', cli, command])
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    await once(child, 'spawn')
    return new Child(name, child, logFile)
  }

  get alive(): boolean {
    return this.#ended === ''
  }

  /** Stopped as it stands, by a row or by a fail point of its own. */
  get paused(): boolean {
    return this.#paused
  }

  /** How it ended, such as `exit code 0` or `signal SIGKILL`; '' while it runs. */
  get ended(): string {
    return this.#ended
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  /** How often a text was printed. */
  printed(text: string): number {
    return this.#lines.filter((line) => line.includes(text)).length
  }

  /** Waits until a fail point was hit. @returns the line that says so */
  async hit(point: string, deadlineMs = startDeadlineMs): Promise<string> {
    const said = () => this.#lines.find((line) => line.startsWith(`FAIL POINT ${point} `))
    const what = `${this.name} to reach ${point}`
    await waitFor(() => said() !== undefined || !this.alive, { deadlineMs, what })
    const line = said()
    if (line === undefined) throw new Error(`${this.name} ended (${this.#ended}) before it reached ${point}`)
    return `${this.name}: ${line}`
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.alive) return
    process.kill(this.pid, signal)
    if (signal === 'SIGSTOP') this.#paused = true
    if (signal !== 'SIGCONT') return
    if (this.#paused) this.resumedAt.push(now())
    this.#paused = false
  }

  /** Waits for its end. @returns how it ended */
  async end(deadlineMs = 15_000): Promise<string> {
    await waitFor(() => !this.alive, { deadlineMs, what: `${this.name} to end` })
    return this.#ended
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.end()
  }

  /** Ends it in order, by force after a while or when it was paused. */
  async stop(graceMs = 8000): Promise<void> {
    if (!this.alive) return
    this.signal('SIGCONT')
    this.signal('SIGTERM')
    await this.end(graceMs).catch(() => this.kill())
  }

  /** undefined when it does not run */
  footprint(): Footprint | undefined {
    return footprintOf(this.pid)
  }
}

/** undefined when there is no such process */
export function footprintOf(pid: number): Footprint | undefined {
  try {
    const descriptors = readdirSync(`/proc/${pid}/fd`).length
    const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return { descriptors, residentMb: Math.round(Number(kb) / 1024) }
  } catch {
    return undefined
  }
}
