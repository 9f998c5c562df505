import { ServerError } from '../network.ts'
import { Bucket } from './bucket.ts'
import type { ShardBug } from './bugs.ts'
import { apply, type Command, type Decision, effects, emptyStock, type GateReply, type Item } from './decision.ts'
import { MEANS, PROMISED_AFTER, Spinners } from './spinners.ts'

/** What the others had when they were last read: true for one second of Redis' time. It is in no frame. */
export interface Fact {
  /** Redis' time, learnt from this shard before the others were read */
  readonly seen: number
  readonly elsewhere: number | 'unknown'
  /** the same by the clock that no process knows, and when the reading ended */
  readonly began: number
  readonly ended: number
}

/** What a shard needs of the world around it. */
export interface Around {
  readonly bug: ShardBug | undefined
  readonly now: () => number
  readonly draw: (below: number) => number
  /** stock has changed */
  readonly changed: () => void
  /** too few are left anywhere, says this shard */
  readonly soldOut: (shard: Shard, item: Item, asked: number, fact: Fact) => void
  readonly fail: (what: string) => void
}

/** How long a fact is believed. */
export const FACT_MS = 1000

/** Gate, journal and projection of one shard, of which the simulation of all parts has proven: a key decides once, what is journaled stays. */
export class Shard {
  readonly number: number
  readonly journal: Decision[] = []
  /** decided and not settled, journaled or not */
  outbox: Decision[] = []
  /** so many decisions of the journal are in Postgres */
  stored = 0
  open = true
  epoch = 1
  stock = emptyStock()
  readonly facts = new Map<Item, Fact>()
  /** Redis as it was given up: whoever still reaches it finds it open, and nothing of what was decided since */
  givenUp: { readonly epoch: number; readonly outbox: readonly Decision[] } | undefined
  /** replays that have left, as `<user> <key>` */
  readonly forgotten = new Set<string>()
  readonly spinners = new Spinners()
  /** when units were last taken */
  takenAt = 0
  /** Redis' clock runs by so much behind */
  behindMs = 0
  readonly #around: Around
  readonly #bucket: Bucket
  /** when units were last lent, in Redis' time */
  readonly #lentAt = new Map<Item, number>()
  #clock = 0
  #sequence = 0

  constructor(number: number, around: Around, burst: number) {
    this.number = number
    this.#around = around
    this.#bucket = new Bucket(burst, this.time)
  }

  /** Redis' own time. */
  get time(): number {
    return this.#around.now() - this.behindMs
  }

  /** It never steps back. */
  get shardTime(): number {
    this.#clock = Math.max(this.#clock, this.time)
    return this.#clock
  }

  /** One gate call. @throws ServerError when the gate is closed */
  decide(command: Command): GateReply {
    this.mustBeOpen(command.epoch)
    if (command.notAfter !== undefined && this.time > command.notAfter) return { kind: 'unavailable' }
    const known = this.#find(command.user, command.key)
    if (known) return { kind: 'decided', decision: known, settled: !this.outbox.includes(known) }
    switch (command.type) {
      case 'bought':
        return this.#buy(command)
      case 'cancelled':
        return this.#cancel(command)
      case 'spun':
        return this.#spin(command)
      case 'finished':
        return this.#finish(command)
      case 'removed':
        return this.#remove(command)
      case 'lent':
        return this.#lend(command)
      case 'adjusted': {
        const left = this.stock[command.item ?? 'unit'].remaining
        return this.#note(command, { amount: Math.max(command.amount ?? 0, -left) })
      }
      case 'received':
        return this.#is('removed') ? { kind: 'refused', code: 'NOT_FOUND' } : this.#note(command)
      default:
        return this.#note(command)
    }
  }

  /** @throws ServerError when the gate is closed, or was opened again since */
  writeFact(item: Item, fact: Fact | undefined, epoch: number): void {
    this.mustBeOpen(this.#around.bug === 'fact-of-any-opening' ? undefined : epoch)
    const isLent = fact !== undefined && (this.#lentAt.get(item) ?? 0) >= fact.seen
    if (isLent && this.#around.bug !== 'fact-beside-lend') return
    if (fact) this.facts.set(item, fact)
    else this.facts.delete(item)
  }

  /** @throws ServerError when the decision was made under an epoch that is fenced */
  publish(decision: Decision): void {
    if (this.journal.includes(decision)) return
    if (decision.epoch !== this.epoch) throw new ServerError('the stream is sealed')
    this.journal.push(decision)
  }

  /** @throws ServerError when the gate is closed */
  settle(decision: Decision): void {
    this.mustBeOpen()
    if (!this.outbox.includes(decision) || !this.journal.includes(decision)) return
    this.outbox = this.outbox.filter((other) => other !== decision)
    if (this.#around.bug === 'sold-before-journaled' && decision.type === 'received') return
    apply(this.stock[decision.item], effects(decision).gives)
    this.#around.changed()
  }

  /** From here no call decides. What the outbox holds can still be published, until the stream is sealed. */
  close(): void {
    this.open = false
  }

  /** Redis was lost, or a copy that lacks the newest took its place: they were journaled, or are void. */
  lose(kept: number, behindMs: number): void {
    this.givenUp = { epoch: this.epoch, outbox: this.outbox }
    this.outbox = this.outbox.slice(0, kept)
    this.behindMs = behindMs
  }

  seal(): void {
    this.epoch += 1
  }

  /** What is journaled, caught up with or written anew: both have been proven to give the same. */
  recover(): void {
    this.outbox = []
    this.stock = emptyStock()
    this.spinners.clear()
    for (const decision of this.journal) {
      const { takes, gives } = effects(decision)
      apply(this.stock[decision.item], takes)
      apply(this.stock[decision.item], gives)
      this.spinners.note(decision)
    }
    for (const { remaining } of Object.values(this.stock))
      if (remaining < 0) this.#around.fail(`shard ${this.number} has ${remaining} left by its journal`)
    if (this.#around.bug !== 'fact-kept') this.facts.clear()
    this.#lentAt.clear()
    this.open = true
    this.#around.changed()
  }

  /** @throws ServerError when the gate is closed, or the call is one of another opening */
  mustBeOpen(epoch = this.epoch): void {
    if (!this.open || epoch !== this.epoch) throw new ServerError('CLOSED')
  }

  #find(user: string, key: string): Decision | undefined {
    if (this.forgotten.has(`${user} ${key}`)) return undefined
    const isIt = (one: Decision) => one.user === user && one.key === key
    return this.outbox.find(isIt) ?? this.journal.find(isIt)
  }

  #is(type: 'ended' | 'removed'): boolean {
    return [...this.outbox, ...this.journal].some((one) => one.type === type)
  }

  #buy(command: Command): GateReply {
    const asked = command.amount ?? 0
    if (this.#is('ended')) return { kind: 'refused', code: 'ENDED' }
    if (!this.#bucket.take(this.time)) return { kind: 'unavailable' }
    const missing = asked - this.stock.unit.remaining
    if (missing <= 0) return this.#note(command)
    const elsewhere = this.#elsewhere('unit', asked)
    if (elsewhere === 'unknown') return { kind: 'unavailable' }
    if (elsewhere === 'too few') return { kind: 'refused', code: 'SOLD_OUT' }
    return { kind: 'lacks', item: 'unit', missing }
  }

  /** Whether the others have what is missing here, as far as a fact says. */
  #elsewhere(item: Item, asked: number): 'too few' | 'unknown' | undefined {
    const fact = this.facts.get(item)
    if (!fact) return undefined
    const age = (this.#around.bug === 'fact-in-shard-time' ? this.shardTime : this.time) - fact.seen
    // a clock that stepped back behind it does not make it hold for longer
    if (age < 0 || age > FACT_MS) return undefined
    if (fact.elsewhere === 'unknown') return 'unknown'
    if (this.stock[item].remaining + fact.elsewhere >= asked) return undefined
    this.#around.soldOut(this, item, asked, fact)
    return 'too few'
  }

  #cancel(command: Command): GateReply {
    const isOrder = ({ id }: Decision) => id === command.cause
    if (this.outbox.some(isOrder)) return { kind: 'unavailable' }
    const order = this.journal.find(isOrder)
    const isCancelled = [...this.outbox, ...this.journal].some(
      ({ type, cause }) => type === 'cancelled' && cause === command.cause
    )
    if (!order || isCancelled || this.#is('removed')) return { kind: 'refused', code: 'NOT_CANCELLABLE' }
    return this.#note(command, { amount: order.amount })
  }

  #spin(command: Command): GateReply {
    const { bug, draw } = this.#around
    if (this.#is('ended')) return { kind: 'refused', code: 'ENDED' }
    const { losses, drawn } = this.spinners.of(command.user)
    // what is promised rests on the spins before
    if (this.outbox.some(({ user, type }) => user === command.user && type !== 'bought')) return { kind: 'unavailable' }
    if (drawn !== '' && bug !== 'spins-beside-drawn') return { kind: 'unavailable' }
    const number = draw(100)
    this.spinners.rolls(command).rolled.push(number)
    const isPromised = losses >= PROMISED_AFTER
    const isThere = this.stock.prize.remaining > 0
    if (bug === 'promise-passed' && isPromised && !isThere && number >= MEANS)
      return this.#note(command, { item: 'prize', amount: 0, number })
    if (!isPromised && number >= MEANS) return this.#note(command, { item: 'prize', amount: 0, number })
    const meant = { item: 'prize', number, means: true } as const
    if (isThere) return this.#note(command, { ...meant, amount: 1 })
    if (this.#elsewhere('prize', 1) === 'too few') return this.#note(command, { ...meant, amount: 0 })
    if (bug === 'rolled-again') return { kind: 'lacks', item: 'prize', missing: 1 }
    return this.#note({ ...command, type: 'drawn' }, { ...meant, amount: 0 })
  }

  #finish(command: Command): GateReply {
    const drawn = this.journal.find(({ id }) => id === command.cause)
    if (!drawn) return { kind: 'unavailable' }
    const meant = { item: 'prize', number: drawn.number, means: true } as const
    if (this.stock.prize.remaining > 0) return this.#note(command, { ...meant, amount: 1 })
    const elsewhere = this.#elsewhere('prize', 1)
    if (elsewhere === 'unknown') return { kind: 'unavailable' }
    if (elsewhere === 'too few') return this.#note(command, { ...meant, amount: 0 })
    return { kind: 'lacks', item: 'prize', missing: 1 }
  }

  /** What leaves this shard is elsewhere from now on: neither its fact nor one that is on its way says that. */
  #lend({ item = 'unit', amount = 0, ...command }: Command): GateReply {
    if (this.#around.bug !== 'lender-keeps-fact') this.facts.delete(item)
    this.#lentAt.set(item, this.time)
    return this.#note({ ...command, item }, { amount: Math.min(amount, this.stock[item].remaining) })
  }

  #remove(command: Command): GateReply {
    if (this.outbox.length > 0) return { kind: 'unavailable' }
    return this.#note(command, { amount: this.stock[command.item ?? 'unit'].remaining })
  }

  #note(command: Command, parts: Partial<Decision> = {}): GateReply {
    this.#sequence += 1
    const { type, user, key, item = 'unit', amount = 0, cause = '', from = -1, to = -1 } = command
    const id = `${this.number}-${this.epoch}-${this.#sequence}`
    const named = {
      id,
      epoch: this.epoch,
      at: this.#around.now(),
      type,
      user,
      key,
      item,
      amount,
      cause,
      from,
      to,
      number: -1,
      means: false
    }
    const decision: Decision = { ...named, ...parts }
    this.outbox.push(decision)
    const { takes, gives } = effects(decision)
    apply(this.stock[decision.item], takes)
    if (this.#around.bug === 'total-left' && type === 'lent') this.stock[decision.item].total += decision.amount
    if (this.#around.bug === 'sold-before-journaled' && type === 'received') apply(this.stock[decision.item], gives)
    if (decision.amount > 0 && (type === 'bought' || type === 'spun')) this.takenAt = this.#around.now()
    if (type === 'spun' || type === 'drawn') this.spinners.rolls(command).decided.push(decision.number)
    this.spinners.note(decision)
    this.#around.changed()
    return { kind: 'decided', decision, settled: false }
  }
}
