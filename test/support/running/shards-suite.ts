import { readFileSync } from 'node:fs'
import { join } from 'node:path'

// Which test files are played on a deployment of several shards (`npm run test:shards`).

/** What starts a deployment whose number of shards FLOODGATE_TEST_SHARDS says. */
const DEPLOYMENT =
  /\b(startStack|startMallShop|startCore|openShop|openArchiveShop|openLoggedShop|startReminders|shopOn|setUp|World\.start)\(/

/** Files and folders below test that look into one shard, or say themselves how many there are: test/README.md says why. */
const aboutOne: readonly string[] = [
  'gate/',
  'recovery/',
  'shards/',
  'cli/archive.test.js',
  'cli/export-and-verify.long.test.js',
  'export/archive.test.js',
  'export/journal-and-events.test.js',
  'http/operator/archive-file.test.js',
  'http/watching/operators.test.js',
  'verify/published-draw.test.js',
  'journal/little-room.test.js',
  'worker/held-campaigns.test.js',
  'worker/janitor.test.js',
  'worker/projection-and-events.test.js'
]

/** Those that touch shards in ways of their own, short enough for each run of continuous integration. */
const short: readonly string[] = [
  'campaign/settlement/second-look.test.js',
  'end-to-end/every-kind.test.js',
  'end-to-end/prizes-of-rewards.test.js',
  'end-to-end/rewards-for-others.test.js',
  'end-to-end/levels/levels-of-shares.long.test.js'
]

/**
 * The files to play on several shards.
 * @param files every compiled test file, relative to the folder of the compiled tests
 * @param all whether more than the short choice
 * @throws Error when a file that is named here is there no longer
 */
export function onShards(files: readonly string[], { compiled, all }: { compiled: string; all: boolean }): string[] {
  const gone = [...aboutOne, ...short].find((place) => !files.some((file) => file.startsWith(place)))
  if (gone !== undefined) throw new Error(`There is no test ${gone}: test/support/running/shards-suite.ts names it.`)
  if (!all) return [...short]
  const isAboutOne = (file: string): boolean => aboutOne.some((place) => file.startsWith(place))
  return files.filter((file) => !isAboutOne(file) && DEPLOYMENT.test(readFileSync(join(compiled, file), 'utf8')))
}
