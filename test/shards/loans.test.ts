import fc from 'fast-check'
import t from 'tap'
import { planLoans, type Reading } from '../../src/worker/loans/plan-loans.ts'

const units = fc.integer({ min: 0, max: 1000 })
const reading: fc.Arbitrary<Reading> = fc.record({
  here: units,
  others: fc
    .array(fc.option(units, { nil: undefined, freq: 6 }), { minLength: 1, maxLength: 16 })
    .map((there) => new Map(there.map((left, shard) => [shard + 1, left]))),
  isMoving: fc.boolean()
})
const wishes = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 4 })
const knownOf = ({ others }: Reading) => [...others.values()].reduce<number>((sum, there) => sum + (there ?? 0), 0)

t.test('nobody is asked for what it does not have, or twice', async () => {
  fc.assert(
    fc.property(reading, wishes, fc.boolean(), (read, wanted, isLow) => {
      const { loans } = planLoans(read, wanted, isLow)
      return (
        new Set(loans.map(({ from }) => from)).size === loans.length &&
        loans.every(({ from, asked }) => asked >= 1 && asked <= (read.others.get(from) ?? 0))
      )
    })
  )
})

t.test('who can be served is, by one round of loans, however many others want more than there is', async () => {
  fc.assert(
    fc.property(reading, wishes, fc.boolean(), (read, wanted, isLow) => {
      const most = Math.max(0, ...wanted.filter((missing) => missing <= knownOf(read)))
      return planLoans(read, wanted, isLow).loans.reduce((sum, { asked }) => sum + asked, 0) >= most
    })
  )
})

t.test(
  'what the others have is said only to those who want more, only when all are known and nothing moves',
  async () => {
    fc.assert(
      fc.property(reading, wishes, fc.boolean(), (read, wanted, isLow) => {
        const { elsewhere } = planLoans(read, wanted, isLow)
        const known = knownOf(read)
        if (wanted.every((missing) => missing <= known)) return elsewhere === undefined
        if ([...read.others.values()].includes(undefined)) return elsewhere === 'unknown'
        return elsewhere === (read.isMoving ? undefined : known)
      })
    )
  }
)

t.test('nothing is moved for those who cannot be served, nor where nobody waits and nothing runs low', async () => {
  fc.assert(
    fc.property(reading, wishes, (read, wanted) => {
      const beyond = wanted.map((missing) => missing + knownOf(read))
      return planLoans(read, beyond, false).loans.length === 0
    })
  )
})

t.test('shards that only run low come to rest: units do not go to and fro', async () => {
  fc.assert(
    fc.property(fc.array(units, { minLength: 2, maxLength: 8 }), fc.infiniteStream(fc.nat()), (first, draws) => {
      const left = [...first]
      let still = 0
      for (const draw of draws) {
        const to = draw % left.length
        const others = new Map([...left.entries()].filter(([shard]) => shard !== to))
        const [loan] = planLoans({ here: left[to] ?? 0, others, isMoving: false }, [], true).loans
        if (loan) {
          left[loan.from] = (left[loan.from] ?? 0) - loan.asked
          left[to] = (left[to] ?? 0) + loan.asked
        }
        still = loan ? 0 : still + 1
        if (still > 400) return Math.max(...left) - Math.min(...left) <= 1
      }
      return false
    }),
    { numRuns: 30 }
  )
})

t.test('a shard that sells what all others have needs few loans', async () => {
  fc.assert(
    fc.property(fc.array(units, { minLength: 1, maxLength: 8 }), (there) => {
      const others = new Map(there.map((left, shard) => [shard + 1, left]))
      const halvings = there.reduce((sum, left) => sum + Math.ceil(Math.log2(left + 1)), 0)
      let here = 0
      let loans = 0
      for (let sold = there.reduce((sum, left) => sum + left, 0); sold > 0; sold -= 1) {
        if (here === 0)
          for (const { from, asked } of planLoans({ here, others, isMoving: false }, [1], false).loans) {
            others.set(from, (others.get(from) ?? 0) - asked)
            here += asked
            loans += 1
          }
        if (here === 0) return false
        here -= 1
      }
      return loans <= halvings
    })
  )
})
