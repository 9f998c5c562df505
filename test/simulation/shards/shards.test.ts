import t from 'tap'
import { type ShardBug, shardBugs } from './bugs.ts'
import { faults } from './chaos.ts'
import { aims } from './planted.ts'
import { playShards, simulateShards } from './run.ts'

/** `npm run test:long` plays more of them */
const SEEDS = 200
/** Seeds within which a planted bug must show: about three times what the rarest one needs. */
const PLANTED_WITHIN = 600
/** Seeds that keep every promise under the faults aimed at a bug. */
const SOUND = 5
/** Needs thousands of seeds: shards.long.test.ts */
const rare: readonly ShardBug[] = ['taken-by-pending']

t.test(`${SEEDS} runs with faults at any step boundary keep every promise`, async (t) => {
  const played = playShards(1, SEEDS)
  t.strictSame(played.failed, [], 'play one again: node build/test/simulation/shards/play.js <seed> --trace')
  for (const [what, times] of Object.entries(played.sums)) t.ok(times > SEEDS / 10, `${what}: ${times}`)
  for (const fault of faults) t.ok(played.faults.get(fault), `${fault} struck`)
})

for (const [bug, what] of Object.entries(shardBugs) as Array<[ShardBug, string]>) {
  if (rare.includes(bug)) continue
  t.test(`a planted bug is caught: ${what}`, async (t) => {
    const aim = aims[bug]
    for (let seed = 1; aim && seed <= SOUND; seed += 1) t.strictSame(simulateShards({ seed, aim }).failures, [])
    let seed = 1
    let failures: readonly string[] = []
    for (; failures.length === 0 && seed <= PLANTED_WITHIN; seed += 1)
      failures = simulateShards({ seed, bug, aim }).failures
    t.not(failures.length, 0, `within ${PLANTED_WITHIN} seeds`)
    t.comment(`--bug ${bug} is caught by seed ${seed - 1}: ${failures.join('; ')}`)
  })
}
