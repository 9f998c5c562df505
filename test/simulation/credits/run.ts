import { moments } from '../network.ts'
import type { Process } from '../scheduler.ts'
import { wait } from '../scheduler.ts'
import type { CreditBug } from './bugs.ts'
import { checkAtRest, unrest } from './check.ts'
import { drive } from './driver.ts'
import { follow } from './follower.ts'
import { People } from './people.ts'
import { CreditWorld } from './world.ts'

interface CreditRun {
  readonly seed: number
  readonly bug?: CreditBug | undefined
  readonly trace?: (line: string) => void
}

interface CreditResult {
  readonly failures: readonly string[]
  readonly steps: number
  /** credits by what became of them */
  readonly states: ReadonlyMap<string, number>
  readonly faults: ReadonlyMap<string, number>
}

const CHAOS_STEPS = 900
const REST_STEPS = 30_000

/** One run by its seed: people, faults at any step boundary, rest, and what must hold then. */
export function simulateCredits({ seed, bug, trace }: CreditRun): CreditResult {
  const world = new CreditWorld(seed, bug, trace)
  const { scheduler } = world
  const workers = [0, 1].map((nth) => scheduler.process(`worker${nth}`))
  for (const worker of workers) start(world, worker)
  keep(world)
  const people = new People(world)
  people.start()
  const faults = new Faults(world, workers)
  for (let step = 0; step < CHAOS_STEPS && world.failures.length === 0; step += 1) {
    faults.step()
    scheduler.step()
  }
  faults.heal()
  const until = scheduler.steps + REST_STEPS
  while (scheduler.steps < until && world.failures.length === 0 && unrest(world, people.busy) !== undefined)
    scheduler.step()
  const left = unrest(world, people.busy)
  if (world.failures.length === 0) {
    if (left === undefined) checkAtRest(world)
    else world.fail(`no rest: ${left}`)
  }
  const states = new Map<string, number>()
  for (const { state } of world.rows.credits.values()) states.set(state, (states.get(state) ?? 0) + 1)
  return { failures: world.failures, steps: scheduler.steps, states, faults: faults.struck }
}

/** Plays seeds one after the other, and adds up what came of them. */
export function playCredits(first: number, count: number) {
  const failed: string[] = []
  const states = new Map<string, number>()
  const faults = new Map<string, number>()
  const addTo = (sums: Map<string, number>, more: ReadonlyMap<string, number>) => {
    for (const [name, times] of more) sums.set(name, (sums.get(name) ?? 0) + times)
  }
  for (let seed = first; seed < first + count; seed += 1) {
    const result = simulateCredits({ seed })
    if (result.failures.length > 0) failed.push(`seed ${seed}: ${result.failures.join('; ')}`)
    addTo(states, result.states)
    addTo(faults, result.faults)
  }
  return { failed, states, faults }
}

/** A worker follows both shards and drives, as each does that stood still while another took over. */
function start(world: CreditWorld, worker: Process): void {
  for (const part of world.parts) world.scheduler.spawn(worker, follow(world, worker, part))
  world.scheduler.spawn(worker, drive(world, worker))
}

/** Relay and projection of each shard, which are proven elsewhere. */
function keep(world: CreditWorld): void {
  const { scheduler, parts } = world
  const keeper = scheduler.process('keeper')
  for (const part of parts) {
    const loop = function* () {
      for (;;) {
        yield* wait(scheduler.sleep(20 + scheduler.draw(200)))
        const { shard } = part
        if (!shard.open) continue
        yield* world.relay(keeper, part)
        shard.stored = Math.min(shard.journal.length, shard.stored + 1 + scheduler.draw(4))
      }
    }
    scheduler.spawn(keeper, loop())
  }
}

class Faults {
  readonly struck = new Map<string, number>()
  readonly #world: CreditWorld
  readonly #workers: readonly Process[]
  readonly #rate: number

  constructor(world: CreditWorld, workers: readonly Process[]) {
    const { scheduler } = world
    this.#world = world
    this.#workers = workers
    this.#rate = scheduler.pick([0.003, 0.01, 0.02])
    const share = () => scheduler.pick([0, 0.01, 0.05])
    world.losses = { request: share(), reply: share(), late: share() }
    world.failing = scheduler.pick([0, 0.1, 0.3])
    scheduler.tickMs = scheduler.pick([2, 4, 8])
    for (const worker of workers) worker.weight = scheduler.pick([1, 1, 3, 0.2])
    const aimed = scheduler.pick(moments)
    const fault = scheduler.pick(['kill', 'pause', 'pause'] as const)
    world.onPoint = (moment, from) => {
      if (moment === aimed && workers.includes(from) && scheduler.chance(this.#rate)) this.#strike(fault, from)
    }
  }

  step(): void {
    const { scheduler } = this.#world
    if (!scheduler.chance(this.#rate)) return
    const name = scheduler.pick(['kill', 'pause', 'closed', 'wiped', 'refusing'] as const)
    this.#strike(name, scheduler.pick(this.#workers))
  }

  heal(): void {
    this.#world.calmDown()
    for (const worker of this.#workers) worker.paused = false
    for (const { shard } of this.#world.parts) shard.refusing = false
  }

  #strike(name: 'kill' | 'pause' | 'closed' | 'wiped' | 'refusing', worker: Process): void {
    const { scheduler, parts } = this.#world
    const { shard } = scheduler.pick(parts)
    const soon = (what: () => void) => scheduler.at(scheduler.now + 50 + scheduler.draw(2500), what)
    this.#world.trace(`fault: ${name}`)
    if (name === 'kill') {
      if (!worker.alive) return
      this.#world.kill(worker)
      soon(() => {
        worker.alive = true
        start(this.#world, worker)
      })
    }
    if (name === 'pause') {
      worker.paused = true
      soon(() => {
        worker.paused = false
      })
    }
    if (name === 'refusing') {
      shard.refusing = true
      soon(() => {
        shard.refusing = false
      })
    }
    if (name === 'closed' || name === 'wiped') {
      if (!shard.open) return
      shard.close(name === 'wiped')
      soon(() => shard.recover())
    }
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1)
  }
}
