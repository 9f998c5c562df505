import t from 'tap'
import { timed } from '../support/running/pace.ts'
import { keepEveryPromise } from './promises.ts'

// Beyond the seeds of simulation.test.ts, in parts, so that one sees it move: fewer of them beside other files, which wait for the cores.
const FIRST = 301
const PART = 940
const PARTS = timed ? 5 : 3

for (let part = 0; part < PARTS; part += 1) {
  const first = FIRST + part * PART
  t.test(`seeds ${first} to ${first + PART - 1} keep every promise`, (t) => keepEveryPromise(t, first, PART))
}
