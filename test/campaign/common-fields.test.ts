import t from 'tap'
import { planNext } from '../../src/campaign/change/next-version.ts'
import { definitionOf } from '../../src/campaign/definition/rules.ts'
import { prizesOf } from '../../src/campaign/kinds/prizes.ts'
import { aDraw, aPrize, aRedemption, errorsOf, rulesOf, thanks, withActivities } from './example-kinds.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

const shown = {
  image: 'https://shop.example/a.png',
  spec: { colour: { en: 'black', 'zh-CN': '黑色' }, size: 'L' },
  instructions: { en: 'At the desk', 'zh-CN': '在前台' }
}

t.test(
  'every kind keeps its picture, its properties and its instructions, and a later version changes them',
  async (t) => {
    const drawn = aDraw({ prizes: [aPrize({ supplier: 'acme' }), thanks], ...shown })
    const definition = withActivities([drawn, aRedemption({ supplier: 'acme', ...shown })])
    const sale = { ...exampleSale(), supplier: 'acme', ...shown }
    const rules = rulesOf({ ...definition, activities: [sale, ...definition.activities.slice(1)] })
    const back = definitionOf(rules)
    for (const activity of back.activities) t.match(activity, shown)
    t.match(back.activities, [{ supplier: 'acme' }, { prizes: [{ supplier: 'acme' }, {}] }, { supplier: 'acme' }])
    t.strictSame(errorsOf({ ...definition, activities: back.activities }), {})
    const prizes = rules.activities.flatMap((activity) => prizesOf(activity))
    t.match(prizes, [{ instructions: shown.instructions }, {}])
    const { image: _image, ...others } = shown
    const changed = { ...others, spec: { colour: 'red' } }
    const activities = back.activities.map(({ image: _old, ...activity }) => ({ ...activity, ...changed }))
    const next = planNext(rules, rulesOf({ ...definition, activities }), 2)
    if ('errors' in next) throw new Error(JSON.stringify(next.errors))
    t.strictSame(
      next.rules.activities.map(({ image, spec }) => [image, spec]),
      activities.map(() => [undefined, { colour: 'red' }])
    )
    t.strictSame(next.preload.puts, [], 'the gate does not know them')
  }
)

t.test('what is too much, or no picture, is refused', async (t) => {
  const refused = (changes: object) => errorsOf(withActivities([aRedemption(changes as Record<string, unknown>)]))
  t.match(refused({ image: 'http://shop.example/a.png' }), { '/activities/1/image': /https address/ })
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`p${index}`, 'x']))
  t.match(refused({ spec: many }), { '/activities/1/spec': /1 to 20 texts/ })
  const { p20: _last, ...most } = many
  t.strictSame(refused({ spec: most }), {})
  t.match(refused({ spec: { 'No id': 'x' } }), { '/activities/1/spec/No id': /no id/ })
  t.match(refused({ instructions: '' }), { '/activities/1/instructions': /text of 1 to 5000/ })
})

const asking = (requires: object) => exampleDefinition({ activities: [exampleSale({ requires })] })
const rulesThatAsk = (requires: object) => rulesOf(asking(requires))

t.test('a sale and a draw may ask for tickets, other kinds may not', async (t) => {
  const requires = { ticket: true }
  t.strictSame(errorsOf(withActivities([aDraw({ requires })])), {})
  t.strictSame(errorsOf(asking({ ticket: true, entitlement: 'vip' })), {})
  t.strictSame(errorsOf(withActivities([aRedemption({ requires })])), {
    '/activities/1/requires/ticket': 'is for activities of kind sale and draw'
  })
  t.strictSame(Object.keys(errorsOf(asking({ ticket: 1 }))), ['/activities/0/requires/ticket'])
  const rules = rulesThatAsk(requires)
  t.same(definitionOf(rules).activities[0]?.requires, requires)
  t.same(rulesOf(definitionOf(rules)), rules)
  t.equal(definitionOf(rulesThatAsk({ ticket: false })).activities[0]?.requires, undefined)
})

t.test('a later version may begin or end to ask for tickets, and changes nothing else that is asked for', async (t) => {
  const plain = rulesThatAsk({ entitlement: 'vip' })
  const guarded = rulesThatAsk({ entitlement: 'vip', ticket: true })
  for (const [before, after] of [
    [plain, guarded],
    [guarded, plain]
  ] as const) {
    const plan = planNext(before, after, 2)
    if ('errors' in plan) throw new Error(JSON.stringify(plan.errors))
    t.same(plan.rules.activities[0]?.requires, after.activities[0]?.requires)
    t.strictSame([...plan.preload.puts, ...plan.open], [['c:launch', 'version', '2']], 'the gate knows nothing of them')
  }
  t.match(planNext(plain, rulesThatAsk({ ticket: true }), 2), { errors: [{ pointer: '/activities/0/requires' }] })
})
