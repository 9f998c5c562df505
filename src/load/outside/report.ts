import type { OpenLoopResult } from '../open-loop.ts'
import type { Proof } from './proof.ts'

/** The command line of `floodgate bench`; `place` is CAMPAIGN/SALE. */
export interface BenchOptions {
  readonly place: string
  readonly url: string
  /** path of a file of storefront tokens, one a line */
  readonly tokens: string
  readonly rate: number
  readonly toRate?: number
  readonly seconds: number
  readonly connections: number
  readonly source?: readonly string[]
  readonly keys: number
  readonly out: string
  readonly production?: boolean
}

/** What a run found, as its JSON keeps it. */
export interface OutsideReport {
  readonly at: string
  readonly url: string
  readonly environment: string
  readonly place: string
  readonly options: Omit<BenchOptions, 'tokens' | 'url' | 'place' | 'out'> & { readonly users: number }
  readonly load: OpenLoopResult
  readonly proof: Proof
}

const ms = (value: number): string => value.toFixed(1)

/** Sentences about a report that everybody has to know. */
export function verdictOf({ load, proof }: OutsideReport): string[] {
  const { lag } = load
  return [
    proof.broken.length === 0
      ? 'Nothing that was confirmed is lost, there twice, or beyond what was left.'
      : 'The proof does not hold:',
    ...proof.broken.map((sentence) => `not true: ${sentence}`),
    ...(load.void
      ? [
          `The run is void: the generator began ${ms(lag.p99)} ms late at p99, more than ${lag.bound} ms. Give it a machine of its own.`
        ]
      : [])
  ]
}

/** The report for a terminal. */
export function asText(report: OutsideReport): string {
  const { load, proof } = report
  return [
    `${load.offered} requests in ${load.seconds.toFixed(1)} s; the generator began ${ms(load.lag.p99)} ms late at p99, at most ${load.waitedMost} waited for a connection`,
    ...load.outcomes.map(
      ({ outcome, count, p50, p99, p999, max }) =>
        `  ${outcome.padEnd(20)} ${String(count).padStart(8)}  p50 ${ms(p50)}  p99 ${ms(p99)}  p99.9 ${ms(p999)}  max ${ms(max)} ms`
    ),
    ...load.failures.map(({ reason, count, example }) => `  ${count} x ${reason}: ${example}`),
    `proof: ${Object.entries(proof.facts)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    ...verdictOf(report)
  ].join('\n')
}
