import '../src/config/require-node.ts'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { benchAgainst } from './against/run.ts'
import type { Measurement } from './measuring/measurement.ts'
import { type Options, readOptions, UsageError, usage } from './options.ts'
import { readBuild } from './report/build.ts'
import { asChart } from './report/chart.ts'
import { describeMachine } from './report/machine.ts'
import { publish } from './report/publish.ts'
import { asMarkdown, asText, createReport, type Report } from './report/report.ts'
import { createStops, type Stops } from './running/stops.ts'
import { scenarios } from './scenarios.ts'
import { startWorld, type World } from './stack/world.ts'

/** What a shell calls a program that Ctrl-C ended. */
const INTERRUPTED = 130

function progress(
  step: string,
  { round, scenario, perSecond, p99, cpu, lagMs, otherCores, proof }: Measurement
): string {
  const figures = [
    `${Math.round(perSecond).toLocaleString('en-US').padStart(7)}/s`,
    `p99 ${p99.toFixed(1)} ms`,
    `service ${cpu.service.toFixed(1)} µs`,
    `others ${otherCores.toFixed(2)} cores`,
    ...(lagMs === null ? [] : [`lag ${lagMs.toFixed(0)} ms`])
  ]
  const broken = proof.broken.map((sentence) => `\n    not true: ${sentence}`).join('')
  return `${step}  round ${round}  ${scenario.padEnd(14)}${figures.join('  ')}${broken}`
}

const chosenBy = (options: Options) => scenarios.filter(({ name }) => options.scenarios.includes(name))

/** The scenarios one after the other, then all again: what is compared runs while the machine is equally busy. */
async function runRounds(world: World, options: Options): Promise<Measurement[]> {
  const measurements: Measurement[] = []
  const hasNginx = world.yardsticks?.nginx !== undefined
  const chosen = chosenBy(options).filter(({ target }) => target !== 'nginx' || hasNginx)
  const began = performance.now()
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const scenario of chosen) {
      const measurement = await scenario.measure(world, { scenario, round, options })
      measurements.push(measurement)
      const step = `${measurements.length}/${options.rounds * chosen.length} ${Math.round((performance.now() - began) / 1000)} s`
      console.log(progress(step.padStart(12), measurement))
    }
  }
  return measurements
}

/** @returns the folder, named by date and commit */
async function writeReport(report: Report, out: string): Promise<string> {
  const folder = join(out, `${report.at.slice(0, 10)}-${report.build.commit}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'results.json'), `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(join(folder, 'results.md'), asMarkdown(report))
  await writeFile(join(folder, 'results.svg'), asChart(report))
  return folder
}

/** @returns the exit code: 0 when every proof holds (and with --strict every bound) */
async function bench(options: Options, stops: Stops): Promise<number> {
  const at = new Date()
  console.log('Starting the stack, the yardsticks and the load generator ...')
  const needed = new Set<string>(chosenBy(options).map(({ target }) => target))
  const world = await startWorld(options, needed, stops)
  const machine = await describeMachine(world)
  const build = readBuild()
  const report = createReport({ at, build, machine, options, measurements: await runRounds(world, options) })
  const folder = await writeReport(report, options.out)
  console.log(`\n${asText(report)}\n\nWritten: results.json, results.md and results.svg in ${folder}`)
  const proven = report.summaries.every(({ broken }) => broken.length === 0)
  if (options.publish && proven) {
    await publish(report)
    console.log('README, docs/benchmark.svg and docs/benchmark.json show this run now.')
  } else if (options.publish) console.log('Not published: what was told is not true.')
  const bounded = report.ratios.every(({ withinBound }) => withinBound)
  return proven && (bounded || !options.strict) ? 0 : 1
}

/** Whatever was started is stopped again, after Ctrl-C too. */
async function run(options: Options): Promise<number> {
  const stops = createStops()
  const stopEarly = (): void => {
    void stops.all().then(() => process.exit(INTERRUPTED))
  }
  process.once('SIGINT', stopEarly).once('SIGTERM', stopEarly)
  try {
    return await (options.against === undefined ? bench(options, stops) : benchAgainst(options.against, options, stops))
  } finally {
    await stops.all()
  }
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') console.log(usage)
  else process.exitCode = await run(options)
} catch (error) {
  console.error(
    error instanceof UsageError ? `${error.message}\n\n${usage}` : `The benchmark stopped: ${(error as Error).message}`
  )
  process.exitCode = 1
}
