import t from 'tap'
import { type Bug, plantedInPoints, plantedInUpkeep } from './bugs.ts'
import { type Aimed, aimed } from './planted.ts'
import { simulate } from './run.ts'

/** Seeds within which a planted bug must show: about three times what the rarest one needs. */
const WITHIN = 600
/** Seeds that keep every promise under the same faults. */
const SOUND = 5

for (const [bug, faults] of Object.entries(aimed) as Array<[keyof typeof aimed, Aimed]>) {
  t.test(`a planted bug is caught by its faults: ${{ ...plantedInUpkeep, ...plantedInPoints }[bug]}`, async (t) => {
    const play = (seed: number, planted?: Bug) => simulate({ seed, bug: planted, ...faults }).failures
    for (let seed = 1; seed <= SOUND; seed += 1) t.strictSame(play(seed), [], `seed ${seed} without the bug`)
    let seed = 1
    let failures: readonly string[] = []
    for (; failures.length === 0 && seed <= WITHIN; seed += 1) failures = play(seed, bug)
    t.not(failures.length, 0, `within ${WITHIN} seeds`)
    t.comment(`${bug} is caught by seed ${seed - 1}: ${failures.join('; ')}`)
  })
}
