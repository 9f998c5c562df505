import type { Measurement } from '../measuring/measurement.ts'
import { median } from '../report/summary.ts'

/** One measurement of each side, made one right after the other. */
export interface Pair {
  readonly scenario: string
  readonly pair: number
  readonly here: Measurement
  readonly there: Measurement
}

/** A figure of this build divided by the other's: above 1 this build costs more. */
export interface Compared {
  readonly scenario: string
  readonly figure: string
  readonly median: number
  readonly lowerQuartile: number
  readonly upperQuartile: number
  readonly perPair: readonly number[]
  /** too dear: beyond the bound, and the pairs agree well enough to say so */
  readonly verdict: 'within the bound' | 'BEYOND the bound' | 'undecided: the pairs differ by more than the bound'
}

const figures: Readonly<Record<string, (run: Measurement) => number>> = {
  'gateway CPU': (run) => run.cpu.service,
  'Redis CPU': (run) => run.cpu.redis
}

function quartile(values: readonly number[], share: 0.25 | 0.75): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/**
 * CPU per answer of the gateway and of Redis, this build to the other. A bound holds when the median of the pairs is
 * within it. Where half of the pairs lie further apart than the bound is wide, the run decides nothing, and says so.
 * @param bound percent
 */
export function compare(pairs: readonly Pair[], bound: number): Compared[] {
  const names = [...new Set(pairs.map(({ scenario }) => scenario))]
  return names.flatMap((scenario) =>
    Object.entries(figures).map(([figure, of]) => {
      const perPair = pairs.filter((pair) => pair.scenario === scenario).map(({ here, there }) => of(here) / of(there))
      const [lower, upper] = [quartile(perPair, 0.25), quartile(perPair, 0.75)]
      const middle = median(perPair)
      const within = middle <= 1 + bound / 100
      const apart = upper - lower > bound / 100
      const verdict = within
        ? 'within the bound'
        : apart
          ? 'undecided: the pairs differ by more than the bound'
          : 'BEYOND the bound'
      return { scenario, figure, median: middle, lowerQuartile: lower, upperQuartile: upper, perPair, verdict }
    })
  )
}

/** Each figure as a line for a terminal. */
export function asLines(compared: readonly Compared[], bound: number): string[] {
  return compared.map(({ scenario, figure, median: middle, lowerQuartile, upperQuartile, perPair, verdict }) => {
    const spread = `half of the pairs ${lowerQuartile.toFixed(3)} to ${upperQuartile.toFixed(3)}`
    return `${scenario}, ${figure}: ${middle.toFixed(3)} x (${perPair.length} pairs, ${spread}; bound ${(1 + bound / 100).toFixed(2)}): ${verdict}`
  })
}
