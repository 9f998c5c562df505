import { type Part, parts } from '../measuring/cpu-by-part.ts'
import type { Measurement } from '../measuring/measurement.ts'
import type { Options } from '../options.ts'
import { scenarios } from '../scenarios.ts'
import { type Build, buildName } from './build.ts'
import type { Machine } from './machine.ts'
import { type Ratio, ratios, type ScenarioSummary, summarize } from './summary.ts'

/** Everything one bench found, as results.json keeps it. */
export interface Report {
  readonly at: string
  readonly build: Build
  readonly ratios: readonly Ratio[]
  readonly machine: Machine
  readonly options: Options
  readonly summaries: readonly ScenarioSummary[]
  readonly measurements: readonly Measurement[]
}

export function createReport(found: {
  at: Date
  build: Build
  machine: Machine
  options: Options
  measurements: readonly Measurement[]
}): Report {
  const { at, build, machine, options, measurements } = found
  return {
    at: at.toISOString(),
    build,
    ratios: ratios(measurements),
    machine,
    options,
    summaries: summarize(measurements),
    measurements
  }
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const milliseconds = (value: number): string => value.toFixed(value < 10 ? 2 : 1)
const micros = (value: number): string => value.toFixed(1)

const headings = [
  'scenario',
  'req/s',
  'p50 ms',
  'p97.5 ms',
  'p99 ms',
  'lag ms',
  'orders/frame',
  ...parts.map((part) => `${part} µs`),
  'proof'
]

function cells(summary: ScenarioSummary): string[] {
  return [
    summary.scenario,
    count(summary.perSecond),
    ...[summary.p50, summary.p97_5, summary.p99].map(milliseconds),
    summary.lagMs === null ? '-' : count(summary.lagMs),
    summary.perFrame === null ? '-' : summary.perFrame.toFixed(1),
    ...parts.map((part: Part) => micros(summary.cpu[part])),
    summary.broken.length === 0 ? 'holds' : 'BROKEN'
  ]
}

/** Columns as wide as their widest cell; the first one left, the others right aligned. */
function aligned(rows: ReadonlyArray<readonly string[]>): string {
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
    )
    .join('\n')
}

const amount = (value: number): string => (value >= 100 ? count(value) : value.toFixed(2))

/** A ratio with its bound and goal. */
export function ratioLine({ name, value, unit, better, bound, goal, withinBound, withinGoal }: Ratio): string {
  const sign = better === 'lower' ? '<=' : '>='
  const verdict = withinBound ? (withinGoal ? 'within the goal' : 'within the bound') : 'MISSED'
  return `${name}: ${amount(value)}${unit} (bound ${sign} ${count1(bound)}, goal ${sign} ${count1(goal)}): ${verdict}`
}

const count1 = (value: number): string => value.toLocaleString('en-US')

/** Idle kernel threads and the bench itself stay below this. */
const QUIET_CORES = 0.15

/** What makes figures worth little: other work, and a generator that was too slow itself. */
export function noiseLines({ summaries }: Pick<Report, 'summaries'>): string[] {
  const voids = summaries.filter(({ byTheClock }) => (byTheClock?.void ?? 0) > 0).map(({ scenario }) => scenario)
  const void1 = voids.length === 0 ? [] : [`Void, because the generator lagged itself: ${voids.join(', ')}.`]
  const noisy = summaries.filter(({ otherCores }) => otherCores > QUIET_CORES)
  if (noisy.length === 0) return void1
  const named = noisy.map(({ scenario, otherCores }) => `${scenario} ${otherCores.toFixed(2)}`).join(', ')
  return [...void1, `Other work kept cores busy meanwhile (${named}): measure again on a quiet machine.`]
}

function brokenLines({ summaries }: Report): string[] {
  return summaries.flatMap(({ scenario, broken }) => broken.map((sentence) => `${scenario}, ${sentence}`))
}

/** A line for each load by the clock. */
function clockedLines({ summaries }: Report): string[] {
  return summaries.flatMap(({ scenario, perSecond, p99, byTheClock }) => {
    if (byTheClock === null) return []
    const { capacity, offered, refusedP99, lagP99, memoryGrowth } = byTheClock
    return [
      `${scenario}: ${count(offered)} requests/s were due, capacity ${count(capacity)}/s, confirmed ${count(perSecond)}/s, p99 ${milliseconds(p99)} ms ` +
        `(refusals ${milliseconds(refusedP99)} ms), generator late by ${milliseconds(lagP99)} ms at p99, gateway ${memoryGrowth.toFixed(0)} MB more`
    ]
  })
}

/** The report for a terminal: ratios first, because figures are those of one machine. */
export function asText(report: Report): string {
  const broken = brokenLines(report)
  return [
    ...report.ratios.map(ratioLine),
    '',
    aligned([headings, ...report.summaries.map(cells)]),
    '',
    'CPU in microseconds per answer, all threads and child processes; service is the process that answers HTTP.',
    ...clockedLines(report),
    ...noiseLines(report),
    ...(broken.length === 0 ? [] : ['', 'Not true in this run:', ...broken.map((line) => `  ${line}`)])
  ].join('\n')
}

const row = (columns: readonly string[]): string => `| ${columns.join(' | ')} |`

/** The report with its method, to be pasted beside any figure that is quoted from it. */
export function asMarkdown(report: Report): string {
  const { machine, options } = report
  const broken = brokenLines(report)
  return `# Benchmark of ${report.at.slice(0, 10)}, ${buildName(report.build)}

${report.ratios.map((ratio) => `- ${ratioLine(ratio)}`).join('\n')}

Ratios are medians over the rounds of the ratio within a round.

${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.system}, node ${machine.node}, redis ${machine.redis}, nats-server
${machine.nats}, Postgres ${machine.postgres} (${machine.commit}). Everything, the load generator included, on this one machine.

${options.rounds} rounds, in each of them every scenario once: ${options.warmupSeconds} s of warm-up, ${options.seconds} s measured, autocannon with
${options.connections} keep-alive connections, closed loop, ${count(options.users)} tokens in turn, a key of its own for each request. Figures are
medians over the rounds. CPU is process time per answer in microseconds, all threads and child processes.

${row(headings)}
${row(headings.map((_, column) => (column === 0 ? '---' : '---:')))}
${report.summaries.map((summary) => row(cells(summary))).join('\n')}

${scenarios
  .filter(({ name }) => report.summaries.some(({ scenario }) => scenario === name))
  .map(({ name, title }) => `- **${name}**: ${title}`)
  .join('\n')}

${clockedLines(report)
  .map((line) => `- ${line}`)
  .join('\n')}

${[...noiseLines(report), ''].join('\n\n')}${broken.length === 0 ? 'After each run: sold = confirmed = rows in Postgres = events on the public stream, nothing twice, nothing beyond stock.' : `**Not true in this run:**\n\n${broken.map((line) => `- ${line}`).join('\n')}`}
`
}
