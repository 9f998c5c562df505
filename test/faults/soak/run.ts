import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { textOf } from '../../../src/base/errors.ts'
import { partNames } from '../../../src/stack/processes/programs.ts'
import { ensureInstalled } from '../../../src/stack/servers/install.ts'
import { seededRandom } from '../../support/random.ts'
import { Lane, makeTemplate } from '../world/lane.ts'
import { World } from '../world/world.ts'
import {
  confirmationsOf,
  figuresOf,
  Growth,
  percentile,
  type RoundFigures,
  refusalsMeanwhile,
  reportText,
  type SoakReport
} from './report.ts'
import { playRound, type RoundResult } from './round.ts'
import { soakWorld } from './soak-world.ts'

// npm run soak: all processes at once under random faults, round after round, for as long as is asked for.

const cli = fileURLToPath(new URL('../../../src/cli.js', import.meta.url))

interface SoakOptions {
  readonly minutes: number
  readonly seed: number
  readonly evidence: string
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function number(most: number) {
  return (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !(value > 0 && value <= most))
      throw new InvalidArgumentError(`Give a number up to ${most}.`)
    return value
  }
}

function readOptions(args: readonly string[]): SoakOptions {
  return new Command('soak')
    .description(
      'Strikes every part of one deployment at random for a while, and checks after each round what is left.'
    )
    .option('--minutes <n>', 'how long', number(10_000), 30)
    .option('--seed <n>', 'of faults and load', number(999_999_999), 1)
    .option('--evidence <folder>', 'where the report goes, and histories and logs of a failure', '.floodgate/soak')
    .parse(args, { from: 'user' })
    .opts<SoakOptions>()
}

/** Gathers what rounds came to. */
class Tally {
  readonly growth = new Growth()
  readonly rounds: RoundFigures[] = []
  readonly #faults = new Map<string, number>()
  readonly #confirmations: number[] = []
  readonly #refusals: number[] = []

  add(result: RoundResult): RoundFigures {
    const figures = figuresOf(result)
    this.rounds.push(figures)
    for (const { kinds } of result.struck)
      for (const kind of kinds) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1)
    this.#confirmations.push(...confirmationsOf(result))
    this.#refusals.push(...refusalsMeanwhile(result))
    return figures
  }

  report(seed: number, minutes: number): SoakReport {
    const after = this.#confirmations
    return {
      seed,
      minutes,
      rounds: this.rounds,
      faults: Object.fromEntries([...this.#faults].sort(([a], [b]) => (a < b ? -1 : 1))),
      confirmsAfterMs: { p50: percentile(after, 0.5), p99: percentile(after, 0.99), max: percentile(after, 1) },
      refusalsMeanwhile: { count: this.#refusals.length, p99Ms: percentile(this.#refusals, 0.99) },
      processes: this.growth.rows()
    }
  }
}

function tell(figures: RoundFigures, { desk }: RoundResult): void {
  const { id, seconds, faults, requests, confirmed, refused, differences } = figures
  const verdict = differences.length === 0 ? 'nothing differs' : `${differences.length} DIFFERENCES`
  say(
    `${id}: ${seconds} s, ${faults} faults, ${requests} requests, ${confirmed} confirmed, ${refused} refused, ${desk}: ${verdict}`
  )
  for (const { rule, what } of differences.slice(0, 12)) say(`  ! ${rule}: ${what}`)
}

/** Rounds until the time is over, or one differs: later ones would cover its traces. */
async function rounds(world: World, { minutes, seed }: SoakOptions, tally: Tally): Promise<void> {
  const endsAt = performance.now() + minutes * 60_000
  const random = seededRandom(seed)
  let journalLost = false
  for (let n = 1; performance.now() < endsAt; n++) {
    const strikeMs = Math.min(endsAt - performance.now(), 45_000 + random() * 30_000)
    const { folder } = world
    const round = { world, id: `round-${n}`, seed: seed * 1000 + n, random, strikeMs, folder, journalLost, say }
    const result = await playRound(round)
    journalLost = result.journalLost
    const figures = tally.add(result)
    tell(figures, result)
    tally.growth.look(world)
    if (figures.differences.length > 0) return
  }
}

async function soak(options: SoakOptions, folder: string): Promise<boolean> {
  const { seed } = options
  const tally = new Tally()
  const startedAt = performance.now()
  const template = await makeTemplate(join(folder, 'template'))
  const lane = await Lane.start({ folder: join(folder, 'lane'), given: {}, template })
  const own = join(folder, 'world')
  let sound = false
  const place = join(options.evidence, `seed-${seed}`)
  mkdirSync(place, { recursive: true })
  try {
    const world = await World.start({ lane, cli, folder: own, spec: soakWorld })
    try {
      tally.growth.look(world)
      await rounds(world, options, tally)
      sound = tally.rounds.length > 0 && tally.rounds.every(({ differences }) => differences.length === 0)
    } finally {
      await world.stop()
    }
  } finally {
    await lane.stop()
    const report = tally.report(seed, (performance.now() - startedAt) / 60_000)
    writeFileSync(join(place, 'report.json'), `${JSON.stringify(report, null, 2)}\n`)
    if (!sound) for (const part of [own, join(folder, 'lane', 'logs')]) cpSync(part, place, { recursive: true })
    say(`\n${reportText(report)}\n`)
    say(sound ? `report: ${place}` : `FAILED: repeat with --seed ${seed}; report, histories and logs: ${place}`)
  }
  return sound
}

async function run(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2))
  await ensureInstalled(partNames, say)
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-soak-'))
  try {
    return await soak(options, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

try {
  process.exitCode = (await run()) ? 0 : 1
} catch (error) {
  say(textOf(error))
  process.exitCode = 1
}
