import fc from 'fast-check'
import t from 'tap'
import { leftOf } from '../../src/campaign/actions/points-left.ts'
import type { Movement } from '../../src/store/reading/ledger.ts'

const earned = (campaign: string, delta: number, at = 0): Movement => ({ campaign, delta, isTakenBack: false, at })
const spent = (delta: number): Movement => ({ campaign: 'mall', delta: -delta, isTakenBack: false, at: 0 })
const takenBack = (campaign: string, delta: number): Movement => ({ campaign, delta: -delta, isTakenBack: true, at: 0 })

t.test('what was earned first is spent first', async (t) => {
  t.equal(leftOf([earned('a', 100), spent(30)], 'a', 0), 70)
  t.equal(leftOf([earned('a', 100), earned('b', 50), spent(120)], 'a', 0), 0)
  t.equal(leftOf([earned('a', 100), earned('b', 50), spent(120)], 'b', 0), 30)
  t.equal(leftOf([earned('b', 50), earned('a', 100), spent(20)], 'a', 0), 100, 'the other campaign came before')
  t.equal(leftOf([earned('a', 10, 1), earned('a', 20, 3), spent(5)], 'a', 2), 5, 'what comes later stays')
  t.equal(leftOf([earned('a', 100), spent(30), takenBack('a', 70)], 'a', 0), 0, 'once')
  t.equal(
    leftOf([earned('a', 100), earned('b', 50), takenBack('b', 50), spent(30)], 'a', 0),
    70,
    'expiry is no spending'
  )
  t.equal(
    leftOf([earned('b', 40), earned('a', 100), takenBack('a', 100)], 'a', 0),
    0,
    'what was taken back was its own'
  )
  t.equal(leftOf([earned('b', 40), earned('a', 100), takenBack('a', 100)], 'b', 0), 40)
  t.equal(leftOf([earned('a', 10), earned('b', 40), takenBack('a', 30)], 'b', 0), 20, 'more than it gave is spent')
  const late = [earned('a', 10, 1), earned('b', 10, 2), earned('a', 20, 3), takenBack('a', 10), spent(10)]
  t.equal(leftOf(late, 'b', 2), 0, 'what came after the moment did not expire, and was earned after the other one')
  t.equal(leftOf(late, 'a', 3), 20)
  t.equal(leftOf([], 'a', 0), 0)
})

/** Lots, each with what is left of it, as somebody would keep them who sees every movement. */
class Lots {
  readonly lots: Array<{ readonly campaign: string; readonly at: number; left: number }> = []
  readonly movements: Movement[] = []

  get balance(): number {
    return this.lots.reduce((sum, { left }) => sum + left, 0)
  }

  of(campaign: string): number {
    return this.lots.reduce((sum, lot) => sum + (lot.campaign === campaign && lot.at === 0 ? lot.left : 0), 0)
  }

  earn(campaign: string, amount: number, at: number): void {
    this.lots.push({ campaign, at, left: amount })
    this.movements.push(earned(campaign, amount, at))
  }

  spend(amount: number): void {
    let rest = Math.min(amount, this.balance)
    if (rest === 0) return
    this.movements.push(spent(rest))
    for (const lot of this.lots) {
      const used = Math.min(rest, lot.left)
      lot.left -= used
      rest -= used
    }
  }

  /** As an operator does, or the end of a win: the campaign's own, the oldest first; the rest is gone like any other. */
  takeBack(campaign: string, amount: number): void {
    let rest = Math.min(amount, this.balance)
    if (rest > 0) this.movements.push(takenBack(campaign, rest))
    const own = this.lots.filter((lot) => lot.campaign === campaign)
    for (const lot of [...own, ...this.lots]) {
      const used = Math.min(rest, lot.left)
      lot.left -= used
      rest -= used
    }
  }

  expire(campaign: string): void {
    const left = this.of(campaign)
    if (left > 0) this.movements.push(takenBack(campaign, left))
    for (const lot of this.lots) if (lot.campaign === campaign && lot.at === 0) lot.left = 0
  }
}

t.test('it is what is left of lots that are kept movement by movement', async () => {
  const step = fc.record({
    does: fc.constantFrom('earn', 'spend', 'takeBack', 'expire'),
    campaign: fc.constantFrom('a', 'b', 'c'),
    amount: fc.integer({ min: 1, max: 50 })
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const lots = new Lots()
      const over = new Set<string>()
      for (const { does, campaign, amount } of steps) {
        // what a campaign gives once its moment has come stays
        if (does === 'earn') lots.earn(campaign, amount, over.has(campaign) ? 1 : 0)
        if (does === 'spend') lots.spend(amount)
        if (does === 'takeBack') lots.takeBack(campaign, amount)
        if (does === 'expire') {
          lots.expire(campaign)
          over.add(campaign)
        }
        for (const each of ['a', 'b', 'c']) {
          const left = leftOf(lots.movements, each, 0)
          if (left !== lots.of(each)) throw new Error(`${left} of ${each} instead of ${lots.of(each)}`)
        }
      }
    })
  )
})
