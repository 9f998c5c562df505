import { planLoans } from '../../../src/worker/loans/plan-loans.ts'
import { type Process, type Steps, wait } from '../scheduler.ts'
import { type Item, items } from './decision.ts'
import type { Loan } from './rows.ts'
import type { Look, Part, ShardWorld } from './world.ts'

/** Who goes on to read the outbox of a Redis that was given up. */
const FORMER_OWNER = 'worker1'

/** Drives what one shard has open: loans to it, and spins of its users; and asks the others for what it lacks. */
export class Driver {
  readonly #world: ShardWorld
  readonly #process: Process
  readonly #part: Part

  constructor(world: ShardWorld, process: Process, part: Part) {
    this.#world = world
    this.#process = process
    this.#part = part
  }

  *run(): Steps {
    const { scheduler } = this.#world
    for (;;) {
      yield* wait(scheduler.sleep(20 + scheduler.draw(40)))
      yield* this.#carryOpen()
      yield* this.#finishSpins()
      for (const item of items) yield* this.#provide(item)
    }
  }

  /** Openings first, rows then: what was decided before one of them is projected before it opens. */
  *#carryOpen(): Steps {
    const { rows, bug } = this.#world
    const { number } = this.#part.shard
    const list = () =>
      this.#world.ask(this.#process, 'loans.list', () => rows.loansTo(number).map((loan) => ({ ...loan })))
    const early = bug === 'lists-before-opening' ? yield* list() : undefined
    const looks = yield* this.#world.lookAtAll(this.#process)
    const listed = early ?? (yield* list())
    if (!listed.ok) return
    for (const loan of listed.value) yield* this.#carry(loan, looks)
  }

  /** Lend, wait until that is journaled, receive, wait until that is settled, close. Each may be done by somebody else too. */
  *#carry(loan: Loan, looks: ReadonlyMap<number, Look>): Steps {
    const { rows, bug, scheduler } = this.#world
    const amount = loan.lent ?? (yield* this.#lend(loan, looks.get(loan.from)))
    if (amount === undefined) return
    const settled =
      amount === 0 || (yield* this.#receive(loan, amount, looks.get(loan.to))) || bug === 'closed-when-decided'
    if (!settled) return
    const state = amount === 0 ? 'void' : 'received'
    yield* this.#world.ask(this.#process, 'loans.close', () => rows.close(loan.id, state, scheduler.now))
  }

  /** Returns what the journal says was lent. */
  *#lend({ id, item, from, to, asked }: Loan, look: Look | undefined): Steps<number | undefined> {
    const { bug, rows, scheduler } = this.#world
    if (!look) return undefined
    const names = { type: 'lent', user: '$system', key: `x:lend:${id}`, cause: id } as const
    const outcome = yield* this.#world.decide(this.#process, this.#world.part(from), {
      ...names,
      ...this.#until(look),
      item,
      from,
      to,
      amount: asked
    })
    if (outcome.kind === 'confirmed') return outcome.decision.amount
    if (outcome.kind === 'pending' && bug === 'amount-of-pending') return outcome.decision.amount
    if (outcome.kind === 'unknown' && bug === 'lends-anew')
      yield* this.#world.ask(this.#process, 'loans.close', () => rows.close(id, 'void', scheduler.now))
    return undefined
  }

  /** Returns whether the receipt is journaled and settled. */
  *#receive({ id, item, from, to, receipt }: Loan, amount: number, look: Look | undefined): Steps<boolean> {
    const { bug } = this.#world
    if (!look) return false
    if (receipt !== undefined && bug !== 'asks-what-is-stored') {
      const run = () => this.#isSettled(receipt)
      const isSettled = yield* this.#world.call(this.#process, this.#part, { name: 'outbox', run })
      return isSettled.ok && isSettled.value
    }
    const key = bug === 'received-twice' ? `x:recv:${id}:${this.#process.name}` : `x:recv:${id}`
    const outcome = yield* this.#world.decide(this.#process, this.#part, {
      type: 'received',
      user: '$system',
      key,
      cause: id,
      ...this.#until(look),
      item,
      from,
      to,
      amount
    })
    if (outcome.kind === 'refused') this.#world.fail(`loan ${id} is refused by shard ${to}`)
    if (bug === 'closed-when-decided') return outcome.kind === 'confirmed'
    return outcome.kind === 'confirmed' && outcome.settled
  }

  /** One of the workers still reaches the Redis that was given up last. */
  #isSettled(receipt: string): boolean {
    const { shard } = this.#part
    const old = this.#process.name === FORMER_OWNER ? shard.givenUp : undefined
    if (old === undefined) shard.mustBeOpen()
    const { epoch, outbox } = old ?? shard
    const isEarlier = epoch < Number(receipt.split('-')[1])
    if (isEarlier && this.#world.bug !== 'outbox-of-any-opening') return false
    return outbox.every(({ id }) => id !== receipt)
  }

  /** For the opening that was open before the rows were listed, and for as long as no key of an open row is forgotten. */
  #until({ epoch, time }: Look): { epoch?: number; notAfter?: number } {
    const { bug, keepMs } = this.#world
    if (bug === 'sends-at-any-time') return {}
    const opening = bug === 'lists-before-opening' ? {} : { epoch }
    return Number.isFinite(keepMs) ? { ...opening, notAfter: time + keepMs } : opening
  }

  *#finishSpins(): Steps {
    const { rows, parts, scheduler } = this.#world
    const { number } = this.#part.shard
    const list = () => [...rows.state.spins.values()].filter(({ id, open }) => open && id.startsWith(`${number}-`))
    const listed = yield* this.#world.ask(this.#process, 'spins.list', list)
    if (!listed.ok || parts.length === 0) return
    for (const { id, user } of listed.value) {
      const command = { type: 'finished', user, key: `x:spin:${id}`, cause: id } as const
      const outcome = yield* this.#world.decide(this.#process, this.#part, command)
      if (outcome.kind === 'lacks') {
        this.#world.want(this.#part, outcome.item, outcome.missing)
        yield* wait(scheduler.sleep(5))
      }
    }
  }

  /** Looks whether units are wanted here, reads the others, and asks them for units or notes what they have. */
  *#provide(item: Item): Steps {
    const { bug, low } = this.#world
    const own = yield* this.#world.look(this.#process, this.#part)
    if (!own) return
    const missing = [...this.#part.wanted[item]].filter(([, until]) => until > own.at).map(([units]) => units)
    const here = own.remaining[item]
    const isLow = item === 'unit' && here < low && own.at - own.takenAt < 500
    if (missing.length === 0 && !isLow) return
    if (bug === 'fact-believed-unread') yield* this.#writeFact(item, own, { elsewhere: 0, began: own.at })
    const there = yield* this.#readOthers(item)
    if (!there) return
    const { units, isMoving } = there
    const { loans, elsewhere } = planLoans({ here, others: units, isMoving }, missing, isLow)
    if (bug === 'fact-believed-unread') {
      if ([...units.values()].some((left) => left !== 0) || isMoving) yield* this.#writeFact(item, own, undefined)
    } else if (elsewhere !== undefined) yield* this.#writeFact(item, own, { elsewhere, began: own.at })
    for (const { from, asked } of loans) yield* this.#begin(item, from, asked)
  }

  *#begin(item: Item, from: number, asked: number): Steps {
    const { rows } = this.#world
    const to = this.#part.shard.number
    const begun = yield* this.#world.ask(this.#process, 'loans.begin', () =>
      rows.begin({ id: rows.newId(), item, from, to, asked })
    )
    if (begun.ok && begun.value === 'beside another') this.#world.fail(`two loans of ${item} between ${from} and ${to}`)
  }

  /** Units of an item in each other shard, undefined where it did not answer; and whether any moved meanwhile. */
  *#readOthers(
    item: Item
  ): Steps<{ readonly units: ReadonlyMap<number, number | undefined>; readonly isMoving: boolean } | undefined> {
    const { rows, bug } = this.#world
    const loans = () => this.#world.ask(this.#process, 'loans.of', () => rows.loansOf(item))
    const before = yield* loans()
    const units = new Map<number, number | undefined>()
    for (const part of this.#world.parts) {
      if (part === this.#part) continue
      const look = yield* this.#world.look(this.#process, part)
      const there = look?.remaining[item]
      units.set(part.shard.number, bug === 'closed-is-empty' ? (there ?? 0) : there)
    }
    const after = yield* loans()
    if (!before.ok || !after.ok) return undefined
    const open = before.value.open.length + after.value.open.length
    return { units, isMoving: bug !== 'loans-uncounted' && (open > 0 || before.value.count !== after.value.count) }
  }

  *#writeFact(
    item: Item,
    own: Look,
    fact: { readonly elsewhere: number | 'unknown'; readonly began: number } | undefined
  ): Steps {
    const { bug, scheduler } = this.#world
    const { shard } = this.#part
    const ended = scheduler.now
    const run = () => {
      const isLate = bug === 'fact-when-written' || bug === 'fact-believed-unread'
      const seen = isLate ? shard.time : bug === 'fact-in-shard-time' ? own.shardTime : own.time
      const began = isLate ? scheduler.now : own.at
      shard.writeFact(item, fact && { ...fact, seen, began, ended: isLate ? scheduler.now : ended }, own.epoch)
    }
    yield* this.#world.call(this.#process, this.#part, { name: `fact ${item}`, run })
  }
}
