import type { Difference } from '../../support/judging/promise.ts'
import type { History } from '../../support/load/history.ts'
import { firstConfirmationAfter } from '../judge/judge.ts'
import { type Footprint, footprintOf } from '../world/child.ts'
import type { World } from '../world/world.ts'
import type { RoundResult, Struck } from './round.ts'

/** Figures of one round, without its history. */
export interface RoundFigures {
  readonly id: string
  readonly seconds: number
  readonly faults: number
  readonly requests: number
  /** purchases, spins and tasks by how they ended */
  readonly confirmed: number
  readonly refused: number
  /** of those: told pending first, or not answered at first */
  readonly pendingResolved: number
  readonly unknownResolved: number
  readonly lagMs: number
  readonly differences: readonly Difference[]
}

export function figuresOf({ id, ms, struck, history, lagMs, differences }: RoundResult): RoundFigures {
  const groups = [...history.byKey().values()]
  const ever = (kind: string) => groups.filter((attempts) => attempts.some(({ result }) => result?.kind === kind))
  const open = history.unsettled().length
  const confirmed = ever('ok').length
  return {
    id,
    seconds: Math.round(ms / 1000),
    faults: struck.length,
    requests: history.attempts.length,
    confirmed,
    refused: groups.length - confirmed - open,
    pendingResolved: ever('pending').length,
    unknownResolved: ever('unknown').length,
    lagMs,
    differences
  }
}

/** Ms from each heal to the first confirmation after it. */
export function confirmationsOf({ struck, history }: RoundResult): number[] {
  return struck.map(({ healedAt }) => firstConfirmationAfter(history, healedAt)).filter(Number.isFinite)
}

/** How long refusals took whose request was sent while a part was away (ms). */
export function refusalsMeanwhile({ struck, history }: RoundResult): number[] {
  const away = ({ invokedAt }: History['attempts'][number]) =>
    struck.some((each: Struck) => invokedAt >= each.struckAt && invokedAt < each.healedAt)
  return history.attempts
    .filter(({ result }) => result?.kind === 'refused' || result?.kind === 'unavailable')
    .filter(away)
    .map(({ invokedAt, answeredAt = invokedAt }) => answeredAt - invokedAt)
}

/** The value below which a share of all lie, rounded; 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}

/** What each process held when it was looked at first and last, by name. */
export class Growth {
  readonly #held = new Map<string, { first: Footprint; last: Footprint; looks: number }>()

  /** Looks at everything that runs now. */
  look(world: World): void {
    for (const { name, alive, pid } of world.children) if (alive) this.#note(name, footprintOf(pid))
    for (const part of ['redis', 'nats', 'postgres'] as const) {
      const pid = world.lane.server(part).pid()
      this.#note(`${part} ${pid}`, footprintOf(pid))
    }
  }

  #note(name: string, footprint: Footprint | undefined): void {
    if (footprint === undefined) return
    const known = this.#held.get(name)
    if (known === undefined) this.#held.set(name, { first: footprint, last: footprint, looks: 1 })
    else this.#held.set(name, { first: known.first, last: footprint, looks: known.looks + 1 })
  }

  /** Processes that lived through a round at least. */
  rows(): ReadonlyArray<{ readonly name: string; readonly first: Footprint; readonly last: Footprint }> {
    return [...this.#held]
      .filter(([, { looks }]) => looks > 1)
      .map(([name, { first, last }]) => ({ name, first, last }))
  }
}

export interface SoakReport {
  readonly seed: number
  readonly minutes: number
  readonly rounds: readonly RoundFigures[]
  readonly faults: Readonly<Record<string, number>>
  readonly confirmsAfterMs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly refusalsMeanwhile: { readonly count: number; readonly p99Ms: number }
  readonly processes: ReturnType<Growth['rows']>
}

/** Differences of these rules, in all rounds. */
function broken({ rounds }: SoakReport, ...rules: readonly string[]): number {
  return rounds.flatMap(({ differences }) => differences).filter(({ rule }) => rules.includes(rule)).length
}

const whole = (count: number) => count.toLocaleString('en-US')

/** The table at the end of a soak. */
export function reportText(report: SoakReport): string {
  const { rounds, confirmsAfterMs: after, refusalsMeanwhile: refusals, faults, processes } = report
  const sum = (of: (round: RoundFigures) => number) => whole(rounds.reduce((total, round) => total + of(round), 0))
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['seed', String(report.seed)],
    ['minutes', report.minutes.toFixed(1)],
    ['rounds', String(rounds.length)],
    ['faults', sum((round) => round.faults)],
    ...Object.entries(faults).map(([kind, count]) => [`  ${kind}`, String(count)] as const),
    ['requests', sum((round) => round.requests)],
    ['confirmed', sum((round) => round.confirmed)],
    ['refused', sum((round) => round.refused)],
    ['pending, then definite', sum((round) => round.pendingResolved)],
    ['unknown, then resolved', sum((round) => round.unknownResolved)],
    ['lost', String(broken(report, 'I1', 'I12'))],
    ['doubled', String(broken(report, 'I2', 'I6', 'position'))],
    ['oversold', String(broken(report, 'I3', 'I8'))],
    ['undersold', String(broken(report, 'I5'))],
    [
      'other differences',
      String(
        rounds.flatMap(({ differences }) => differences).length -
          broken(report, 'I1', 'I12', 'I2', 'I6', 'position', 'I3', 'I8', 'I5')
      )
    ],
    ['heal to confirmation', `p50 ${after.p50} ms, p99 ${after.p99} ms, max ${after.max} ms`],
    ['refusals meanwhile', `${whole(refusals.count)}, p99 ${refusals.p99Ms} ms`],
    ['timers late at p99', `${Math.max(0, ...rounds.map(({ lagMs }) => lagMs))} ms at most`],
    ...processes.map(
      ({ name, first, last }) =>
        [
          name,
          `${first.residentMb} MB and ${first.descriptors} descriptors at first, ${last.residentMb} and ${last.descriptors} at last`
        ] as const
    )
  ]
  return rows.map(([name, value]) => `${name.padEnd(24)}${value}`).join('\n')
}
