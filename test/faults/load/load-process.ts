import { closeSync, openSync, writeSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { shardOf } from '../../../src/base/shards.ts'
import { storefrontToken } from '../../support/http/storefront-token.ts'
import { type AttemptKind, History, type Purchase } from '../../support/load/history.ts'
import { LoadClient, type Trick } from '../../support/load/load-client.ts'
import { seededRandom } from '../../support/random.ts'
import type { DrawVisit, LoadOptions, Order, Report } from './messages.ts'

// The load client: a process of its own, so that nothing that happens to the parts under test happens to it.

const kinds: readonly AttemptKind[] = ['ok', 'pending', 'refused', 'unavailable', 'unknown', 'none', 'wrong']
const tricks: ReadonlyArray<Trick | undefined> = [
  undefined,
  undefined,
  'twice',
  undefined,
  'cut-after-write',
  'replay',
  undefined,
  'cut-mid-answer'
]
const tellEveryMs = 40
const lag = monitorEventLoopDelay({ resolution: 10 })
lag.enable()

function tell(report: Report): void {
  // the row may be over, and nobody listen any more
  if (process.connected) process.send?.(report, undefined, undefined, () => {})
}

/** Buyers who keep coming, each purchase by a new user under a new key unless said, until they are stopped. */
class Buyers {
  readonly history: History
  readonly gateways: string[]
  restMs: number
  readonly #client: LoadClient
  readonly #options: LoadOptions
  readonly #loops: Promise<void>[]
  readonly #file: number
  #users = 0
  #stopped = false
  #newestOrderAt = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#file = openSync(options.historyFile, 'w')
    this.history = new History((line) => {
      writeSync(this.#file, `${line}\n`)
    })
    this.gateways = [...options.gateways]
    this.restMs = options.restMs
    const tokens = new Map<string, string>()
    this.#client = new LoadClient({
      publicUrl: this.gateways,
      history: this.history,
      connections: options.buyers * 2,
      deadlineMs: options.deadlineMs,
      patienceMs: options.patienceMs,
      seed: options.seed,
      tokenOf(user) {
        const token = tokens.get(user) ?? storefrontToken(options.tokenSecret, user)
        tokens.set(user, token)
        return token
      }
    })
    const random = seededRandom(options.seed)
    this.#loops = Array.from({ length: options.buyers }, () => this.#keepBuying(random))
  }

  async #keepBuying(random: () => number): Promise<void> {
    const { campaign, sale, everyNthTwo, visit, comeBack = false } = this.#options
    // not all at once: batches of a real crowd differ in size
    await pause(random() * this.restMs)
    while (!this.#stopped) {
      const number = this.#nextUser()
      if (visit !== undefined && random() < visit.share) await this.#visit(`${campaign}-${number}`, visit, random)
      else {
        const quantity = everyNthTwo > 0 && number % everyNthTwo === 0 ? 2 : 1
        const user = comeBack && number % 10 === 9 ? number - 4 : number
        const wish = { user: `${campaign}-${user}`, key: `${campaign}-key-${number}`, campaign, sale, quantity }
        await this.#ask(wish, random)
      }
      await pause(this.restMs * (0.5 + random()))
    }
  }

  #nextUser(): number {
    const { campaign, home } = this.#options
    const isHome = (number: number) => !home || shardOf(`${campaign}-${number}`, home.count) === home.shard
    let number = this.#users++
    while (!isHome(number)) number = this.#users++
    return number
  }

  /** @returns whether it was confirmed */
  async #ask(wish: Purchase, random: () => number): Promise<boolean> {
    const sentAt = performance.timeOrigin + performance.now()
    const ending = await this.#client.buy(wish, tricks[Math.floor(random() * tricks.length)])
    const confirmed = ending.kind === 'confirmed' || ending.kind === 'took-part'
    if (confirmed) this.#newestOrderAt = Math.max(this.#newestOrderAt, sentAt)
    return confirmed
  }

  async #visit(user: string, { draw, task, spins }: DrawVisit, random: () => number): Promise<void> {
    const { campaign } = this.#options
    const common = { user, campaign, quantity: 1 }
    const done = { ...common, key: `${user}-task`, sale: task, wanted: 'completion' } as const
    if (!(await this.#ask(done, random))) return
    for (let spin = 0; spin <= spins && !this.#stopped; spin++) {
      await this.#ask({ ...common, key: `${user}-spin-${spin}`, sale: draw, wanted: 'spin' }, random)
    }
  }

  tellFigures(): void {
    const counts = Object.fromEntries(kinds.map((kind) => [kind, this.history.count(kind)]))
    const lagMs = Math.round(lag.percentile(99) / 1e6)
    tell({ kind: 'figures', counts, inFlight: this.history.inFlight(), newestOrderAt: this.#newestOrderAt, lagMs })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
    this.tellFigures()
    tell({ kind: 'stopped' })
  }

  async settle(deadlineMs: number): Promise<void> {
    const failure = await this.#client.settle(deadlineMs).then(
      () => '',
      (error: Error) => error.message
    )
    this.tellFigures()
    tell({ kind: 'settled', failure })
  }

  exit(): void {
    closeSync(this.#file)
    process.exit(0)
  }
}

let buyers: Buyers | undefined

async function obey(order: Order): Promise<void> {
  if (order.kind === 'start') {
    buyers = new Buyers(order.options)
    setInterval(() => buyers?.tellFigures(), tellEveryMs)
    return
  }
  if (order.kind === 'gateways') buyers?.gateways.splice(0, buyers.gateways.length, ...order.gateways)
  if (order.kind === 'rest' && buyers) buyers.restMs = order.restMs
  if (order.kind === 'stop') await buyers?.stop()
  if (order.kind === 'settle') await buyers?.settle(order.deadlineMs)
  if (order.kind === 'exit') buyers?.exit()
}

process.on('message', (order: Order) => void obey(order))
process.once('disconnect', () => process.exit(0))
