import { type Moment, moments } from '../network.ts'
import { type Process, type Steps, wait } from '../scheduler.ts'
import type { Part, ShardWorld } from './world.ts'

export const faults = [
  'kill',
  'pause',
  'opened again',
  'wiped',
  'older copy',
  'stands still',
  'nats stands still',
  'postgres goes back'
] as const
type FaultName = (typeof faults)[number]

/** Requests at which faults are aimed, by what their names begin with. */
const targets = [
  'lent',
  'received',
  'publish',
  'settle',
  'adjusted',
  'finished',
  'look',
  'fact',
  'loans',
  'intents',
  'outbox'
] as const

/** Relay, projection, forgetting and recovery of each shard, which are proven elsewhere. */
export class Keeper {
  readonly #world: ShardWorld
  readonly #process: Process

  constructor(world: ShardWorld) {
    this.#world = world
    this.#process = world.scheduler.process('keeper')
    for (const part of world.parts) world.scheduler.spawn(this.#process, this.#keep(part))
  }

  *#keep(part: Part): Steps {
    const { scheduler, rows } = this.#world
    const { shard } = part
    const lag = scheduler.pick([20, 60, 200, 600])
    for (;;) {
      yield* wait(scheduler.sleep(20 + scheduler.draw(lag)))
      if (!shard.open) continue
      yield* this.#world.relay(this.#process, part)
      if (shard.open) this.#project(part, shard.stored + 1 + scheduler.draw(4))
      this.#forget(part)
      shard.stored = rows.state.stored[shard.number] ?? 0
    }
  }

  /** The outbox is published, the stream sealed, read to its end, and then the shard is opened. */
  *#recover(part: Part): Steps {
    const { scheduler } = this.#world
    const { shard } = part
    const soon = () => wait(scheduler.sleep(20 + scheduler.draw(scheduler.pick([50, 1500]))))
    yield* soon()
    for (const decision of shard.outbox) yield* this.#world.publish(this.#process, part, decision)
    shard.seal()
    yield* soon()
    this.#project(part, shard.journal.length)
    shard.recover()
  }

  /** Closes a shard, which has lost the newest of its outbox perhaps, and opens it again. */
  open(part: Part, loss?: { readonly kept: number; readonly behindMs: number }): void {
    const { shard } = part
    if (!shard.open) return
    shard.close()
    if (loss) shard.lose(loss.kept, loss.behindMs)
    this.#world.scheduler.spawn(this.#process, this.#recover(part))
  }

  #project({ shard }: Part, to: number): void {
    const { rows, scheduler } = this.#world
    const from = rows.state.stored[shard.number] ?? 0
    const until = Math.min(shard.journal.length, to)
    for (const decision of shard.journal.slice(from, until)) {
      const closed = rows.project(decision, shard.number, scheduler.now)
      if (closed) this.#world.checkTaken(closed)
    }
    rows.state.stored[shard.number] = Math.max(from, until)
    shard.stored = Math.max(from, until)
  }

  /** The keys of loans that have been closed for long enough. */
  #forget({ shard }: Part): void {
    const { rows, scheduler, keepMs } = this.#world
    for (const { id, from, to, closedAt } of rows.state.loans.values()) {
      if (closedAt === undefined || closedAt > scheduler.now - keepMs) continue
      if (from === shard.number) shard.forgotten.add(`$system x:lend:${id}`)
      if (to === shard.number) shard.forgotten.add(`$system x:recv:${id}`)
    }
  }
}

/** The faults, and nothing else, under which a planted bug shows soon. */
export interface Aim {
  /** at any moment */
  readonly only: readonly FaultName[]
  /** and around requests of that name: the first at once, the others within a second */
  readonly at?: {
    readonly name: (typeof targets)[number]
    readonly moment: Moment
    readonly faults: readonly FaultName[]
  }
  /** how long keys are remembered */
  readonly keepMs?: number
}

interface Cast {
  readonly keeper: Keeper
  readonly workers: readonly Process[]
  readonly start: (worker: Process) => void
}

export class Chaos {
  readonly struck = new Map<FaultName, number>()
  readonly #world: ShardWorld
  readonly #cast: Cast
  readonly #rate: number
  #isOver = false
  readonly #usual: readonly FaultName[]
  #backup: ReturnType<ShardWorld['rows']['copy']>

  constructor(world: ShardWorld, cast: Cast, aim?: Aim) {
    const { scheduler } = world
    this.#world = world
    this.#cast = cast
    this.#rate = scheduler.pick([0.002, 0.005, 0.01])
    this.#backup = world.rows.copy()
    this.#usual = aim ? aim.only : scheduler.chance(0.3) ? faults : faults.filter(() => scheduler.chance(0.4))
    const share = () => scheduler.pick([0, 0.01, 0.05])
    world.losses = { request: share(), reply: share(), late: share() }
    scheduler.tickMs = scheduler.pick([2, 4, 8])
    for (const worker of cast.workers) worker.weight = scheduler.pick([1, 1, 3, 0.2])
    const drawn = { name: scheduler.pick(targets), moment: scheduler.pick(moments), faults: [scheduler.pick(faults)] }
    const aimed = aim ? aim.at : drawn
    const often = aim ? 0.5 : scheduler.pick([0, 0.05, 0.3])
    world.onPoint = (name, moment, from) => {
      if (moment !== aimed?.moment || !name.startsWith(aimed.name) || !cast.workers.includes(from)) return
      if (!scheduler.chance(often)) return
      const part = world.parts[Number(/\d$/.exec(name)?.[0])]
      const [first, ...others] = aimed.faults
      if (first) this.#strike(first, from, part)
      for (const fault of others)
        scheduler.at(scheduler.now + scheduler.draw(900), () => {
          if (!this.#isOver) this.#strike(fault, from, part)
        })
    }
  }

  step(): void {
    const { scheduler, rows } = this.#world
    if (scheduler.chance(0.002)) this.#backup = rows.copy()
    if (this.#usual.length > 0 && scheduler.chance(this.#rate))
      this.#strike(scheduler.pick(this.#usual), scheduler.pick(this.#cast.workers))
  }

  heal(): void {
    this.#isOver = true
    this.#world.calmDown()
    for (const worker of this.#cast.workers) worker.paused = false
    for (const { server } of this.#world.parts) server.paused = false
    this.#world.nats.paused = false
  }

  #strike(name: FaultName, worker: Process, aimedAt?: Part): void {
    const { scheduler, parts, rows } = this.#world
    const { keeper, start } = this.#cast
    const part = aimedAt ?? scheduler.pick(parts)
    const soon = (what: () => void) => scheduler.at(scheduler.now + 50 + scheduler.draw(2500), what)
    this.#world.trace(`fault: ${name}, ${worker.name}, shard ${part.shard.number}`)
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1)
    const behindMs = scheduler.pick([0, 0, 300, 2000])
    if (name === 'opened again') keeper.open(part)
    if (name === 'wiped') keeper.open(part, { kept: 0, behindMs })
    if (name === 'older copy') keeper.open(part, { kept: scheduler.draw(part.shard.outbox.length + 1), behindMs })
    if (name === 'postgres goes back') {
      rows.state = structuredClone(this.#backup)
      // what was opened since is not known: every shard is opened again, after reading its journal
      for (const each of parts) keeper.open(each)
    }
    if (name === 'pause' || name === 'stands still' || name === 'nats stands still') {
      const place = name === 'pause' ? worker : name === 'stands still' ? part.server : this.#world.nats
      place.paused = true
      soon(() => {
        place.paused = false
      })
    }
    if (name === 'kill' && worker.alive) {
      scheduler.kill(worker)
      soon(() => {
        worker.alive = true
        start(worker)
      })
    }
  }
}
