import t from 'tap'
import { type Bug, planted } from './bugs.ts'
import { faultNames } from './chaos.ts'
import { requests } from './requests.ts'
import { simulate } from './run.ts'

const SEEDS = 1000
/** Seeds within which a planted bug must show: about three times what the rarest one needs. */
const PLANTED_WITHIN = 1000

t.test(`${SEEDS} runs with faults at any step boundary keep every promise`, async (t) => {
  const failed: string[] = []
  const struck = new Map<string, number>()
  const requested = new Set<string>()
  let steps = 0
  let confirmed = 0
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const result = simulate({ seed })
    if (result.failures.length > 0) failed.push(`seed ${seed}: ${result.failures.join('; ')}`)
    for (const fault of result.faults) struck.set(fault, (struck.get(fault) ?? 0) + 1)
    for (const request of result.requests) requested.add(request)
    steps += result.steps
    confirmed += result.confirmed
  }
  t.strictSame(failed, [], 'play one again: node build/test/simulation/play.js <seed> --trace')
  t.comment(
    `${SEEDS} seeds, ${steps} steps, ${confirmed} confirmed; ${[...struck].map((pair) => pair.join(' ')).join(', ')}`
  )
  t.ok(confirmed > SEEDS * 3, 'load was flowing')
  const rare = faultNames.filter((name) => (struck.get(name) ?? 0) < 20)
  t.strictSame(rare, [], 'each fault happened at least 20 times')
  const never = requests.filter((name) => !requested.has(name) && name !== 'worker.position')
  t.strictSame(never, [], 'each kind of request was made')
})

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
