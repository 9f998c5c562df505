import { median } from '../report/summary.ts'
import type { Footprint } from './footprint.ts'
import type { LoopResult } from './jobs.ts'

/** The same sale in peace and under attack, one after the other. */
export interface Pair {
  readonly calm: LoopResult
  readonly attacked: LoopResult
  /** of the gateway, before the attack and ten seconds after it */
  readonly before: Footprint
  readonly after: Footprint
}

export interface Verdict {
  /** share of the buys under attack that were confirmed in time */
  readonly share: number
  /** medians over the pairs, ms */
  readonly calmP99: number
  readonly attackedP99: number
  /** the worst of the pairs */
  readonly descriptors: number
  /** MB more than before, the worst of the pairs */
  readonly memory: number
  /** what does not hold, in words; empty when all does */
  readonly broken: readonly string[]
}

const LEAST_SHARE = 0.98
const TIMES_CALM = 3
const ALWAYS_FINE_MS = 100
const DESCRIPTORS = 20
const MEMORY_MB = 30

/** What the pairs of one attack prove. */
export function judge(pairs: readonly Pair[]): Verdict {
  const sum = (value: (pair: Pair) => number) => pairs.reduce((total, pair) => total + value(pair), 0)
  const share =
    sum(({ attacked }) => attacked.inTime) /
    Math.max(
      1,
      sum(({ attacked }) => attacked.sent)
    )
  const calmP99 = median(pairs.map(({ calm }) => calm.p99))
  const attackedP99 = median(pairs.map(({ attacked }) => attacked.p99))
  const drift = pairs.map(({ before, after }) => after.descriptors - before.descriptors)
  const descriptors = drift.reduce((worst, one) => (Math.abs(one) > Math.abs(worst) ? one : worst), 0)
  const memory = Math.max(...pairs.map(({ before, after }) => after.memory - before.memory))
  const most = Math.max(TIMES_CALM * calmP99, ALWAYS_FINE_MS)
  const broken = [
    ...(share >= LEAST_SHARE ? [] : [`${(share * 100).toFixed(2)} % of the buys were confirmed in time, not 98 %`]),
    ...(attackedP99 <= most ? [] : [`p99 is ${attackedP99.toFixed(0)} ms, more than ${most.toFixed(0)} ms`]),
    ...(Math.abs(descriptors) <= DESCRIPTORS ? [] : [`${descriptors} descriptors are not back`]),
    ...(memory <= MEMORY_MB ? [] : [`${memory.toFixed(0)} MB are not back`])
  ]
  return { share, calmP99, attackedP99, descriptors, memory, broken }
}
