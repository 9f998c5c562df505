import { readFile, writeFile } from 'node:fs/promises'
import { capacityPart } from '../capacity/page.ts'
import { parts } from '../measuring/cpu-by-part.ts'
import { buildName } from './build.ts'
import { asChart } from './chart.ts'
import { PUBLISHED, type Published, replacePart } from './published.ts'
import { noiseLines, type Report, ratioLine } from './report.ts'

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

/** The part of README that comes from a result. */
export function readmePart(report: Published): string {
  const { machine, build, at, options } = report
  const noise = noiseLines(report).map((text) => ` ${text}`)
  return `\`npm run bench\`, ${at.slice(0, 10)}, ${buildName(build)}: ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, Node ${machine.node}, Redis ${machine.redis}, nats-server ${machine.nats}, Postgres ${machine.postgres}, everything and the load generator on this one machine. Medians of ${options.rounds} rounds of ${options.seconds} s.${noise.join('')}

${table(report)}

![The same as a chart](${PUBLISHED.chart})

${report.ratios.map((ratio) => `${ratioLine(ratio)}.`).join(' ')}`
}

async function rewrite(page: string, part: string): Promise<void> {
  await writeFile(page, replacePart(await readFile(page, 'utf8'), part, page))
}

/** Puts a result into the documents: its file, its chart, and the parts of README and of the capacity page. */
export async function publish({ measurements: _all, ...report }: Report): Promise<void> {
  await writeFile(PUBLISHED.result, `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(PUBLISHED.chart, asChart(report))
  await rewrite(PUBLISHED.page, readmePart(report))
  await rewrite(PUBLISHED.capacity, capacityPart(report))
}
