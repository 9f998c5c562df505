import { readFile, writeFile } from 'node:fs/promises'
import { parts } from '../measuring/cpu-by-part.ts'
import { buildName } from './build.ts'
import { asChart } from './chart.ts'
import { noiseLines, type Report, ratioLine } from './report.ts'

/** What README shows is made of this, and a test holds it to it. */
export type Published = Omit<Report, 'measurements'>

export const PUBLISHED = { result: 'docs/benchmark.json', chart: 'docs/benchmark.svg', page: 'README.md' } as const

const BEGIN = '<!-- written by npm run bench -- --publish -->'
const END = '<!-- end of what it wrote -->'

/** The rows that README has room for. */
const SHOWN = ['bare', 'refused', 'confirmed', 'persisted', 'peer', 'evalsha', 'nginx', 'overload']

const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const short = (value: number): string => value.toFixed(1)

function table({ summaries }: Published): string {
  const shown = SHOWN.flatMap((name) => summaries.find(({ scenario }) => scenario === name) ?? [])
  const told = parts.filter((part) => part !== 'load')
  const head = ['scenario', 'req/s', 'p50 ms', 'p99 ms', ...told.map((part) => `${part} µs`)]
  const rows = shown.map(({ scenario, perSecond, p50, p99, cpu }) => [
    scenario,
    count(perSecond),
    short(p50),
    short(p99),
    ...told.map((part) => short(cpu[part]))
  ])
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|---|${'---:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n')
}

/** The part of README that comes from a result, with its marks. */
export function readmePart(report: Published): string {
  const { machine, build, at, options } = report
  const noise = noiseLines(report).map((text) => ` ${text}`)
  return `${BEGIN}

\`npm run bench\`, ${at.slice(0, 10)}, ${buildName(build)}: ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, Node ${machine.node}, Redis ${machine.redis}, nats-server ${machine.nats}, Postgres ${machine.postgres}, everything and the load generator on this one machine. Medians of ${options.rounds} rounds of ${options.seconds} s.${noise.join('')}

${table(report)}

![The same as a chart](${PUBLISHED.chart})

${report.ratios.map((ratio) => `${ratioLine(ratio)}.`).join(' ')}

${END}`
}

/** README with the part of a result in place of the one before. @throws Error without the marks */
export function withPart(readme: string, report: Published): string {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  if (from === -1 || to < from) throw new Error(`${PUBLISHED.page} has no place for the result: ${BEGIN} ... ${END}`)
  return readme.slice(0, from) + readmePart(report) + readme.slice(to + END.length)
}

/** Puts a result into the documents: its file, its chart, and the part of README. */
export async function publish({ measurements: _all, ...report }: Report): Promise<void> {
  await writeFile(PUBLISHED.result, `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(PUBLISHED.chart, asChart(report))
  await writeFile(PUBLISHED.page, withPart(await readFile(PUBLISHED.page, 'utf8'), report))
}
