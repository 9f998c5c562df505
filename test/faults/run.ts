import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { textOf } from '../../src/base/errors.ts'
import { partNames } from '../../src/stack/processes/programs.ts'
import { ensureInstalled } from '../../src/stack/servers/install.ts'
import { givenServers, withLanes } from './lanes.ts'
import { readOptions } from './options.ts'
import { runPlanted } from './planted/run-planted.ts'
import { play } from './play.ts'
import type { Row, Verdict } from './row.ts'
import { rows } from './rows.ts'
import { verdictLines } from './verdict.ts'

// npm run test:faults: every row of the matrix, with each seed.

const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function wanted(ids: readonly string[]): readonly Row[] {
  const unknown = ids.filter((id) => !rows.some((row) => row.id === id))
  if (unknown.length > 0) throw new Error(`There is no row ${unknown.join(', ')}. --list names them.`)
  return ids.length === 0 ? rows : rows.filter(({ id }) => ids.includes(id))
}

async function run(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2))
  const chosen = wanted(options.rows)
  if (options.list) {
    for (const { id, title } of chosen) say(`${id}  ${title}`)
    return true
  }
  const given = givenServers(process.env)
  await ensureInstalled(
    partNames.filter((part) => given[part] === undefined),
    say
  )
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-faults-'))
  const verdicts: Verdict[] = []
  const startedAt = performance.now()
  try {
    if (options.planted) return await runPlanted({ folder, given, lanes: options.lanes, rows: options.rows, say })
    const runs = options.seeds.flatMap((seed) => chosen.map((row) => ({ row, seed })))
    await withLanes(
      { folder, given, count: Math.min(options.lanes, runs.length) },
      runs,
      async (lane, { row, seed }) => {
        const verdict = await play({
          row,
          seed,
          lane,
          cli,
          evidence: options.evidence,
          timed: !options.untimed,
          shards: options.shards
        })
        verdicts.push(verdict)
        for (const line of verdictLines(verdict)) say(line)
      }
    )
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const count = (outcome: Verdict['outcome']) => verdicts.filter((each) => each.outcome === outcome)
  say('')
  for (const { row, seed, proof } of count('skipped')) say(`skipped: ${row} seed ${seed}: ${proof.join('; ')}`)
  for (const { row, seed } of count('failed')) say(`failed: ${row} seed ${seed}`)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  say(
    `${count('passed').length} passed, ${count('failed').length} failed, ${count('skipped').length} skipped in ${seconds} s`
  )
  return count('failed').length === 0
}

try {
  process.exitCode = (await run()) ? 0 : 1
} catch (error) {
  say(textOf(error))
  process.exitCode = 1
}
