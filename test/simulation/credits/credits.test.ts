import t from 'tap'
import { type CreditBug, creditBugs } from './bugs.ts'
import { playCredits, simulateCredits } from './run.ts'

/** `npm run test:long` plays more of them */
const SEEDS = 200
/** Seeds within which a planted bug must show: about three times what the rarest one needs. */
const PLANTED_WITHIN = 2000

t.test(`${SEEDS} runs with faults at any step boundary keep every promise`, async (t) => {
  const { failed, states, faults } = playCredits(1, SEEDS)
  t.strictSame(failed, [], 'play one again: node build/test/simulation/credits/play.js <seed> --trace')
  for (const state of ['done', 'refused', 'voided', 'taken-back']) t.ok(states.get(state), `some credits were ${state}`)
  for (const fault of ['kill', 'pause', 'closed', 'wiped', 'refusing']) t.ok(faults.get(fault), `${fault} struck`)
})

for (const [bug, what] of Object.entries(creditBugs) as Array<[CreditBug, string]>) {
  t.test(`a planted bug is caught: ${what}`, async (t) => {
    let seed = 1
    let failures: readonly string[] = []
    for (; failures.length === 0 && seed <= PLANTED_WITHIN; seed += 1)
      failures = simulateCredits({ seed, bug }).failures
    t.not(failures.length, 0, `within ${PLANTED_WITHIN} seeds`)
    t.comment(`--bug ${bug} is caught by seed ${seed - 1}: ${failures.join('; ')}`)
  })
}
