import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type AttemptKind, type History, now, readHistory } from '../../support/load/history.ts'
import { waitFor } from '../../support/wait.ts'
import type { LoadOptions, Order, Report } from './messages.ts'

type Figures = Extract<Report, { kind: 'figures' }>

const program = fileURLToPath(new URL('./load-process.js', import.meta.url))

/** The load client's process, as a row sees it. */
export class Load {
  readonly #child: ChildProcess
  readonly #historyFile: string
  #figures: Figures = { kind: 'figures', counts: {}, inFlight: 0, newestOrderAt: 0, lagMs: 0 }
  #stopped = false
  #settled: string | undefined
  #ended = ''

  constructor(options: LoadOptions) {
    this.#historyFile = options.historyFile
    this.#child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#child.on('message', (report: Report) => {
      if (report.kind === 'figures') this.#figures = report
      if (report.kind === 'stopped') this.#stopped = true
      if (report.kind === 'settled') this.#settled = report.failure
    })
    this.#child.once('exit', (code, signal) => {
      this.#ended = `code ${code}, signal ${signal}`
    })
    this.#send({ kind: 'start', options })
  }

  count(kind: AttemptKind): number {
    return this.#figures.counts[kind] ?? 0
  }

  get inFlight(): number {
    return this.#figures.inFlight
  }

  /** When the request of the newest new order was sent (ms since 1970). */
  get newestOrderAt(): number {
    return this.#figures.newestOrderAt
  }

  /** How late a timer of the load client was, at p99. */
  get lagMs(): number {
    return this.#figures.lagMs
  }

  /** Waits for so many more confirmations, with requests under way: load is flowing. @returns what proves it */
  async flowing(confirmations: number, deadlineMs = 120_000): Promise<string> {
    const goal = this.count('ok') + confirmations
    const flows = () => this.#ended !== '' || (this.count('ok') >= goal && this.inFlight > 0)
    await waitFor(flows, { deadlineMs, what: `${confirmations} more confirmations and requests under way` })
    if (this.#ended !== '') throw new Error(`the load client ended: ${this.#ended}`)
    return `${this.count('ok')} confirmed, ${this.inFlight} under way`
  }

  /** Waits for a new order whose request was sent from now on. @returns ms until then */
  async confirmsAgain(deadlineMs = 120_000): Promise<number> {
    const from = now()
    const what = 'a new confirmation'
    await waitFor(() => this.#figures.newestOrderAt >= from || this.#ended !== '', { deadlineMs, what, everyMs: 10 })
    return now() - from
  }

  /** Buyers ask these gateways from now on. */
  useGateways(gateways: readonly string[]): void {
    this.#send({ kind: 'gateways', gateways })
  }

  setRest(restMs: number): void {
    this.#send({ kind: 'rest', restMs })
  }

  /** Lets no buyer begin anew and waits for the answers under way. */
  async stop(deadlineMs = 120_000): Promise<void> {
    if (this.#ended !== '' || this.#stopped) return
    this.#send({ kind: 'stop' })
    await waitFor(() => this.#stopped || this.#ended !== '', { deadlineMs, what: 'the buyers to stop' })
  }

  /** Asks for every purchase without a definite answer. @returns '' or what stayed open */
  async settle(deadlineMs = 120_000): Promise<string> {
    this.#settled = undefined
    this.#send({ kind: 'settle', deadlineMs })
    const what = 'the purchases to be settled'
    await waitFor(() => this.#settled !== undefined || this.#ended !== '', { deadlineMs: deadlineMs + 20_000, what })
    return this.#settled ?? `the load client ended: ${this.#ended}`
  }

  /** What it wrote down until now. */
  history(): History {
    return readHistory(readFileSync(this.#historyFile, 'utf8'))
  }

  async end(): Promise<void> {
    if (this.#ended !== '') return
    this.#send({ kind: 'exit' })
    await waitFor(() => this.#ended !== '', { deadlineMs: 5000 }).catch(() => this.#child.kill('SIGKILL'))
  }

  #send(order: Order): void {
    if (this.#child.connected) this.#child.send(order)
  }
}
