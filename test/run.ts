import '../src/config/require-node.ts'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { textOf } from '../src/base/errors.ts'
import { partNames } from '../src/stack/processes/programs.ts'
import { type Servers, startServers } from '../src/stack/servers/all.ts'
import { ensureInstalled } from '../src/stack/servers/install.ts'
import { evidenceFolder, evidenceRoot } from './support/running/evidence-folder.ts'
import { chooseSuite, type Suite } from './support/running/suites.ts'
import { summarizeTap } from './support/running/tap-summary.ts'
import { sharedServersVariable, urlsOf } from './support/servers/servers.ts'

// Runs the proof (every test file but *.long.test.ts), with --long those, or the named files (of build/test, or of test/ with
// .ts): starts the servers that they share, runs tap, and ends with the line `N passed, N failed`.

const root = fileURLToPath(new URL('../../', import.meta.url))
const compiled = fileURLToPath(new URL('./', import.meta.url))
const fileSeconds = 1500
const silentMs = 30_000

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

const tap = [process.execPath, join(root, 'node_modules/tap/dist/esm/run.mjs')] as const
// what is tested is compiled already, and the plugin does not know this TypeScript
const withoutTypescript = '--plugin=!@tapjs/typescript'

/**
 * tap generates its test class anew when the plugins differ from those it was installed with, and a run that has to do
 * that first fails: once done, this takes a fraction of a second.
 */
async function generateTestClass(): Promise<void> {
  const [code, output] = await new Promise<[number | null, string]>((resolve) => {
    const child = spawn(tap[0], [tap[1], 'build', withoutTypescript], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit']
    })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    child.once('error', (error) => resolve([1, error.message]))
    child.once('close', (exitCode) => resolve([exitCode, text]))
  })
  if (code !== 0) throw new Error(`tap could not generate its test class:\n${output}`)
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

/** Runs tap, prints a line for each file as it ends and of a failed one what failed; returns its exit code and its TAP. */
async function runTap({ files, jobs, timed }: Suite, servers: Servers): Promise<{ code: number; text: string }> {
  const options = [withoutTypescript, `--jobs=${jobs}`, `--timeout=${fileSeconds}`, '--reporter=tap']
  const shared = { [sharedServersVariable]: JSON.stringify(urlsOf(servers)) }
  const child = spawn(tap[0], [tap[1], ...options, '--disable-coverage', '--allow-empty-coverage', ...files], {
    cwd: root,
    env: { ...process.env, ...shared, ...(timed ? { FLOODGATE_TIMED: '1' } : {}) },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(1))
    child.once('close', (code) => resolve(code ?? 1))
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const progress = new Progress(files.length)
  const all: string[] = []
  let block: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    all.push(line)
    block.push(line)
    if (!/^(not )?ok /.test(line)) continue
    reportFile(line, block, progress)
    block = []
  }
  progress.stop()
  return { code: await ended, text: all.join('\n') }
}

function reportFile(line: string, block: readonly string[], progress: Progress): void {
  const [, not, file = '', ms = ''] = /^(not )?ok \d+ - (.*?) # time=([\d.]+)ms/.exec(line) ?? []
  const { passed, failed } = summarizeTap(block.join('\n'))
  const seconds = (Number(ms) / 1000).toFixed(1)
  progress.ended(
    `${not === undefined ? 'ok    ' : 'FAILED'} ${file}: ${passed} passed, ${failed} failed (${seconds} s)`
  )
  if (not === undefined) return
  // before it stand the diagnostics of the file before
  const own = block.slice(
    Math.max(
      0,
      block.findIndex((each) => each.startsWith('# Subtest'))
    )
  )
  for (const text of own) if (!/^\s*(ok \d|\d+\.\.\d|# time=|$)/.test(text)) say(`  ${text}`)
  const folder = evidenceFolder(join(root, file))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'output.tap'), `${own.join('\n')}\n`)
  const seeds = new Set(own.flatMap((text) => /\bseed:? (-?\d+)/.exec(text)?.[1] ?? []))
  if (seeds.size > 0) say(`  seed: ${[...seeds].join(', ')}`)
  say(`  evidence: ${relative(root, folder)}`)
}

async function run(): Promise<boolean> {
  const suite = chooseSuite(process.argv.slice(2), { root, compiled })
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-tests-'))
  rmSync(evidenceRoot, { recursive: true, force: true })
  try {
    await ensureInstalled(partNames, say)
    const servers = await startServers({ folder, fsync: false, endWithLauncher: true })
    let result: Awaited<ReturnType<typeof runTap>>
    try {
      await generateTestClass()
      result = await runTap(suite, servers)
    } finally {
      await servers.stop(3000)
    }
    const { passed, failed, failures } = summarizeTap(result.text)
    if (failures.length > 0) say('')
    for (const title of failures) say(`failed: ${title}`)
    // tap fails for reasons of its own too, such as a file that is not there
    const unexplained = failed === 0 && (result.code !== 0 || passed === 0)
    if (unexplained) say(`failed: tap ended with exit code ${result.code}`)
    say(`${passed} passed, ${failed + (unexplained ? 1 : 0)} failed`)
    return failed === 0 && !unexplained
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
