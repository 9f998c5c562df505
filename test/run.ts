import '../src/config/require-node.ts'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { textOf } from '../src/base/errors.ts'
import { partNames } from '../src/stack/processes/programs.ts'
import { type Servers, startServers } from '../src/stack/servers/all.ts'
import { ensureInstalled } from '../src/stack/servers/install.ts'
import { evidenceFolder, evidenceRoot } from './support/running/evidence-folder.ts'
import { playFiles } from './support/running/play-files.ts'
import { chooseSuite, type Suite } from './support/running/suites.ts'
import { summarizeTap } from './support/running/tap-summary.ts'
import { writeSchema, writtenSchemaVariable } from './support/servers/fresh-schema.ts'
import { sharedServersVariable, urlsOf } from './support/servers/servers.ts'

// Runs the proof (every test file but *.long.test.ts), with --long those, or the named files (of build/test, or of test/ with
// .ts): starts the servers that they share, plays the files, and ends with the line `N passed, N failed`.

const root = fileURLToPath(new URL('../../', import.meta.url))
const compiled = fileURLToPath(new URL('./', import.meta.url))
const fileSeconds = 1500
const silentMs = 30_000
/** Of each failed file, what is said once more at the end, where a reader of a long log looks first. */
const repeatedLines = 60
/** Where more files fail, it is no matter of what ran beside them. */
const mostAgain = 3

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Says how far the run is, a line for each file, and after a silence that it still runs. */
class Progress {
  readonly #files: number
  readonly #startedAt = performance.now()
  readonly #timer: NodeJS.Timeout
  #done = 0

  constructor(files: number) {
    this.#files = files
    this.#timer = setInterval(() => this.#silence(), silentMs)
  }

  ended(line: string): void {
    this.#done += 1
    this.#timer.refresh()
    say(`[${this.#done}/${this.#files}] ${line}`)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #silence(): void {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000)
    say(`        ${seconds} s: ${this.#done} of ${this.#files} files done, still running`)
  }
}

/** What a file that was played printed. */
interface Played {
  readonly lines: readonly string[]
  /** of a failed file, what failed */
  readonly told: readonly string[]
}

/** Tells the files which servers they share, and what makes a schema in their Postgres: for one file it is not worth it. */
async function sharedEnv({ files }: Suite, servers: Servers, folder: string): Promise<Record<string, string>> {
  const urls = urlsOf(servers)
  const schema = files.length > 1 ? await writeSchema(urls.databaseUrl, folder) : undefined
  return { [sharedServersVariable]: JSON.stringify(urls), [writtenSchemaVariable]: schema ?? '' }
}

/** Plays the files, prints a line for each as it ends and of a failed one what failed; returns what each printed. */
async function play(
  { files, jobs, timed }: Suite,
  shared: Readonly<Record<string, string>>
): Promise<Map<string, Played>> {
  const env = { ...process.env, ...shared, ...(timed ? { FLOODGATE_TIMED: '1' } : {}) }
  const progress = new Progress(files.length)
  const played = new Map<string, Played>()
  const ended = (file: string, lines: readonly string[]): void => {
    const told = reportFile(lines, progress)
    played.set(file, { lines, told: files.length > 1 ? told.slice(0, repeatedLines) : [] })
  }
  await playFiles(files, { root, jobs, env, fileSeconds, ended }).finally(() => progress.stop())
  return played
}

/**
 * Plays the files of a suite; with `again`, the few that failed beside others once more, alone. What fails then has failed, and what passes is named
 * as unsteady: a race to be hunted, which must not hide whether the rest is right.
 */
async function playSteadily(suite: Suite, shared: Readonly<Record<string, string>>): Promise<Map<string, Played>> {
  const played = await play(suite, shared)
  const failed = suite.files.filter((file) => played.get(file)?.lines.at(-1)?.startsWith('not ok') ?? false)
  const wasStopped = played.size < suite.files.length
  if (!suite.again || wasStopped || failed.length === 0 || failed.length > mostAgain) return played
  say(`\n${failed.length} failed beside others. Played once more, alone:`)
  const second = await play({ ...suite, files: failed, jobs: 1 }, shared)
  for (const file of failed) {
    const isSteady = second.get(file)?.lines.at(-1)?.startsWith('not ok') ?? true
    if (!isSteady) say(`unsteady: ${file} failed beside others and passed alone; above is what failed`)
  }
  return new Map([...played, ...second])
}

function reportFile(lines: readonly string[], progress: Progress): string[] {
  const [, not, file = '', ms = ''] = /^(not )?ok \d+ - (.*?) # time=([\d.]+)ms/.exec(lines.at(-1) ?? '') ?? []
  const { passed, failed } = summarizeTap(lines.join('\n'))
  const seconds = (Number(ms) / 1000).toFixed(1)
  progress.ended(
    `${not === undefined ? 'ok    ' : 'FAILED'} ${file}: ${passed} passed, ${failed} failed (${seconds} s)`
  )
  if (not === undefined) return []
  const told = lines.filter((text) => !/^\s*(ok \d|\d+\.\.\d|# time=|$)/.test(text)).map((text) => `  ${text}`)
  for (const text of told) say(text)
  const folder = evidenceFolder(join(root, file))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'output.tap'), `${lines.join('\n')}\n`)
  const seeds = new Set(lines.flatMap((text) => /\bseed:? (-?\d+)/.exec(text)?.[1] ?? []))
  if (seeds.size > 0) say(`  seed: ${[...seeds].join(', ')}`)
  say(`  evidence: ${relative(root, folder)}`)
  return told
}

async function run(): Promise<boolean> {
  const suite = chooseSuite(process.argv.slice(2), { root, compiled })
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-tests-'))
  rmSync(evidenceRoot, { recursive: true, force: true })
  try {
    await ensureInstalled(partNames, say)
    const servers = await startServers({ folder, fsync: false, endWithLauncher: true })
    const playAll = async () => playSteadily(suite, await sharedEnv(suite, servers, folder))
    const played = [...(await playAll().finally(() => servers.stop(3000))).values()]
    const { passed, failed, failures } = summarizeTap(played.flatMap(({ lines }) => lines).join('\n'))
    if (failures.length > 0) say(['', ...played.flatMap(({ told }) => told), ''].join('\n'))
    for (const title of failures) say(`failed: ${title}`)
    const nothing = failed === 0 && passed === 0
    if (nothing) say('failed: no test was played')
    say(`${passed} passed, ${failed + (nothing ? 1 : 0)} failed`)
    return failed === 0 && !nothing
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

try {
  process.exitCode = (await run()) ? 0 : 1
} catch (error) {
  say(`${textOf(error)}\n0 passed, 1 failed`)
  process.exitCode = 1
}
