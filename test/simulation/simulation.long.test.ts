import t from 'tap'
import { keepEveryPromise } from './promises.ts'

// Beyond the seeds of simulation.test.ts, in parts, so that one sees it move.
const FIRST = 301
const PART = 940
const PARTS = 5

for (let part = 0; part < PARTS; part += 1) {
  const first = FIRST + part * PART
  t.test(`seeds ${first} to ${first + PART - 1} keep every promise`, (t) => keepEveryPromise(t, first, PART))
}
