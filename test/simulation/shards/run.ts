import type { Process } from '../scheduler.ts'
import type { ShardBug } from './bugs.ts'
import { type Aim, Chaos, Keeper } from './chaos.ts'
import { checkAtRest, unrest } from './check.ts'
import { Driver } from './driver.ts'
import { carryIntents, Operator } from './operator.ts'
import { People } from './people.ts'
import { ShardWorld } from './world.ts'

interface ShardRun {
  readonly seed: number
  readonly bug?: ShardBug | undefined
  readonly aim?: Aim | undefined
  readonly trace?: (line: string) => void
}

const sums = { confirmed: 0, soldOut: 0, loans: 0, received: 0, drawn: 0, prizes: 0, removed: 0 }
type Sums = typeof sums

interface ShardResult {
  readonly failures: readonly string[]
  readonly steps: number
  readonly sums: Readonly<Sums>
  readonly faults: ReadonlyMap<string, number>
}

const REST_STEPS = 30_000

/** One run by its seed: people, faults at any step boundary, rest, the last buyers, and what must hold then. */
export function simulateShards({ seed, bug, aim, trace }: ShardRun): ShardResult {
  const { stackTraceLimit } = Error
  // closed gates answer with errors all the time: their stacks cost as much as the rest of a step
  Error.stackTraceLimit = 0
  try {
    return run(new ShardWorld(seed, bug, trace), aim)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Plays seeds one after the other, and adds up what came of them. */
export function playShards(first: number, count: number) {
  const failed: string[] = []
  const all = { ...sums }
  const faults = new Map<string, number>()
  for (let seed = first; seed < first + count; seed += 1) {
    const result = simulateShards({ seed })
    if (result.failures.length > 0) failed.push(`seed ${seed}: ${result.failures.join('; ')}`)
    for (const name of Object.keys(all) as Array<keyof Sums>) all[name] += result.sums[name]
    for (const [name, times] of result.faults) faults.set(name, (faults.get(name) ?? 0) + times)
  }
  return { failed, sums: all, faults }
}

function run(world: ShardWorld, aim: Aim | undefined): ShardResult {
  if (aim?.keepMs !== undefined) world.keepMs = aim.keepMs
  const { scheduler } = world
  const keeper = new Keeper(world)
  const workers = [0, 1].map((nth) => scheduler.process(`worker${nth}`))
  const start = (worker: Process) => {
    // each drives all shards, as one does that stood still while another took over
    for (const part of world.parts) scheduler.spawn(worker, new Driver(world, worker, part).run())
    scheduler.spawn(worker, carryIntents(world, worker))
  }
  const operator = new Operator(world)
  operator.publish(3 + scheduler.draw(10), 1 + scheduler.draw(5))
  for (const worker of workers) start(worker)
  const people = new People(world)
  people.start()
  operator.start()
  const chaos = new Chaos(world, { keeper, workers, start }, aim)
  const until = scheduler.steps + 600 + scheduler.draw(1500)
  while (scheduler.steps < until && world.failures.length === 0) {
    chaos.step()
    scheduler.step()
    world.sample()
  }
  chaos.heal()
  const busy = () => people.busy + (operator.busy ? 1 : 0)
  if (rest(world, busy) && !operator.removed) {
    people.demand(scheduler.pick(world.parts))
    if (rest(world, busy)) {
      const left = world.parts.reduce((sum, { shard }) => sum + shard.stock.unit.remaining, 0)
      if (left > 0) world.fail(`${left} are left, and a shard says sold out`)
    }
  }
  if (world.failures.length === 0) checkAtRest(world, people.told)
  const all = world.parts.flatMap(({ shard }) => shard.journal)
  const count = (...types: readonly string[]) => all.filter(({ type }) => types.includes(type)).length
  return {
    failures: world.failures,
    steps: scheduler.steps,
    sums: {
      confirmed: people.told.length,
      soldOut: people.soldOut,
      loans: count('lent'),
      received: count('received'),
      drawn: count('drawn'),
      prizes: all.filter(({ type, amount }) => (type === 'spun' || type === 'finished') && amount > 0).length,
      removed: operator.removed ? 1 : 0
    },
    faults: chaos.struck
  }
}

function rest(world: ShardWorld, busy: () => number): boolean {
  const { scheduler } = world
  const until = scheduler.steps + REST_STEPS
  while (scheduler.steps < until && world.failures.length === 0) {
    scheduler.step()
    world.sample()
    if (scheduler.steps % 8 === 0 && unrest(world, busy()) === undefined) return true
  }
  if (world.failures.length === 0) world.fail(`no rest: ${unrest(world, busy())}`)
  return false
}
