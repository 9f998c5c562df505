import { type Part, parts } from '../measuring/cpu-by-part.ts'
import type { ByTheClock, Measurement } from '../measuring/measurement.ts'

/** Middle value; the mean of the two middle ones when their number is even. @throws Error for no values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new Error('There is no median of nothing.')
  return (lower + upper) / 2
}

/** A scenario over all rounds: each figure the median of its rounds. */
export interface ScenarioSummary {
  readonly scenario: string
  readonly rounds: number
  readonly perSecond: number
  readonly p50: number
  readonly p97_5: number
  readonly p99: number
  readonly lagMs: number | null
  /** orders that one frame, hence one gate call and one journal message, carried; null where there were none */
  readonly perFrame: number | null
  /** the worst round's, in cores */
  readonly otherCores: number
  readonly errors: number
  readonly unexpected: number
  readonly cpu: Readonly<Record<Part, number>>
  readonly byTheClock: ClockedSummary | null
  readonly broken: readonly string[]
}

/** What only loads by the clock have, medians as well. */
export interface ClockedSummary {
  readonly capacity: number
  readonly offered: number
  readonly refusedP99: number
  readonly lagP99: number
  readonly memoryGrowth: number
  /** rounds in which the generator was too slow to measure anything */
  readonly void: number
}

function clockedSummary(runs: readonly Measurement[]): ClockedSummary | null {
  const clocks = runs.flatMap(({ byTheClock }) => byTheClock ?? [])
  if (clocks.length === 0) return null
  const middle = (figure: (clock: ByTheClock) => number): number => median(clocks.map(figure))
  return {
    capacity: middle(({ capacity }) => capacity),
    offered: middle(({ offered }) => offered),
    refusedP99: middle(({ refusedP99 }) => refusedP99),
    lagP99: middle(({ lagP99 }) => lagP99),
    memoryGrowth: middle(({ memoryGrowth }) => memoryGrowth),
    void: clocks.filter((clock) => clock.void).length
  }
}

function groupByScenario(measurements: readonly Measurement[]): Map<string, Measurement[]> {
  const groups = new Map<string, Measurement[]>()
  for (const measurement of measurements) {
    groups.set(measurement.scenario, [...(groups.get(measurement.scenario) ?? []), measurement])
  }
  return groups
}

function framed(runs: readonly Measurement[]): number | null {
  // what is asked for again after the load comes in frames of its own, so it is left out where the load is counted alone
  const counted = runs.map(({ decided, proof: { facts } }) => decided ?? facts)
  const filled = counted.flatMap(({ decisions = 0, frames }) => (frames ? [decisions / frames] : []))
  return filled.length === 0 ? null : median(filled)
}

export function summarize(measurements: readonly Measurement[]): ScenarioSummary[] {
  return [...groupByScenario(measurements)].map(([scenario, runs]) => {
    const middle = (figure: (run: Measurement) => number): number => median(runs.map(figure))
    const sum = (figure: (run: Measurement) => number): number => runs.reduce((total, run) => total + figure(run), 0)
    const cpu = Object.fromEntries(parts.map((part) => [part, middle((run) => run.cpu[part])])) as Record<Part, number>
    return {
      scenario,
      rounds: runs.length,
      perSecond: middle((run) => run.perSecond),
      p50: middle((run) => run.p50),
      p97_5: middle((run) => run.p97_5),
      p99: middle((run) => run.p99),
      lagMs: runs.some(({ lagMs }) => lagMs === null) ? null : middle((run) => run.lagMs ?? 0),
      perFrame: framed(runs),
      otherCores: Math.max(...runs.map((run) => run.otherCores)),
      errors: sum((run) => run.errors),
      unexpected: sum((run) => run.unexpected),
      cpu,
      byTheClock: clockedSummary(runs),
      broken: runs.flatMap((run) => run.proof.broken.map((sentence) => `round ${run.round}: ${sentence}`))
    }
  })
}

/** What the figures are held against. `bound` must hold; `goal` is what the design aims at. */
interface RatioRule {
  readonly name: string
  readonly of: string
  /** what it is compared with in the same round; absent: the figure itself is judged */
  readonly to?: string
  readonly figure: (run: Measurement) => number
  /** the figure of the other side, where it is another one */
  readonly base?: (run: Measurement) => number
  readonly unit?: string
  readonly better: 'lower' | 'higher'
  readonly bound: number
  readonly goal: number
}

const serviceCpu = (run: Measurement): number => run.cpu.service
const rate = (run: Measurement): number => run.perSecond

/** All that an order costs, wherever it is spent; the load is not the service's. */
const allCpu = (run: Measurement): number => parts.reduce((sum, part) => sum + (part === 'load' ? 0 : run.cpu[part]), 0)

const clocked = (figure: 'capacity' | 'memoryGrowth') => (run: Measurement) => run.byTheClock?.[figure] ?? Number.NaN

const lower = { figure: serviceCpu, better: 'lower' } as const
const higher = { figure: rate, better: 'higher' } as const

const rules: readonly RatioRule[] = [
  { ...lower, name: 'gateway CPU, confirmed to bare', of: 'confirmed', to: 'bare', bound: 1.6, goal: 1.2 },
  {
    ...lower,
    name: 'CPU of all parts, confirmed to bare',
    of: 'confirmed',
    to: 'bare',
    figure: allCpu,
    base: serviceCpu,
    bound: 6,
    goal: 2.9
  },
  { ...lower, name: 'gateway CPU, refused to bare', of: 'refused', to: 'bare', bound: 1.2, goal: 0.75 },
  { ...lower, name: 'gateway CPU, limited to bare', of: 'limited', to: 'bare', bound: 1.2, goal: 0.75 },
  { ...lower, name: 'gateway CPU, spin to confirmed', of: 'spin', to: 'confirmed', bound: 1.3, goal: 1.3 },
  { ...lower, name: 'gateway CPU, claim to confirmed', of: 'claim', to: 'confirmed', bound: 1.3, goal: 1.3 },
  { ...higher, name: 'orders/s, persisted to peer', of: 'persisted', to: 'peer', bound: 6, goal: 12 },
  { ...higher, name: 'requests/s, persisted to bare', of: 'persisted', to: 'bare', bound: 0.3, goal: 0.5 },
  { ...higher, name: 'durable orders/s to those of evalsha', of: 'confirmed', to: 'evalsha', bound: 0.5, goal: 1 },
  { ...higher, name: 'durable orders/s to those of nginx', of: 'confirmed', to: 'nginx', bound: 0.25, goal: 0.5 },
  { ...higher, name: 'refusals/s to those of nginx', of: 'refused', to: 'nginx-refused', bound: 0.6, goal: 0.9 },
  { ...higher, name: 'orders/s of the worker alone', of: 'drain', unit: '/s', bound: 10_000, goal: 40_000 },
  {
    ...higher,
    name: 'confirmed/s at three times the capacity, to the capacity',
    of: 'overload',
    to: 'overload',
    base: clocked('capacity'),
    bound: 0.7,
    goal: 0.9
  },
  {
    ...lower,
    name: 'p99 of the confirmed at three times the capacity',
    of: 'overload',
    figure: (run) => run.p99,
    unit: ' ms',
    bound: 500,
    goal: 250
  },
  {
    ...lower,
    name: 'memory that the gateway gained meanwhile',
    of: 'overload',
    figure: clocked('memoryGrowth'),
    unit: ' MB',
    bound: 100,
    goal: 50
  }
]

export interface Ratio {
  readonly name: string
  /** the median over the rounds of the ratio within a round: a slow minute of the machine strikes both sides alike */
  readonly value: number
  readonly perRound: readonly number[]
  /** ' x' of a ratio, otherwise what a single figure is counted in */
  readonly unit: string
  readonly better: 'lower' | 'higher'
  readonly bound: number
  readonly goal: number
  readonly withinBound: boolean
  readonly withinGoal: boolean
}

/** The ratios whose both sides were measured. */
export function ratios(measurements: readonly Measurement[]): Ratio[] {
  const groups = groupByScenario(measurements)
  return rules.flatMap(({ name, of, to, figure, base = figure, unit = ' x', better, bound, goal }) => {
    const perRound = (groups.get(of) ?? []).flatMap((run) => {
      if (to === undefined) return [figure(run)]
      const other = groups.get(to)?.find(({ round }) => round === run.round)
      return other === undefined ? [] : [figure(run) / base(other)]
    })
    if (perRound.length === 0) return []
    const value = median(perRound)
    const within = (limit: number): boolean => (better === 'lower' ? value <= limit : value >= limit)
    return [{ name, value, perRound, unit, better, bound, goal, withinBound: within(bound), withinGoal: within(goal) }]
  })
}
