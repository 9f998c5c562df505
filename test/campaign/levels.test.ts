import { test } from 'tap'
import { planNext } from '../../src/campaign/change/next-version.ts'
import { definitionOf } from '../../src/campaign/definition/rules.ts'
import { levelReached, privilegesAt } from '../../src/campaign/parts/levels.ts'
import { compiled, errorsOf, rulesOf } from './example-kinds.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

const levels = [
  { id: 3, when: { points: 100, amount: 5000 }, privileges: { earlySeconds: 60, extraUnits: 2, discountPercent: 15 } },
  { id: 1, when: { points: 100 }, privileges: { flags: ['priority-support'] } },
  { id: 9, privileges: { extraUnits: 5 } }
]

test('levels compile for the gate, sorted, for the campaign or the account', async (t) => {
  const { puts } = compiled(rulesOf(exampleDefinition({ levels })))
  t.equal(puts['c:launch levels'], 'lv:launch|1:0,0,0;3:60000,2,15;9:0,5,0')
  const account = compiled(rulesOf(exampleDefinition({ levels, levelScope: 'account' })))
  t.match(account.puts['c:launch levels'], /^lv:\|/)
  t.equal(compiled(rulesOf(exampleDefinition())).puts['c:launch levels'], undefined)
  const sale = exampleSale({ levelDiscount: true })
  const discounted = compiled(rulesOf(exampleDefinition({ levels, activities: [sale] })))
  t.equal(discounted.puts['a:launch:phone level_discount'], '1')
  t.equal(compiled(rulesOf(exampleDefinition({ levels }))).puts['a:launch:phone level_discount'], undefined)
})

test('all conditions of a level have to be met, at the limit and one below; a level without any is never earned', async (t) => {
  const rules = rulesOf(exampleDefinition({ levels }))
  t.equal(levelReached(rules, { points: 99, amount: 1_000_000 }), 0)
  t.equal(levelReached(rules, { points: 100, amount: 4999 }), 1)
  t.equal(levelReached(rules, { points: 100, amount: 5000 }), 3)
  t.same(privilegesAt(rules, 0), undefined)
  t.same(privilegesAt(rules, 2), { flags: ['priority-support'] }, 'of the highest level that is reached')
  t.same(privilegesAt(rules, 100), { extraUnits: 5 })
})

test('what is wrong with levels is told where it stands', async (t) => {
  const wrong = (changes: object) => errorsOf(exampleDefinition({ levels: [{ ...levels[0], ...changes }] }))
  t.match(wrong({ when: {} }), { '/levels/0/when': /must name what has to be reached/ })
  t.match(wrong({ when: { points: 0 } }), { '/levels/0/when/points': /from 1/ })
  t.match(wrong({ privileges: { discountPercent: 100 } }), { '/levels/0/privileges/discountPercent': /from 0 to 99/ })
  t.match(errorsOf(exampleDefinition({ levels: [levels[0], levels[0]] })), { '/levels/1/id': /used twice/ })
  t.match(wrong({ when: { conversions: 1 } }), { '/levels/0/when/conversions': /by which users share/ })
  const sharing = { id: 'sharing', kind: 'share', verifiedBy: 'visit', channels: { wechat: {} } }
  const shared = [{ id: 1, when: { shares: 1, visits: 1, registrations: 1, orders: 1, conversions: 2 } }]
  t.same(errorsOf(exampleDefinition({ levels: shared, activities: [exampleSale(), sharing] })), {})
  const two = [exampleSale(), exampleSale({ id: 'case', currency: 'USD' })]
  t.match(errorsOf(exampleDefinition({ levels, activities: two })), { '/levels/0/when/amount': /one currency/ })
})

test('levels in force are what was published', async (t) => {
  const rules = rulesOf(exampleDefinition({ levels, levelScope: 'account' }))
  t.same(rulesOf(definitionOf(rules)), rules)
  const other = rulesOf(exampleDefinition({ levels: levels.slice(1), levelScope: 'account' }))
  t.match(planNext(rules, other, 2), { errors: [{ pointer: '/levels' }] })
})
