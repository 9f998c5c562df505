import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { onShards } from './shards-suite.ts'

/** What one run of the tests plays. */
export interface Suite {
  /** compiled test files, relative to the root */
  readonly files: readonly string[]
  /** files side by side */
  readonly jobs: number
  /** whether bounds of time are judged */
  readonly timed: boolean
  /** whether what failed beside other files is played once more, alone */
  readonly again: boolean
}

/** Crowds, kills, large recoveries, more seeds: `npm run test:long`. */
const isLong = (file: string): boolean => file.endsWith('.long.test.js')

/**
 * Each takes one to two minutes, most of it waiting for servers that were killed or filling tables: `npm run test:long` plays them, and `--ci` leaves
 * them out, so that a run for each change takes a quarter of an hour. What they prove has a shorter test too, or a fault row.
 */
const leftOutInCi: readonly string[] = [
  'end-to-end/settlement-killed.long.test.js',
  'recovery/archive-killed.long.test.js',
  'servers/nats-cluster.long.test.js',
  'worker/board-of-a-million.long.test.js'
]

/**
 * Most files wait for servers half of their time; long ones, which start and kill whole stacks, a third of it. Where bounds of time are
 * judged, a file has the machine for itself.
 */
function jobsOf({ long, ci }: { readonly long: boolean; readonly ci: boolean }): number {
  if (!long) return 2 * availableParallelism()
  return ci ? availableParallelism() + 1 : 1
}

/** What starts servers of its own takes longest: begun last, it would run alone on one core in the end. */
function heaviestFirst(files: readonly string[], root: string): string[] {
  const isHeavy = (file: string): boolean =>
    /\b(startStack|privateServers|natsServer|withLanes|Lane\.start)\(/.test(readFileSync(join(root, file), 'utf8'))
  const heavy = new Set(files.filter(isHeavy))
  return [...heavy, ...files.filter((file) => !heavy.has(file))]
}

/**
 * Reads the command line: nothing for the proof, `--long` for what takes longer (`--ci` leaves bounds of time unjudged and the longest out), `--shards` for
 * what is played on several shards as well (`--all` for more than a choice), `--again` for a second
 * look at what failed beside other files, or the files to run.
 * @param folders root of the project, and the compiled tests
 * @throws TypeError for an unknown option, Error for a file that is not there
 */
export function chooseSuite(argv: readonly string[], folders: { root: string; compiled: string }): Suite {
  const flag = { type: 'boolean', default: false } as const
  const options = { long: flag, ci: flag, shards: flag, all: flag, again: flag } as const
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
  const { root, compiled } = folders
  const every = readdirSync(compiled, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .sort()
  const gone = leftOutInCi.find((file) => !every.includes(file))
  if (gone !== undefined) throw new Error(`There is no test ${gone}: test/support/running/suites.ts names it.`)
  const wanted = values.shards
    ? onShards(every, { compiled, all: values.all })
    : every.filter((file) => isLong(file) === values.long && !(values.ci && leftOutInCi.includes(file)))
  const all = wanted.map((file) => relative(root, join(compiled, file)))
  const named = positionals.map((file) =>
    file.endsWith('.ts') ? relative(root, join(compiled, relative('test', file))).replace(/\.ts$/, '.js') : file
  )
  const missing = named.find((file) => !existsSync(join(root, file)))
  if (missing !== undefined)
    throw new Error(`There is no test file ${missing}: say test/….test.ts, or its name in build.`)
  return {
    files: heaviestFirst(named.length > 0 ? named : all, root),
    jobs: jobsOf({ long: values.long || values.shards, ci: values.ci || values.shards }),
    timed: values.long && !values.ci,
    again: values.again
  }
}
