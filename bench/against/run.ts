import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Measurement } from '../measuring/measurement.ts'
import type { Options } from '../options.ts'
import type { Stops } from '../running/stops.ts'
import { scenarios } from '../scenarios.ts'
import { startSide, type World } from '../stack/world.ts'
import { checkOut } from './checkout.ts'
import { asLines, compare, type Pair } from './comparison.ts'

function line({ scenario, pair, here, there }: Pair): string {
  const cpu = (part: 'service' | 'redis') =>
    `${here.cpu[part].toFixed(1)} / ${there.cpu[part].toFixed(1)} µs (${(here.cpu[part] / there.cpu[part]).toFixed(3)})`
  const others = Math.max(here.otherCores, there.otherCores).toFixed(2)
  return `pair ${pair}  ${scenario.padEnd(10)} gateway ${cpu('service')}  Redis ${cpu('redis')}  others ${others} cores`
}

function broken(runs: readonly Measurement[]): string[] {
  return runs.flatMap(({ scenario, round, proof }) =>
    proof.broken.map((sentence) => `${scenario}, pair ${round}: ${sentence}`)
  )
}

/** Which side goes first changes from pair to pair, so that a machine that gets slower or faster does so for both. */
async function runPairs(here: World, there: World, options: Options): Promise<Pair[]> {
  const pairs: Pair[] = []
  const chosen = scenarios.filter(({ name }) => options.scenarios.includes(name))
  for (let pair = 1; pair <= options.pairs; pair += 1) {
    for (const scenario of chosen) {
      const run = { scenario, round: pair, options }
      const found: Partial<Record<'here' | 'there', Measurement>> = {}
      for (const side of pair % 2 === 1 ? (['there', 'here'] as const) : (['here', 'there'] as const)) {
        found[side] = await run.scenario.measure(side === 'here' ? here : there, run)
      }
      const done = { scenario: scenario.name, pair, ...(found as Record<'here' | 'there', Measurement>) }
      pairs.push(done)
      console.log(line(done))
    }
  }
  return pairs
}

/**
 * Compares this build with another commit: both stacks run, one is measured while the other rests.
 * @returns the exit code: 1 when a proof does not hold, or CPU per answer is beyond the bound
 */
export async function benchAgainst(commit: string, options: Options, stops: Stops): Promise<number> {
  console.log(`Building ${commit} in a worktree of its own ...`)
  const checkout = await stops.after(checkOut(commit), (built) => built.remove())
  console.log(`Starting the stack of ${checkout.commit} and this one ...`)
  const there = await startSide(options, stops, { cli: checkout.cli })
  const here = await startSide(options, stops)
  const pairs = await runPairs(here, there, options)
  const compared = compare(pairs, options.bound)
  const untrue = broken(pairs.flatMap((pair) => [pair.here, pair.there]))
  await mkdir(options.out, { recursive: true })
  const file = join(options.out, 'against.json')
  const report = { at: new Date().toISOString(), against: checkout.commit, options, compared, untrue, pairs }
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`)
  const text = [
    '',
    `CPU per answer, this build to ${checkout.commit}: process time of all threads; the median of the pairs.`,
    ...asLines(compared, options.bound),
    ...(untrue.length === 0 ? [] : ['', 'Not true in this run:', ...untrue.map((sentence) => `  ${sentence}`)]),
    '',
    `Written: ${file}`
  ]
  console.log(text.join('\n'))
  return untrue.length === 0 && compared.every(({ verdict }) => verdict !== 'BEYOND the bound') ? 0 : 1
}
