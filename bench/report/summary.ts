import { type Part, parts } from '../measuring/cpu-by-part.ts'
import type { Measurement } from '../measuring/measure.ts'

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
  readonly broken: readonly string[]
}

function groupByScenario(measurements: readonly Measurement[]): Map<string, Measurement[]> {
  const groups = new Map<string, Measurement[]>()
  for (const measurement of measurements) {
    groups.set(measurement.scenario, [...(groups.get(measurement.scenario) ?? []), measurement])
  }
  return groups
}

function framed(runs: readonly Measurement[]): number | null {
  const filled = runs.flatMap(({ proof: { facts } }) => (facts.frames ? [(facts.decisions ?? 0) / facts.frames] : []))
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
      broken: runs.flatMap((run) => run.proof.broken.map((sentence) => `round ${run.round}: ${sentence}`))
    }
  })
}

/** What the figures are held against. `bound` must hold; `goal` is what the design aims at. */
interface RatioRule {
  readonly name: string
  readonly of: string
  readonly to: string
  readonly figure: (run: Measurement) => number
  readonly better: 'lower' | 'higher'
  readonly bound: number
  readonly goal: number
}

const serviceCpu = (run: Measurement): number => run.cpu.service

const rules: readonly RatioRule[] = [
  {
    name: 'gateway CPU, confirmed to bare',
    of: 'confirmed',
    to: 'bare',
    figure: serviceCpu,
    better: 'lower',
    bound: 1.6,
    goal: 1.35
  },
  {
    name: 'gateway CPU, refused to bare',
    of: 'refused',
    to: 'bare',
    figure: serviceCpu,
    better: 'lower',
    bound: 1.2,
    goal: 1.1
  },
  {
    name: 'gateway CPU, limited to bare',
    of: 'limited',
    to: 'bare',
    figure: serviceCpu,
    better: 'lower',
    bound: 1.2,
    goal: 1.1
  },
  {
    name: 'gateway CPU, spin to confirmed',
    of: 'spin',
    to: 'confirmed',
    figure: serviceCpu,
    better: 'lower',
    bound: 1.3,
    goal: 1.3
  },
  {
    name: 'gateway CPU, claim to confirmed',
    of: 'claim',
    to: 'confirmed',
    figure: serviceCpu,
    better: 'lower',
    bound: 1.3,
    goal: 1.3
  },
  {
    name: 'orders/s, persisted to peer',
    of: 'persisted',
    to: 'peer',
    figure: (run) => run.perSecond,
    better: 'higher',
    bound: 6,
    goal: 10
  }
]

export interface Ratio {
  readonly name: string
  /** the median over the rounds of the ratio within a round: a slow minute of the machine strikes both sides alike */
  readonly value: number
  readonly perRound: readonly number[]
  readonly better: 'lower' | 'higher'
  readonly bound: number
  readonly goal: number
  readonly withinBound: boolean
  readonly withinGoal: boolean
}

/** The ratios whose both sides were measured. */
export function ratios(measurements: readonly Measurement[]): Ratio[] {
  const groups = groupByScenario(measurements)
  return rules.flatMap(({ name, of, to, figure, better, bound, goal }) => {
    const perRound = (groups.get(of) ?? []).flatMap((run) => {
      const base = groups.get(to)?.find(({ round }) => round === run.round)
      return base === undefined ? [] : [figure(run) / figure(base)]
    })
    if (perRound.length === 0) return []
    const value = median(perRound)
    const within = (limit: number): boolean => (better === 'lower' ? value <= limit : value >= limit)
    return [{ name, value, perRound, better, bound, goal, withinBound: within(bound), withinGoal: within(goal) }]
  })
}
