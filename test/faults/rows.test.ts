import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { evidenceFolder } from '../support/running/evidence-folder.ts'
import { timed } from '../support/running/pace.ts'
import { withLanes } from './lanes.ts'
import { plantedBugs } from './planted/bugs.ts'
import { plant } from './planted/plant.ts'
import { play } from './play.ts'
import { rows } from './rows.ts'
import { verdictLines } from './verdict.ts'

// A part of the fault matrix that takes less than a minute; `npm run test:faults` plays all of it.

const root = fileURLToPath(new URL('../../..', import.meta.url))
const cli = join(root, 'build/src/cli.js')
/** a gateway, NATS and Postgres die, Redis is wiped */
const quick = ['F02', 'F15', 'F21', 'F34']

function temporary(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-faults-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

t.test('each row has an id of its own', async (t) => {
  const ids = rows.map(({ id }) => id)
  t.strictSame(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    []
  )
})

t.test('each planted bug still fits the code that it is planted in', async (t) => {
  const folder = temporary(t)
  for (const bug of plantedBugs) t.doesNotThrow(() => plant(root, join(folder, bug.name), bug), bug.name)
})

t.test('nothing confirmed is lost, doubled or oversold when one part dies', { timeout: 840_000 }, async (t) => {
  const folder = temporary(t)
  const chosen = rows.filter(({ id }) => quick.includes(id))
  t.equal(chosen.length, quick.length)
  // servers of its own: those that other tests share must live
  await withLanes({ folder, given: {}, count: 1 }, chosen, async (lane, row) => {
    const verdict = await play({ row, seed: 1, lane, cli, evidence: evidenceFolder(), timed })
    t.equal(verdict.outcome, 'passed', verdictLines(verdict).join('\n'))
  })
})
