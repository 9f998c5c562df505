import fc from 'fast-check'
import t from 'tap'
import { refusedWords } from '../../src/console/browser/refused-words.ts'
import { type Adjusted, ways } from '../../src/console/browser/screens/adjust/ways.ts'
import { listOf, sectionOf, sectionTitle, shownAs, titleOf } from '../../src/console/browser/screens/report/figures.ts'
import { figures, sections } from '../../src/export/report/catalogue.ts'
import { problemTable } from '../../src/http/problems/table.ts'

const activity = (remaining: number): Adjusted => ({
  id: 'phone',
  paused: false,
  sessions: [{ id: 'night', remaining, closesAt: '2026-11-11T00:00:00Z' }],
  prizes: []
})

t.test(
  'the effect of a change of stock is said as the gate carries it out: it takes at most what is left',
  async () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: -5000, max: 5000 }), (remaining, units) => {
        const facts = { activity: activity(remaining), rules: undefined }
        const { effect, body } = ways.stock?.read({ units: String(units) }, facts) ?? { effect: '' }
        if (units === 0) return body === undefined
        const numbers = effect.replaceAll(/(\d)[,. ’](?=\d{3})/g, '$1').match(/\d+/g) ?? []
        return Number(numbers[0]) === remaining && Number(numbers[1]) === Math.max(0, remaining + units)
      })
    )
  }
)

t.test('nothing is asked for until it is said what', async (t) => {
  const facts = { activity: activity(3), rules: { id: 'phone', price: 100, currency: 'CNY', unitsPerUser: 2 } }
  for (const name of ['stock', 'price', 'closing']) t.equal(ways[name]?.read({}, facts).body, undefined, name)
  t.same(ways.price?.read({ price: '90' }, facts).body, { price: 90 })
  t.same(ways.limits?.read({ limit: 'unitsPerUser', most: '' }, facts).body, { limits: { unitsPerUser: null } })
  t.same(ways.pause?.read({}, facts).body, { paused: true })
})

t.test('odds are said as they will be in the new sum', async (t) => {
  const prizes = [
    { id: 'first', weight: 1 },
    { id: 'nothing', weight: 3 }
  ]
  const facts = { activity: activity(0), rules: { id: 'wheel', prizes } }
  const { effect, body } = ways.weights?.read({ prize: 'first', weight: '3' }, facts) ?? { effect: '' }
  t.same(body, { weights: { first: 3 } })
  t.match(effect, /25\.0 % now, 50\.0 %/)
})

t.test('a refusal without members is said too, and each code that users meet has words', async (t) => {
  const met = ['SOLD_OUT', 'LIMIT_REACHED', 'INSUFFICIENT_BALANCE', 'NOT_STARTED', 'SESSION_CLOSED', 'NOT_ELIGIBLE']
  for (const code of Object.keys(problemTable)) t.notMatch(refusedWords(code, {}), /undefined|NaN/, code)
  for (const code of met) t.not(refusedWords(code, {}), code)
})

t.test('a figure leads to the list of what it counts, and to no list of something else', async (t) => {
  t.equal(listOf({ id: 'sales.orders', of: null }, 'night'), '#/orders?campaign=night')
  const unpaid = { id: 'sales.unpaid', of: 'phone' }
  t.equal(listOf(unpaid, 'night'), '#/orders?campaign=night&activity=phone&status=accepted')
  t.equal(listOf({ id: 'sales.paid', of: null }, 'night'), undefined, 'some of the paid ones are shipped by now')
})

t.test('every figure of a report has a title, a section and a value in words', async (t) => {
  for (const [id, { section, measure }] of Object.entries(figures)) {
    t.equal(sectionOf(id), section, id)
    t.equal(sectionTitle(section), sections[section].en)
    t.match(titleOf(id), /^[A-Z]/)
    t.equal(shownAs({ id, unit: null }, 0.5).endsWith('%'), measure === 'ratio', id)
  }
})
