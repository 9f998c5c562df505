import type { Logger } from 'pino'
import { UnavailableError } from '../../base/errors.ts'
import type { Command } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { Gate, LiveOrder, LiveWin, UnstoredDecision } from '../../gate/gate.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 3000
const RETRY_MS = 1000

/**
 * A gate that is there at once and answers "unavailable" until its parts answered for the first time: a gateway starts
 * also while Redis or NATS are away.
 */
export class LateGate implements Gate {
  readonly #create: () => Promise<Gate>
  readonly #logger: Logger
  readonly #opened: Promise<Gate>
  #gate: Gate | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(create: () => Promise<Gate>, logger: Logger) {
    this.#create = create
    this.#logger = logger
    this.#opened = new Promise((resolve) => void this.#open(resolve, FIRST_PAUSE_MS))
  }

  submit(command: Command): Promise<Outcome> {
    if (this.#gate !== undefined) return this.#gate.submit(command)
    return Promise.resolve({ kind: 'unavailable', reason: 'the gate is not connected yet', retryAfterMs: RETRY_MS })
  }

  async ordersOf(user: string): Promise<LiveOrder[]> {
    return this.#now().ordersOf(user)
  }

  async winsOf(user: string): Promise<LiveWin[]> {
    return this.#now().winsOf(user)
  }

  async orderOf(user: string, order: string): Promise<LiveOrder | undefined> {
    return this.#now().orderOf(user, order)
  }

  async winOf(user: string, win: string): Promise<LiveWin | undefined> {
    return this.#now().winOf(user, win)
  }

  async unstoredOf(user: string): Promise<UnstoredDecision[]> {
    return this.#now().unstoredOf(user)
  }

  async unstoredUnder(user: string, key: string): Promise<UnstoredDecision | undefined> {
    return this.#now().unstoredUnder(user, key)
  }

  async fieldsOf(user: string, names: readonly string[]): Promise<Record<string, string>> {
    return this.#now().fieldsOf(user, names)
  }

  async lookup(user: string, key: string): ReturnType<Gate['lookup']> {
    return this.#now().lookup(user, key)
  }

  async read(keys: readonly string[]): Promise<Array<Record<string, string>>> {
    return this.#now().read(keys)
  }

  async ownerOf(order: string): Promise<string | undefined> {
    return this.#now().ownerOf(order)
  }

  async depths(): ReturnType<Gate['depths']> {
    return this.#now().depths()
  }

  health(): ReturnType<Gate['health']> {
    return this.#gate?.health() ?? { gate: 'closed', journal: 'closed', conditions: {} }
  }

  async ready(): Promise<void> {
    await (await this.#opened).ready()
  }

  async close(ms: number): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#gate?.close(ms)
  }

  #now(): Gate {
    if (this.#gate === undefined) throw new UnavailableError('the gate is not connected yet')
    return this.#gate
  }

  async #open(resolve: (gate: Gate) => void, pauseMs: number): Promise<void> {
    try {
      const gate = await this.#create()
      if (this.#closed) {
        await gate.close(0)
        return
      }
      this.#gate = gate
      resolve(gate)
    } catch (error) {
      if (this.#closed) return
      if (pauseMs === FIRST_PAUSE_MS)
        this.#logger.warn({ err: error }, 'the gate could not be connected; trying until it can')
      this.#timer = setTimeout(() => void this.#open(resolve, Math.min(LONGEST_PAUSE_MS, pauseMs * 2)), pauseMs)
    }
  }
}
