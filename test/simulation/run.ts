import type { Bug } from './bugs.ts'
import { Cast } from './cast.ts'
import { type At, Chaos, type FaultName } from './chaos.ts'
import { checkAtRest, sample, unrest } from './check.ts'
import { Crowd } from './clients.ts'
import { PAST, SALE, stockKey } from './parts/gate/gate-state.ts'
import { World } from './world.ts'

export interface RunOptions {
  readonly seed: number
  readonly bug?: Bug | undefined
  /** false: several parts may lose data at a time, but never the last copy of anything */
  readonly singleLoss?: boolean
  /** these faults alone, on a calm network */
  readonly only?: readonly FaultName[]
  /** with `only`: one fault of each list once, around a request of that name */
  readonly at?: At | undefined
  /** an upgrade is under way: one worker is of an earlier version for a while; by the seed when absent */
  readonly upgrade?: boolean | undefined
  /** points of both campaigns expire; by the seed when absent, never with `only` */
  readonly lapses?: boolean | undefined
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
  /** recoveries that gave Redis what was missing, and those that wrote everything */
  readonly caughtUp: number
  readonly rebuilt: number
  /** decisions whose rows have left */
  readonly archived: number
  /** frames that were void when they were read */
  readonly deadLetters: number
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

function run({ seed, bug, singleLoss = true, only, at, upgrade, lapses, trace }: RunOptions): RunResult {
  const world = new World(seed, new Set(bug === undefined ? [] : [bug]), trace)
  const { scheduler, tables, oracle } = world
  const stock = 1 + scheduler.draw(4)
  world.ask('first', { op: 'adjust', campaign: SALE, delta: stock })
  world.ask('first of the other', { op: 'adjust', campaign: PAST, delta: 1 + scheduler.draw(3) })
  if (upgrade ?? scheduler.chance(0.25)) beginUpgrade(world)
  // a worker of the version before takes nothing that expires, and may own the shard to the end
  else if (lapses ?? (only === undefined && scheduler.chance(0.6))) beginLapses(world)
  const cast = new Cast(world)
  const crowd = new Crowd(world, cast.gateways)
  crowd.start(2 + scheduler.draw(4))
  const quiet = scheduler.chance(0.8) ? 150 + scheduler.draw(200) : 0
  for (let step = 0; step < quiet; step += 1) scheduler.step()
  const chaos = new Chaos(world, cast, { single: singleLoss, only, at })
  // an archive takes its time
  const length = Number.isFinite(world.retentionMs) ? 700 + scheduler.draw(1800) : 300 + scheduler.draw(1200)
  const until = scheduler.steps + length
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
    decisions: tables.everInOrder().length,
    confirmed: oracle.confirmed.size,
    dropped: oracle.dropped.size,
    caughtUp: oracle.caughtUp,
    rebuilt: oracle.rebuilt,
    archived: tables.state.moved.size,
    deadLetters: tables.state.deadLetters.size,
    faults: chaos.struck,
    requests: world.requested
  }
}

/** What both campaigns give expires while users still act, in the one that goes on too. */
function beginLapses(world: World): void {
  const { scheduler } = world
  for (const campaign of [SALE, PAST]) world.letExpire(campaign, scheduler.now + 800 + scheduler.draw(2000))
}

/** One worker is of an earlier version for a while, and nothing is removed before that is over. */
function beginUpgrade(world: World): void {
  const { scheduler } = world
  world.earlier.add('worker2')
  world.keepsAll = true
  scheduler.at(scheduler.now + 500 + scheduler.draw(3000), () => {
    world.keepsAll = false
  })
}

/** Everybody gets an answer, new buyers get what is left, and nothing is under way any more. */
function finish(world: World, crowd: Crowd): void {
  const { oracle, tables } = world
  if (!rest(world, crowd, 'after the heal')) return
  crowd.askAllAgain()
  if (!rest(world, crowd, 'after everybody asked again')) return
  world.expiring = false
  // an expiry that was under way may give a unit back behind the first ones
  for (let round = 0; round < 5 && (round === 0 || tables.count(stockKey(SALE), 'remaining') > 0); round += 1) {
    crowd.demand()
    if (!rest(world, crowd, 'after the last buyers')) return
  }
  const left = tables.count(stockKey(SALE), 'remaining')
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
