import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import { pino } from 'pino'
import type { Command, LoanCommand } from '../../../src/gate/batch/commands.ts'
import type { Outcome } from '../../../src/gate/batch/outcomes.ts'
import type { Decider, Lending } from '../../../src/gate/gate.ts'
import { LENT, RECEIVED } from '../../../src/record/decisions.ts'
import { storeLoans } from '../../../src/store/projection/loans.ts'
import { LoanDriver } from '../../../src/worker/loans/driver.ts'
import { Lacks } from '../../../src/worker/loans/lacks.ts'
import { loanRowOf } from '../../../src/worker/projection/loans.ts'

const numbers = [0, 1, 2]

/** A decision of a shard: what it took is gone at once, what it gives comes when it is settled. */
interface Made {
  readonly command: LoanCommand
  readonly epoch: number
  readonly seq: number
  readonly moved: number
  journaled: boolean
  settled: boolean
  stored: boolean
}

/** One shard of a world in memory. */
class FakeShard {
  epoch = 1
  units: number
  open = true
  made: Made[] = []
  facts: unknown[] = []

  constructor(units: number) {
    this.units = units
  }

  decide(command: LoanCommand): Made | undefined {
    if (!this.open || command.opening !== this.epoch) return undefined
    const known = this.made.find((one) => one.command.key === command.key)
    if (known) return known
    const moved = command.type === LENT ? Math.min(this.units, -command.delta) : command.delta
    if (command.type === LENT) this.units -= moved
    const made = {
      ...{ command, moved, epoch: this.epoch, seq: this.made.length + 1 },
      ...{ journaled: false, settled: false, stored: false }
    }
    this.made.push(made)
    return made
  }

  settle(made: Made): void {
    if (made.settled || !made.journaled || !this.made.includes(made)) return
    made.settled = true
    if (made.command.type === RECEIVED) this.units += made.moved
  }

  /** What is not journaled is void, the rest is settled. */
  reopen(): void {
    this.epoch += 1
    this.open = true
    for (const made of this.made.filter((one) => !one.journaled && one.command.type === LENT)) this.units += made.moved
    this.made = this.made.filter((one) => one.journaled)
    for (const made of this.made) this.settle(made)
  }
}

/** Three shards, of which calls go wrong as long as it storms. */
export class LendingWorld {
  readonly #pool: Pool
  readonly shards: readonly FakeShard[]
  readonly campaign = `c${randomUUID().slice(0, 8)}`
  readonly item = { key: `s:${this.campaign}:sale`, field: 'am:remaining' }
  readonly lacks = numbers.map(() => new Lacks())
  storms = true
  /** `<shard> <key>` */
  readonly unreadable = new Set<string>()
  readonly draw: (below: number) => number

  constructor(pool: Pool, units: readonly number[], draws: Iterator<number>) {
    this.#pool = pool
    this.shards = units.map((some) => new FakeShard(some))
    this.draw = (below) => (draws.next().value ?? 0) % below
  }

  shard(number: number): FakeShard {
    const found = this.shards[number]
    if (found === undefined) throw new Error(`There is no shard ${number}`)
    return found
  }

  readonly gate: Decider & Lending & { readonly numbers: readonly number[] } = {
    numbers,
    look: async (number, items) => {
      const { open, epoch, units } = this.shard(number)
      if (!open || (this.storms && this.draw(8) === 0)) throw new Error('no answer')
      return {
        opening: epoch,
        time: 0,
        oldestBatch: undefined,
        last: { batch: 0, sequence: 0 },
        units: items.map(({ key }) => (this.unreadable.has(`${number} ${key}`) ? 'unreadable' : units))
      }
    },
    writeFact: async (number, fact) => void this.shard(number).facts.push(fact.units),
    submit: async (command) => this.#answer(command)
  }

  /** By a draw: lost on the way there or back, killed before or after, not journaled, journaled and not settled; or as it should be. */
  #answer(command: Command): Outcome {
    if (command.op !== 'loan') throw new Error('A driver of loans asks for loans')
    const luck = this.storms ? this.draw(14) : 13
    if (luck === 0) throw new Error('killed before it was sent')
    if (luck === 1) return { kind: 'unknown', reason: 'lost on the way there' }
    const shard = this.shard(command.shard)
    const made = shard.decide(command)
    if (made === undefined) return { kind: 'unavailable', reason: 'closed', retryAfterMs: 1 }
    if (luck === 2) throw new Error('killed after it was decided')
    if (luck === 3) return { kind: 'unknown', reason: 'lost on the way back' }
    const report = String(command.type === LENT ? -made.moved : made.moved)
    const id = `${command.shard}-${made.epoch}-${made.seq}`
    const decision = { id, sequence: made.seq, type: command.type, at: 0, report }
    if (luck === 4 && !made.journaled) return { kind: 'pending', decision }
    made.journaled = true
    if (luck === 5) throw new Error('killed after it was journaled')
    if (luck !== 6) shard.settle(made)
    return { kind: 'confirmed', decision, replayed: false }
  }

  /** @param givenUp it reaches a Redis that is open under an earlier opening and where nothing waits */
  driver(number: number, givenUp?: { readonly epoch: number }): LoanDriver {
    const shard = this.shard(number)
    const waiting = () => (givenUp ? [] : shard.made.filter((one) => !one.settled))
    const entries = () => waiting().map(({ command }) => ['1-1', ['p', JSON.stringify({ key: command.key })]])
    const words = () => {
      const epoch = String((givenUp ?? shard).epoch)
      return [epoch, givenUp || shard.open ? epoch : '0']
    }
    const transaction = {
      hmget: () => transaction,
      xrange: () => transaction,
      exec: async () => [
        [null, words()],
        [null, entries()]
      ]
    }
    const redis = { multi: () => transaction } as never
    return new LoanDriver({
      ...{ pool: this.#pool, gate: this.gate, shard: number, lacks: this.lacks[number] ?? new Lacks() },
      ...{ redis, prefix: '', logger: pino({ level: 'silent' }) }
    })
  }

  async project(number: number, many: number): Promise<void> {
    const fresh = this.shard(number)
      .made.filter((one) => one.journaled && !one.stored)
      .slice(0, many)
    const client = await this.#pool.connect()
    try {
      const rows = fresh.flatMap(({ command, epoch, seq, moved }) => {
        const said = { ...command, seq, request: JSON.parse(command.request), report: String(moved) }
        return loanRowOf({ shard: number, epoch }, said) ?? []
      })
      await storeLoans(client as never, number, rows)
      for (const one of fresh) one.stored = true
    } finally {
      client.release()
    }
  }

  want(number: number, units: number): void {
    this.lacks[number]?.hear(JSON.stringify({ campaign: this.campaign, ...this.item, units }))
  }

  /** What happens besides drivers. */
  async happen(): Promise<void> {
    const number = this.draw(3)
    const shard = this.shard(number)
    const luck = this.draw(10)
    if (luck === 0) shard.open = false
    else if (luck === 1) shard.reopen()
    else if (luck < 5) await this.project(number, 1 + this.draw(3))
    else if (luck < 7) for (const made of shard.made) shard.settle(made)
    else this.want(number, 1 + this.draw(12))
  }

  /** Units in shards, and lent or received without the other one. */
  get units(): number {
    const inShards = this.shards.reduce((sum, { units }) => sum + units, 0)
    const of = (type: string) => this.shards.flatMap(({ made }) => made.filter((one) => one.command.type === type))
    const sum = (some: readonly Made[]) => some.reduce((all, { moved }) => all + moved, 0)
    return inShards + sum(of(LENT)) - sum(of(RECEIVED).filter(({ settled }) => settled))
  }
}
