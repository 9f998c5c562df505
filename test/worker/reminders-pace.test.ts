import fc from 'fast-check'
import t from 'tap'
import { Pace } from '../../src/worker/reminders/pace.ts'

const opensAt = 10_000_000
const remindMs = 600_000
const due = opensAt - remindMs

/** Tells by the pace alone, in steps of these lengths. @returns what was told when */
function play(users: number, begins: number, steps: readonly number[]): Array<{ at: number; told: number }> {
  const pace = new Pace({ opensAt, remindMs }, begins)
  const done: Array<{ at: number; told: number }> = []
  let [waiting, now] = [users, begins]
  for (let step = 0; waiting > 0 && now < opensAt; step += 1) {
    const count = Math.min(waiting, pace.quota(waiting, now))
    pace.passed(count)
    waiting -= count
    done.push({ at: now, told: users - waiting })
    now += steps[step % steps.length] ?? 0
  }
  return done
}

const lengths = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 })
const users = fc.integer({ min: 1, max: 2_000_000 })

t.test('planned times are spread evenly over the minute, however long the steps', async () => {
  fc.assert(
    fc.property(users, lengths, (all, steps) => {
      for (const { at, told } of play(all, due - 60_000, steps)) {
        const planned = all * Math.min(1, (at - due + 60_000) / 58_000)
        if (Math.abs(told - planned) > 1.001) throw new Error(`${told} at ${at - due}, not ${planned}`)
      }
    })
  )
})

t.test(
  'a worker that comes late tells one at least, and the rest in four fifths of the time that is left',
  async (t) => {
    fc.assert(
      fc.property(users, fc.integer({ min: -29_999, max: remindMs - 60_000 }), lengths, (all, after, steps) => {
        const begins = due + after
        const end = begins + 0.8 * (opensAt - begins)
        for (const [index, { at, told }] of play(all, begins, steps).entries()) {
          const planned = all * Math.min(1, (at - begins) / (end - begins))
          if (told < planned - 1 || told > planned + index + 1)
            throw new Error(`${told} at ${at - begins}, not ${planned}`)
        }
      })
    )
    const pace = new Pace({ opensAt, remindMs }, due)
    t.equal(pace.quota(1, due + 100), 1)
    pace.passed(1)
    t.equal(pace.quota(0, due + 200), 0)
  }
)

t.test('a worker that takes over in the first half of the minute keeps to the minute', async (t) => {
  const done = play(1000, due - 40_000, [500])
  t.ok((done.at(-1)?.at ?? 0) <= due - 1500)
  t.ok((done.find(({ at }) => at >= due - 22_000)?.told ?? 1000) <= 500, 'and does not hurry')
})
