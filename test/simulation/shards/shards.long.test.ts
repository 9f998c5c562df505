import t from 'tap'
import { timed } from '../../support/running/pace.ts'
import { aims } from './planted.ts'
import { playShards, simulateShards } from './run.ts'

// Beyond the seeds of shards.test.ts, in parts, so that one sees it move: half of them beside other files, which wait for the cores.
const FIRST = 201
const PART = 1500
const PARTS = timed ? 4 : 2
/** For the one bug that is rarer than the others. */
const PLANTED_WITHIN = 5000

for (let part = 0; part < PARTS; part += 1) {
  const first = FIRST + part * PART
  t.test(`seeds ${first} to ${first + PART - 1} keep every promise`, async (t) => {
    t.strictSame(playShards(first, PART).failed, [])
  })
}

t.test('stock that is taken away by answers that are not journaled is caught', async (t) => {
  const bug = 'taken-by-pending'
  let seed = 1
  while (simulateShards({ seed, bug, aim: aims[bug] }).failures.length === 0 && seed <= PLANTED_WITHIN) seed += 1
  t.ok(seed <= PLANTED_WITHIN, `within ${PLANTED_WITHIN} seeds`)
  t.comment(`caught by seed ${seed}`)
})
