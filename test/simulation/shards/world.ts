import { type Losses, type Moment, Network, type Reply, type Server, type ServerName } from '../network.ts'
import { type Process, Scheduler, type Steps, wait } from '../scheduler.ts'
import type { ShardBug } from './bugs.ts'
import { type Command, type Decision, type GateReply, type Item, items } from './decision.ts'
import { Oracle } from './oracle.ts'
import { type Intent, Rows } from './rows.ts'
import { Shard } from './shard.ts'

export type Outcome =
  | { readonly kind: 'confirmed'; readonly decision: Decision; readonly settled: boolean }
  | { readonly kind: 'pending'; readonly decision: Decision }
  | Exclude<GateReply, { readonly kind: 'decided' }>
  | { readonly kind: 'unknown' }

/** A shard and its Redis. */
export interface Part {
  readonly shard: Shard
  readonly server: Server
  /** how many units somebody lacks here, as the gateways tell, and until when that is of interest */
  readonly wanted: Readonly<Record<Item, Map<number, number>>>
}

/** What a plain read of a shard tells. */
export interface Look {
  readonly epoch: number
  readonly time: number
  readonly shardTime: number
  readonly at: number
  readonly takenAt: number
  readonly remaining: Readonly<Record<Item, number>>
}

/** How long a gateway's word is of interest; it says it again each time it asks. */
const WISH_MS = 300
/** How old a frame of the outbox is before the relay publishes it. */
const RELAY_MS = 1000
const calm: Losses = { request: 0, reply: 0, late: 0 }

/** Several shards, the tables that they share, and the ways between them. */
export class ShardWorld {
  readonly scheduler: Scheduler
  readonly bug: ShardBug | undefined
  readonly rows: Rows
  readonly parts: readonly Part[]
  readonly failures: string[] = []
  /** a shard with fewer than this asks for more before somebody waits */
  readonly low: number
  /** how long a key is remembered once what it is about is closed */
  keepMs: number
  losses: Losses = calm
  /** told of each step boundary around a request */
  onPoint: ((name: string, moment: Moment, from: Process) => void) | undefined
  readonly #network: Network
  readonly #oracle: Oracle
  readonly nats = server('nats')
  readonly #tables = server('postgres')
  readonly #trace: ((line: string) => void) | undefined

  constructor(seed: number, bug?: ShardBug, trace?: (line: string) => void) {
    this.scheduler = new Scheduler(seed)
    this.bug = bug
    this.#trace = trace
    const { scheduler } = this
    const count = 2 + scheduler.draw(3)
    this.low = scheduler.draw(3)
    this.keepMs = scheduler.pick([800, 2000, Number.POSITIVE_INFINITY])
    this.rows = new Rows(bug, count)
    const burst = (1 + scheduler.draw(6)) / count
    const shards: Shard[] = []
    const oracle = new Oracle(shards)
    this.#oracle = oracle
    const around = {
      bug,
      now: () => scheduler.now,
      draw: (below: number) => scheduler.draw(below),
      changed: () => oracle.note(scheduler.now),
      fail: (what: string) => this.fail(what),
      soldOut: (...[shard, item, asked, fact]: Parameters<ConstructorParameters<typeof Shard>[1]['soldOut']>) => {
        const wrong = oracle.judge(shard, { item, asked, now: scheduler.now }, fact)
        if (wrong !== undefined) this.fail(`shard ${shard.number} has sold out of ${asked} ${item}: ${wrong}`)
      }
    }
    for (let number = 0; number < count; number += 1)
      shards.push(new Shard(number, around, bug === 'burst-split' ? burst : Math.max(1, burst)))
    oracle.note(scheduler.now)
    this.parts = shards.map((shard) => ({
      shard,
      server: server('redis'),
      wanted: { unit: new Map(), prize: new Map() }
    }))
    this.#network = new Network({
      scheduler,
      losses: () => this.losses,
      observe: (name, moment, from) => {
        this.trace(`${from.name} ${name} ${moment}`)
        this.onPoint?.(name, moment, from)
      }
    })
  }

  trace(line: string): void {
    this.#trace?.(`${this.scheduler.steps} ${this.scheduler.now - 1_000_000} ms: ${line}`)
  }

  calmDown(): void {
    this.losses = calm
    // others are read within the second that a fact holds
    this.scheduler.tickMs = 1
    this.onPoint = undefined
  }

  part(number: number): Part {
    const part = this.parts[number]
    if (!part) throw new Error(`There is no shard ${number}.`)
    return part
  }

  /** A statement, or a few that are one. */
  *ask<T>(from: Process, name: string, run: () => T): Steps<Reply<T>> {
    return yield* this.#network.call(from, this.#tables, { name, run, deadlineMs: 1500 })
  }

  /** A call of a shard's Redis that decides nothing. */
  *call<T>(
    from: Process,
    { server }: Part,
    request: { readonly name: string; readonly run: () => T }
  ): Steps<Reply<T>> {
    return yield* this.#network.call(from, server, { ...request, deadlineMs: 800 })
  }

  *look(from: Process, part: Part): Steps<Look | undefined> {
    const { shard } = part
    const run = (): Look => {
      shard.mustBeOpen()
      const { epoch, time, shardTime, takenAt, stock } = shard
      const remaining = { unit: stock.unit.remaining, prize: stock.prize.remaining }
      return { epoch, time, shardTime, takenAt, at: this.scheduler.now, remaining }
    }
    const reply = yield* this.call(from, part, { name: `look at ${shard.number}`, run })
    return reply.ok ? reply.value : undefined
  }

  /** By shard, as far as it answers: what is listed after this, and sent with these openings, is of a Postgres that has read their journals. */
  *lookAtAll(from: Process): Steps<ReadonlyMap<number, Look>> {
    const looks = new Map<number, Look>()
    for (const part of this.parts) {
      const look = yield* this.look(from, part)
      if (look) looks.set(part.shard.number, look)
    }
    return looks
  }

  /** One command: decided, journaled, settled. */
  *decide(from: Process, part: Part, command: Command): Steps<Outcome> {
    const { shard } = part
    const name = `${command.type} ${command.key} in ${shard.number}`
    const reply = yield* this.call(from, part, { name, run: () => shard.decide(command) })
    this.trace(`  ${name}: ${JSON.stringify(reply)}`)
    if (!reply.ok) return { kind: 'unknown' }
    if (reply.value.kind !== 'decided') return reply.value
    const { decision, settled } = reply.value
    if (settled) return { kind: 'confirmed', decision, settled }
    const confirmed = yield* this.#confirm(from, part, decision)
    return confirmed ? { kind: 'confirmed', decision, ...confirmed } : { kind: 'pending', decision }
  }

  /** One who waits for units asks again until there are some, or nobody has any, or a deadline has passed. */
  *insist(from: Process, part: Part, command: Command): Steps<Outcome> {
    const { scheduler } = this
    const until = scheduler.now + 1200
    for (;;) {
      const outcome = yield* this.decide(from, part, command)
      if (outcome.kind !== 'lacks' || scheduler.now > until) return outcome
      this.want(part, outcome.item, outcome.missing)
      yield* wait(scheduler.sleep(30 + scheduler.draw(60)))
    }
  }

  /** A gateway tells the shard's owner; nothing rests on whether it hears. */
  want({ wanted }: Part, item: Item, missing: number): void {
    if (!this.scheduler.chance(0.1)) wanted[item].set(missing, this.scheduler.now + WISH_MS)
  }

  /** What is left in the outbox is published and settled by somebody, as by the relay. */
  *relay(from: Process, part: Part): Steps {
    const old = part.shard.outbox.filter(({ at }) => at < this.scheduler.now - RELAY_MS)
    for (const decision of old) yield* this.#confirm(from, part, decision)
  }

  *#confirm(from: Process, part: Part, decision: Decision): Steps<{ readonly settled: boolean } | undefined> {
    const { shard } = part
    const publish = { name: `publish of ${shard.number}`, run: () => shard.publish(decision), deadlineMs: 1000 }
    const acked = yield* this.#network.call(from, this.nats, publish)
    if (!acked.ok) return undefined
    // it goes with a later call, and its answer may not be waited for
    if (this.scheduler.chance(0.3)) return { settled: false }
    const settled = yield* this.call(from, part, {
      name: `settle in ${shard.number}`,
      run: () => shard.settle(decision)
    })
    return { settled: settled.ok }
  }

  /** Publishing by a recovery, which does not settle. */
  *publish(from: Process, { shard }: Part, decision: Decision): Steps {
    yield* this.#network.call(from, this.nats, {
      name: 'publish',
      run: () => shard.publish(decision),
      deadlineMs: 1000
    })
  }

  fail(what: string): void {
    this.trace(`FAILED ${what}`)
    this.failures.push(what)
  }

  /** What an operator took away is what was asked for, or all that there was. */
  checkTaken({ id, item, delta, applied, sinceMs }: Intent): void {
    const taken = applied.reduce<number>((sum, units) => sum + (units ?? 0), 0)
    if (delta >= 0 || taken === delta) return
    const there = this.#oracle.fewest(item, sinceMs, this.scheduler.now)
    if (taken < delta || there >= taken - delta)
      this.fail(`${taken} of ${delta} were taken by ${id}, and ${there} were there`)
  }

  /** What holds at any moment. */
  sample(): void {
    for (const { shard } of this.parts) {
      for (const item of items) {
        const { remaining, total, taken } = shard.stock[item]
        if (remaining < 0) this.fail(`shard ${shard.number} has ${remaining} of ${item} left`)
        if (total !== remaining + taken)
          this.fail(`shard ${shard.number} has ${total} of ${item} in all, ${remaining} left, ${taken} taken`)
      }
    }
  }
}

function server(name: ServerName): Server {
  return { name, weight: 1, paused: false, up: true, incarnation: 0 }
}
