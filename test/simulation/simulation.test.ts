import t from 'tap'
import { type Bug, planted } from './bugs.ts'
import { keepEveryPromise } from './promises.ts'
import { simulate } from './run.ts'

/** `npm run test:long` plays more of them */
const SEEDS = 300
/** Seeds within which a planted bug must show: about three times what the rarest one needs. */
const PLANTED_WITHIN = 1000

t.test(`${SEEDS} runs with faults at any step boundary keep every promise`, (t) => keepEveryPromise(t, 1, SEEDS))

t.test(
  'a reopening drops nothing that was decided, also while processes die, and would without the step for it',
  async (t) => {
    const reopened = (bug?: Bug) => {
      let dropped = 0
      for (let seed = 1; seed <= 200; seed += 1) {
        const result = simulate({ seed, bug, only: ['reopening asked', 'kill'] })
        t.strictSame(result.failures, [], `seed ${seed}`)
        dropped += result.dropped
      }
      return dropped
    }
    t.equal(reopened(), 0)
    t.not(reopened('outbox-given-up'), 0)
  }
)

t.test('a seed is one and the same run each time', async (t) => {
  const play = (seed: number) => {
    const lines: string[] = []
    simulate({ seed, trace: (line) => lines.push(line) })
    return lines
  }
  for (const seed of [7, 8, 9]) t.strictSame(play(seed), play(seed))
})

for (const [bug, what] of Object.entries(planted) as Array<[Bug, string]>) {
  t.test(`a planted bug is caught: ${what}`, async (t) => {
    let seed = 1
    let failures: readonly string[] = []
    for (; failures.length === 0 && seed <= PLANTED_WITHIN; seed += 1) failures = simulate({ seed, bug }).failures
    t.not(failures.length, 0, `within ${PLANTED_WITHIN} seeds`)
    t.comment(`--bug ${bug} is caught by seed ${seed - 1}: ${failures.join('; ')}`)
  })
}
