import type { Bug } from './bugs.ts'
import { Cast } from './cast.ts'
import { Chaos, type FaultName } from './chaos.ts'
import { checkAtRest, sample, unrest } from './check.ts'
import { Crowd } from './clients.ts'
import { STOCK } from './parts/gate-script.ts'
import { World } from './world.ts'

export interface RunOptions {
  readonly seed: number
  readonly bug?: Bug | undefined
  /** false: several parts may lose data at a time, but never the last copy of anything */
  readonly singleLoss?: boolean
  /** these faults alone, on a calm network */
  readonly only?: readonly FaultName[]
  readonly trace?: (line: string) => void
}

export interface RunResult {
  readonly failures: readonly string[]
  readonly steps: number
  readonly decisions: number
  /** 201s that clients were told */
  readonly confirmed: number
  /** frames that were decided and are void */
  readonly dropped: number
  readonly faults: readonly FaultName[]
  /** requests that were made, by name */
  readonly requests: ReadonlySet<string>
}

const REST_STEPS = 40_000

/** One run by its seed: chaos, healing, rest, and what must hold then. */
export function simulate(options: RunOptions): RunResult {
  const { stackTraceLimit } = Error
  // servers answer with errors all the time: their stacks cost as much as the rest of a step
  if (!options.trace) Error.stackTraceLimit = 0
  try {
    return run(options)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function run({ seed, bug, singleLoss = true, only, trace }: RunOptions): RunResult {
  const world = new World(seed, new Set(bug === undefined ? [] : [bug]), trace)
  const { scheduler, tables, oracle } = world
  const stock = 1 + scheduler.draw(4)
  tables.intents.set('first', { delta: stock, closed: false })
  const cast = new Cast(world)
  const crowd = new Crowd(world, cast.gateways)
  crowd.start(2 + scheduler.draw(4))
  const quiet = scheduler.chance(0.7) ? 200 + scheduler.draw(300) : 0
  for (let step = 0; step < quiet; step += 1) scheduler.step()
  const chaos = new Chaos(world, cast, { single: singleLoss, only })
  const until = scheduler.steps + 300 + scheduler.draw(1200)
  while (scheduler.steps < until && oracle.failures.length === 0) {
    chaos.step()
    scheduler.step()
    sample(world)
  }
  chaos.heal()
  finish(world, crowd)
  return {
    failures: oracle.failures,
    steps: scheduler.steps,
    decisions: tables.decisions.size,
    confirmed: oracle.confirmed.size,
    dropped: oracle.dropped.size,
    faults: chaos.struck,
    requests: world.requested
  }
}

/** Everybody gets an answer, new buyers get what is left, and nothing is under way any more. */
function finish(world: World, crowd: Crowd): void {
  const { oracle, tables } = world
  if (!rest(world, crowd, 'after the heal')) return
  crowd.askAllAgain()
  if (!rest(world, crowd, 'after everybody asked again')) return
  world.expiring = false
  // an expiry that was under way may give a unit back behind the first ones
  for (let round = 0; round < 5 && (round === 0 || tables.count(STOCK, 'remaining') > 0); round += 1) {
    crowd.demand()
    if (!rest(world, crowd, 'after the last buyers')) return
  }
  const left = tables.count(STOCK, 'remaining')
  if (left > 0) oracle.fail(`I5: ${left} are left, and the gate says sold out`)
  checkAtRest(world, crowd)
}

/** Runs until nothing is under way. */
function rest(world: World, crowd: Crowd, when: string): boolean {
  const { scheduler, oracle } = world
  const until = scheduler.steps + REST_STEPS
  while (scheduler.steps < until && oracle.failures.length === 0) {
    scheduler.step()
    if (scheduler.steps % 16 !== 0) continue
    sample(world)
    if (crowd.busy === 0 && unrest(world) === undefined) return true
  }
  if (oracle.failures.length === 0)
    oracle.fail(`I7: no rest ${when}: ${crowd.busy > 0 ? `${crowd.busy} clients wait` : unrest(world)}`)
  return false
}
