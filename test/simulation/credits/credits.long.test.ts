import t from 'tap'
import { playCredits } from './run.ts'

// Beyond the seeds of credits.test.ts, in parts, so that one sees it move.
const FIRST = 201
const PART = 2000
const PARTS = 5

for (let part = 0; part < PARTS; part += 1) {
  const first = FIRST + part * PART
  t.test(`seeds ${first} to ${first + PART - 1} keep every promise`, async (t) => {
    t.strictSame(playCredits(first, PART).failed, [])
  })
}
