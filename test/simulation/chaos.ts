import type { Cast } from './cast.ts'
import { Damage } from './damage.ts'
import { type Moment, moments } from './network.ts'
import { shardKeys } from './parts/gate/gate-state.ts'
import { requests } from './requests.ts'
import type { Process } from './scheduler.ts'
import type { World } from './world.ts'

/**
 * What can go wrong; false when it would be more than is promised to be survived. `from` is the process at whose step
 * boundary it happens, when it is aimed.
 */
type Fault = (damage: Damage, from: Process | undefined) => unknown

interface Aim {
  readonly name: string
  readonly moment: Moment
  nth: number
  readonly faults: readonly FaultName[]
}

const faults = {
  kill: (damage, from) => damage.kill(from ?? damage.anyProcess()),
  'kill worker': (damage) => damage.kill(damage.anyWorker()),
  pause: (damage, from) => damage.pause(from ?? damage.anyProcess()),
  'pause worker': (damage) => damage.pause(damage.anyWorker()),
  'session ends': (damage) => damage.endSessions(),
  'redis restarts': (damage) => damage.restartRedis('newest'),
  'redis on an older file': (damage) => damage.restartRedis('older'),
  'redis wiped': (damage) => damage.restartRedis('empty'),
  'redis flushed': (damage) => damage.flushRedis(),
  'scripts flushed': (damage) => damage.world.redis.node.scriptFlush(),
  'replica promoted': (damage) => damage.promoteReplica(),
  'there and back': (damage) => damage.failBack(),
  'there and back, then renamed': (damage) => damage.failBack() && damage.renameHistory(),
  'first replica attaches': (damage) => damage.renameHistory(),
  'redis pauses': (damage) => damage.pauseServer(damage.world.redis),
  'nats restarts': (damage) => damage.restart(damage.world.natsServer),
  'nats wiped': (damage) => damage.loseJournal(() => damage.world.nats.wipe()),
  'stream deleted': (damage) => damage.loseJournal(() => damage.deleteNewestStream()),
  'nats pauses': (damage) => damage.pauseServer(damage.world.natsServer),
  'nats is full': (damage) => damage.fillNats(),
  'dedupe window passes': (damage) => damage.world.scheduler.jump(130_000),
  'time passes': (damage) => damage.world.scheduler.jump(500 + damage.world.scheduler.draw(3000)),
  'postgres restarts': (damage) => damage.restartPostgres(),
  'postgres pauses': (damage) => damage.pauseServer(damage.world.postgresServer),
  'postgres goes back': (damage) => damage.restorePostgres(),
  'outbox gone': (damage) => damage.dropOutbox(),
  'gate fails half-way': (damage) => damage.failScript(['gate', 'trim', 'forget', 'repair']),
  'filling fails half-way': (damage) => damage.failScript(['page', 'settle', 'restore', 'open', 'close']),
  'reopening asked': (damage) => damage.world.askReopening(),
  'rebuild asked': (damage) => {
    damage.world.rebuildAsked = true
    damage.world.askReopening()
  }
} satisfies Record<string, Fault>

export type FaultName = keyof typeof faults

export const faultNames: readonly FaultName[] = Object.keys(faults) as FaultName[]
const redisLost: readonly FaultName[] = [
  'redis on an older file',
  'redis wiped',
  'redis flushed',
  'replica promoted',
  'there and back',
  'there and back, then renamed'
]
const journalLost: readonly FaultName[] = ['nats wiped', 'stream deleted']
const gone: readonly FaultName[] = ['kill', 'pause']
const recovering = requests.filter((name) => name.startsWith('recovery.'))

/** After these a Redis holds nothing that could be caught up. */
const emptying: readonly FaultName[] = ['redis wiped', 'redis flushed', 'outbox gone']
/** After these it lacks what came last, or nothing. */
const lagging: readonly FaultName[] = [
  'redis restarts',
  'scripts flushed',
  'reopening asked',
  'replica promoted',
  'there and back'
]
/** Where a few faults do most. */
const crossings = [
  'recovery.outbox',
  'recovery.late',
  'recovery.page',
  'recovery.mark',
  'recovery.open',
  'recovery.seal',
  'gateway.publish',
  'worker.commit'
]
const reopening: readonly FaultName[] = [
  'kill',
  'kill worker',
  'pause worker',
  'gate fails half-way',
  'filling fails half-way',
  'nats pauses',
  'nats is full',
  'redis on an older file',
  'there and back, then renamed',
  'postgres goes back'
]
const filling = ['recovery.close', 'recovery.replid', 'recovery.seal']

/** Combinations of the fault matrix: at one of these requests, one fault of each list. */
const scenarios: ReadonlyArray<{ at: readonly string[]; faults: ReadonlyArray<readonly FaultName[]> }> = [
  { at: ['gateway.gate', 'gateway.publish'], faults: [gone, redisLost] },
  { at: ['gateway.publish'], faults: [['pause'], redisLost] },
  { at: ['gateway.gate', 'gateway.publish'], faults: [redisLost] },
  { at: ['worker.read', 'worker.write', 'worker.commit', 'worker.trim'], faults: [gone, ['session ends']] },
  { at: ['worker.commit', 'worker.trim', 'gateway.publish'], faults: [journalLost] },
  { at: recovering, faults: [gone, ['session ends']] },
  { at: recovering, faults: [redisLost] },
  { at: recovering, faults: [journalLost] },
  { at: recovering, faults: [['pause worker'], ['session ends'], redisLost] },
  { at: ['gateway.publish'], faults: [['dedupe window passes']] },
  { at: ['gateway.publish'], faults: [['kill', 'pause'], lagging] },
  { at: ['recovery.late', 'recovery.outbox'], faults: [['nats restarts', 'nats pauses', 'nats is full']] },
  { at: filling, faults: [['filling fails half-way']] },
  { at: ['recovery.page', 'recovery.settle', 'recovery.restore'], faults: [['kill', 'filling fails half-way']] },
  { at: ['worker.commit', 'gateway.publish', 'recovery.open', 'recovery.page'], faults: [lagging] },
  { at: ['gateway.gate', 'gateway.publish', 'worker.commit'], faults: [lagging, ['nats pauses', 'pause', 'kill']] },
  { at: recovering, faults: [['postgres goes back']] },
  { at: ['worker.commit', 'gateway.publish'], faults: [['outbox gone']] },
  { at: ['upkeep.checkpoint', 'upkeep.move', 'upkeep.prune', 'upkeep.forget'], faults: [gone, redisLost] }
]

const snapshotShare = 1 / 25
const MOST_SNAPSHOTS = 6
const backupShare = 1 / 80

/** By the name of a request: one fault of each list strikes around it. */
export type At = Readonly<Record<string, ReadonlyArray<readonly FaultName[]>>>

interface Chosen {
  /** one part loses data at a time */
  readonly single: boolean
  /** these faults, at any moment and on a calm network */
  readonly only: readonly FaultName[] | undefined
  /** and one fault of each list once, around a request */
  readonly at: At | undefined
}

/** Chooses faults by the seed: some at any moment, some aimed at a step boundary. */
export class Chaos {
  readonly #world: World
  readonly #damage: Damage
  readonly #rate: number
  readonly #enabled: readonly FaultName[]
  readonly #aims: Aim[]
  /** Postgres goes back in this run: there are backups, and the journal keeps what they lack */
  readonly #restores: boolean
  /** what happened */
  readonly struck: FaultName[] = []

  constructor(world: World, cast: Cast, { single, only, at }: Chosen) {
    const { scheduler } = world
    this.#world = world
    this.#damage = new Damage(world, cast, single)
    if (only !== undefined) {
      this.#rate = 0.008
      this.#enabled = only
      const aim = (name: string, lists: ReadonlyArray<readonly FaultName[]>): Aim => ({
        name,
        moment: scheduler.pick(moments),
        nth: scheduler.draw(at ? 2 : 4),
        faults: lists.map((list) => scheduler.pick(list))
      })
      this.#aims = at
        ? Object.entries(at).map(([name, lists]) => aim(name, lists))
        : Array.from({ length: scheduler.draw(4) }, () => aim(scheduler.pick(crossings), [only]))
      world.onPoint = (name, moment, from) => this.#meet({ name, moment, from })
      this.#restores = only.includes('postgres goes back')
      return
    }
    if (scheduler.chance(0.35)) {
      // one reopening after another
      this.#rate = scheduler.pick([0.004, 0.01, 0.02])
      this.#enabled = [...lagging, ...reopening.filter(() => scheduler.chance(0.4))]
      this.#aims = Array.from({ length: scheduler.draw(3) }, () => this.#aim())
      this.#restores = this.#all().includes('postgres goes back')
      if (this.#aims.length > 0) world.onPoint = (name, moment, from) => this.#meet({ name, moment, from })
      return
    }
    this.#rate = scheduler.pick([0, 0.002, 0.005, 0.01, 0.02])
    this.#enabled = faultNames.filter((name) => scheduler.chance(emptying.includes(name) ? 0.15 : 0.4))
    this.#aims = Array.from({ length: scheduler.draw(5) }, () => this.#aim())
    this.#restores = this.#all().includes('postgres goes back')
    this.#roughen()
    if (this.#aims.length > 0) world.onPoint = (name, moment, from) => this.#meet({ name, moment, from })
  }

  /** Between two steps. */
  step(): void {
    const { scheduler, redis } = this.#world
    const isWhole = redis.node.exists(shardKeys.base)
    if (scheduler.chance(isWhole ? snapshotShare : snapshotShare / 10)) {
      const { snapshots } = this.#world
      const snapshot = redis.node.snapshot()
      // some stay for long
      if (snapshots.length < MOST_SNAPSHOTS) snapshots.push(snapshot)
      else snapshots[scheduler.chance(0.04) ? scheduler.draw(2) : 2 + scheduler.draw(MOST_SNAPSHOTS - 2)] = snapshot
    }
    if (this.#restores && scheduler.chance(backupShare)) this.#backUp()
    if (scheduler.chance(0.004)) this.#weigh()
    if (this.#enabled.length > 0 && scheduler.chance(this.#rate)) this.#strike(scheduler.pick(this.#enabled), undefined)
  }

  #all(): FaultName[] {
    return [...this.#enabled, ...this.#aims.flatMap((aim) => aim.faults)]
  }

  #backUp(): void {
    const { postgres, tables } = this.#world
    this.#world.backups = [{ row: postgres.read(), state: tables.copy() }, ...this.#world.backups].slice(0, 3)
  }

  heal(): void {
    this.#damage.heal()
  }

  /** At a moment of the matrix, or at any moment. */
  #aim(): Aim {
    const { scheduler } = this.#world
    const nth = scheduler.draw(4)
    if (scheduler.chance(0.6)) {
      const { at, faults: lists } = scheduler.pick(scenarios)
      return {
        name: scheduler.pick(at),
        moment: scheduler.pick(moments),
        nth,
        faults: lists.map((of) => scheduler.pick(of))
      }
    }
    const some = Array.from({ length: 1 + scheduler.draw(2) }, () => scheduler.pick(faultNames))
    return { name: scheduler.pick(requests), moment: scheduler.pick(moments), nth, faults: some }
  }

  #meet({ name, moment, from }: { name: string; moment: Moment; from: Process }): void {
    for (const aim of this.#aims) {
      if (aim.name !== name || aim.moment !== moment) continue
      aim.nth -= 1
      if (aim.nth === -1) for (const fault of aim.faults) this.#strike(fault, from)
    }
  }

  #strike(name: FaultName, from: Process | undefined): void {
    this.#world.trace(`fault: ${name}`)
    const fault: Fault = faults[name]
    if (fault(this.#damage, from) !== false) this.struck.push(name)
  }

  /** Losses on the way. */
  #roughen(): void {
    const { scheduler } = this.#world
    const share = () => scheduler.pick([0, 0, 0, 0.01, 0.05])
    const loss = () => ({ request: share(), reply: share(), late: share() })
    const losses = { redis: loss(), nats: loss(), postgres: loss(), gateway: loss() }
    this.#world.rates = { losses, emptyRead: scheduler.pick([0, 0.1, 0.4]) }
    scheduler.tickMs = scheduler.pick([1, 2, 4])
    this.#weigh()
  }

  /** Some are slow for a while. */
  #weigh(): void {
    const world = this.#world
    const places = [
      ...world.scheduler.processes,
      world.redis,
      world.natsServer,
      world.postgresServer,
      world.network.wire
    ]
    for (const place of places) place.weight = world.scheduler.pick([1, 1, 1, 3, 0.2, 0.05])
  }
}
