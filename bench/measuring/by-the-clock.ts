import { footprintOf } from '../attacks/footprint.ts'
import type { OpenLoad, WeightedRequest } from '../load/messages.ts'
import { preferred } from '../running/preferred.ts'
import type { Run, Scenario } from '../scenarios/scenario.ts'
import { buyPath, publishSale } from '../stack/admin.ts'
import type { World } from '../stack/world.ts'
import { clocks, difference, type Part, parts } from './cpu-by-part.ts'
import type { Measurement } from './measurement.ts'
import { persistedAt, pidsOf, urlOf } from './targets.ts'

/** Arrivals and requests of a load by the clock. */
export interface ClockedLoad {
  /** @param capacity confirmations a second that a closed loop got right before */
  readonly arrivals: (capacity: number, seconds: number) => { perSecond: number; toPerSecond?: number; seconds: number }
  readonly requests: (campaign: string) => readonly WeightedRequest[]
  /** outcomes that may be beside `confirmed`; any other breaks the proof */
  readonly fine: readonly string[]
  readonly connections: number
}

const SAMPLE_EVERY_MS = 200
const CAPACITY_CONNECTIONS = 64
const STOCK = 50_000_000
const PLENTY = 100_000

/** Confirmations a second that a closed loop gets. */
async function capacityOf(world: World, { round, scenario, options }: Run): Promise<number> {
  const campaign = `bench-capacity-${scenario.name}-${round}`
  await publishSale(world.file, { campaign, stock: STOCK, unitsPerUser: PLENTY })
  const url = world.file.publicUrl
  const job = { account: campaign, url, path: buyPath(campaign), body: '{"quantity":1}', expectedStatus: 201 }
  const load = { ...job, connections: CAPACITY_CONNECTIONS }
  await world.load.load({ ...load, seconds: options.warmupSeconds })
  const { answered, startedAt, endedAt } = await world.load.load({ ...load, seconds: Math.max(2, options.seconds / 2) })
  return (answered / (endedAt - startedAt)) * 1000
}

/** MB of the gateway while a load runs. */
function watchMemory(pids: readonly number[]): { growth(): number } {
  const samples: number[] = []
  const timer = setInterval(() => samples.push(footprintOf(pids).memory), SAMPLE_EVERY_MS)
  return {
    growth() {
      clearInterval(timer)
      const from = samples[Math.floor(samples.length / 4)] ?? 0
      return (samples.at(-1) ?? from) - from
    }
  }
}

function countsOf({ outcomes }: OpenLoad): Record<string, number> {
  return Object.fromEntries(
    outcomes.map(({ kind, outcome, count }) => [kind === 'buy' ? outcome : `${kind} ${outcome}`, count])
  )
}

function broken(
  load: ClockedLoad,
  result: OpenLoad,
  { unresolved, restarted }: { unresolved: number; restarted: boolean }
): string[] {
  const fine = new Set(['confirmed', 'answered', ...load.fine])
  // a generator without time to read answers gives up what was answered
  if (result.void) fine.add('none')
  const odd = result.outcomes.filter(({ outcome }) => !fine.has(outcome))
  const untold = result.retryAfter.none ?? 0
  return [
    ...odd.map(({ kind, outcome, count }) => `no ${kind} ended as ${outcome} (${count} did)`),
    ...(untold > 0 ? [`whoever is refused is told when to return (${untold} were not)`] : []),
    ...(unresolved > 0 ? [`every key got its answer when asked again (${unresolved} did not)`] : []),
    ...(restarted ? ['no process was started again during the measurement'] : [])
  ]
}

/** Latencies and counts of a load by the clock, as those of a closed loop are named. */
function figuresOf(result: OpenLoad) {
  const buys = result.outcomes.find(({ kind, outcome }) => kind === 'buy' && outcome === 'confirmed')
  const refused = result.outcomes.filter(({ outcome }) => /^[A-Z_]+$/.test(outcome))
  const main = buys ?? refused[0]
  return {
    answered: result.outcomes.reduce((sum, { count }) => sum + count, 0),
    statuses: {},
    unexpected: 0,
    sample: result.failures[0]?.example ?? null,
    errors: result.outcomes.find(({ outcome }) => outcome === 'none')?.count ?? 0,
    p50: main?.p50 ?? 0,
    p97_5: main?.p90 ?? 0,
    p99: main?.p99 ?? 0,
    refusedP99: Math.max(0, ...refused.map(({ p99 }) => p99)),
    confirmed: buys?.count ?? 0
  }
}

/** Runs a scenario by the clock: the capacity of this moment first, then the load, then the proof. */
export function byTheClock(load: ClockedLoad): (world: World, run: Run) => Promise<Measurement> {
  return async (world, run) => {
    const { scenario, round, options } = run
    const campaign = `bench-${scenario.name}-${round}`
    await scenario.prepare(world, campaign)
    const capacity = await capacityOf(world, run)
    const arrivals = load.arrivals(capacity, options.seconds)
    const { connections } = load
    const url = urlOf(world, scenario.target)
    const pids = pidsOf(world, scenario.target)
    const memory = watchMemory(pids.service)
    const before = clocks(pids)
    const job = { account: campaign, url, requests: load.requests(campaign), arrivals, connections }
    const result = await preferred(world.load.pid, () => world.load.open(job))
    const spent = difference(clocks(pids), before)
    const memoryGrowth = memory.growth()
    const restarted = JSON.stringify(pidsOf(world, scenario.target)) !== JSON.stringify(pids)
    const account = await settle(world, scenario, { campaign, url })
    const proven = await scenario.prove(world, campaign, account)
    // of a void round nothing is told where not even its counts are exact
    const isTold = !result.void || account.unresolved === 0
    const { refusedP99, confirmed, ...figures } = figuresOf(result)
    const cpu = Object.fromEntries(parts.map((part) => [part, spent.parts[part] / Math.max(1, figures.answered)]))
    return {
      scenario: scenario.name,
      round,
      ...figures,
      seconds: result.seconds,
      perSecond: confirmed / arrivals.seconds,
      cpu: cpu as Record<Part, number>,
      otherCores: spent.others / spent.at / 1000,
      lagMs: null,
      byTheClock: {
        capacity,
        offered: result.offered / arrivals.seconds,
        outcomes: countsOf(result),
        refusedP99,
        lagP99: result.lag.p99,
        void: result.void,
        memoryGrowth,
        retryAfter: result.retryAfter,
        seconds: result.perSecond.map(({ confirmed: told, refused, p99 }) => ({ confirmed: told, refused, p99 }))
      },
      proof: {
        facts: proven.facts,
        broken: isTold
          ? [...broken(load, result, { unresolved: account.unresolved, restarted }), ...proven.broken]
          : broken(load, result, { unresolved: 0, restarted })
      }
    }
  }
}

/** Asks again for what was lost, and waits until all is stored and told. */
async function settle(world: World, scenario: Scenario, { campaign, url }: { campaign: string; url: string }) {
  const { body } = scenario
  const job = { account: campaign, url, path: scenario.path(campaign), body, connections: 1, seconds: 0 }
  const account = await world.load.account({ ...job, expectedStatus: 201 })
  await persistedAt(world, scenario, { campaign, order: account.lastOrder })
  return account
}
