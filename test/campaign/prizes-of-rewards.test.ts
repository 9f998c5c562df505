import t from 'tap'
import { adjustActivity } from '../../src/campaign/change/adjust.ts'
import type { Adjustment } from '../../src/campaign/change/draft.ts'
import { planNext } from '../../src/campaign/change/next-version.ts'
import { compile } from '../../src/campaign/definition/compile.ts'
import { definitionOf, type Rules } from '../../src/campaign/definition/rules.ts'
import { stockItems } from '../../src/campaign/definition/stock.ts'
import { heldPrizesOf, poolsOf, wantedCodesOf } from '../../src/campaign/kinds/prizes.ts'
import { aDraw, aPrize, aTask, errorsOf, rulesOf, thanks, withActivities } from './example-kinds.ts'

const mug = {
  id: 'mug',
  title: 'Mug',
  type: 'coupon',
  value: 900,
  quota: 3,
  pool: 'mugs',
  claimWithinDays: 7,
  instructions: 'At the desk'
}
const prize = (changes: object = {}) => ({ ...mug, ...changes })
const definition = withActivities([aTask({ reward: { points: 5, prize: mug } })])
const rules = rulesOf(definition)
const taskIn = ({ activities }: Rules) => {
  const found = activities.find(({ id }) => id === 'check-in')
  if (found === undefined) throw new Error('no task')
  return found
}
const now = Date.parse('2026-11-11T10:05:00+08:00')
const patch = (from: Rules, body: { addStock: number; prize?: string }) =>
  adjustActivity(from, { activity: 'check-in', now }, { reason: 'a test', ...body })
const details = (result: ReturnType<typeof patch>) => (result.ok ? {} : result.errors)

t.test('the rules of a prize in a reward are written as those of a draw, with its quota', async (t) => {
  const { puts, adds } = compile(rules, { ready: true, paused: false, ended: false, version: 1 })
  const fields = Object.fromEntries(puts.filter(([key]) => key === 'a:launch:check-in').map(([, ...put]) => put))
  t.match(fields, {
    reward: 'points b:points 5 0 1,prize:mug wn:launch 1 0 0',
    'prize:mug': '0;coupon;1;0;0;604800000;900;;',
    pools: 'mug:mugs'
  })
  t.strictSame(
    adds.filter(([key]) => key === 's:launch:check-in'),
    [['s:launch:check-in', 'mug:remaining', 3]]
  )
  t.equal(poolsOf(taskIn(rules)), 'mugs')
  t.match(wantedCodesOf(taskIn(rules), ''), [{ pool: 'mugs', units: 3 }])
  const back = definitionOf(rules).activities.find(({ id }) => id === 'check-in')
  t.match(back, { reward: { points: 5, prize: mug } }, 'and come back as a definition')
  t.strictSame(errorsOf({ ...definition, activities: definitionOf(rules).activities }), {})
})

t.test('its quota is changed by a PATCH that names it, and a later version stays equal', async (t) => {
  const result = patch(rules, { addStock: -2, prize: 'mug' })
  t.match(result, {
    ok: true,
    adds: [['s:launch:check-in', 'mug:remaining', -2]],
    puts: [],
    data: { activity: 'check-in', prize: 'mug', addStock: -2 }
  })
  const after = (result as Adjustment).rules
  t.match(heldPrizesOf(taskIn(after)), [{ id: 'mug', quota: 1 }])
  t.strictSame(stockItems(taskIn(after)), [{ id: 'mug', stock: 1 }])
  const again = (patch(after, { addStock: 4, prize: 'mug' }) as Adjustment).rules
  t.match(heldPrizesOf(taskIn(again)), [{ quota: 5 }])
  t.match(details(patch(rules, { addStock: 1 })), [{ pointer: '/prize', detail: /is missing/ }])
  t.match(details(patch(rules, { addStock: 1, prize: 'cup' })), [{ pointer: '/prize', detail: /has no prize cup/ }])
  const endless = rulesOf(withActivities([aTask({ reward: { prize: { id: 'mug', title: 'Mug', type: 'cash' } } })]))
  t.match(details(patch(endless, { addStock: 1, prize: 'mug' })), [{ pointer: '/prize', detail: /has no quota/ }])

  const next = planNext(again, rulesOf(definition), 2)
  if ('errors' in next) throw new Error(JSON.stringify(next.errors))
  t.match(heldPrizesOf(taskIn(next.rules)), [{ quota: 5 }], 'what was added stays')
  t.strictSame(next.preload.adds, [])
  const renamed = rulesOf(withActivities([aTask({ reward: { points: 5, prize: prize({ title: 'Cup' }) } })]))
  const reworded = planNext(again, renamed, 2)
  if ('errors' in reworded) throw new Error(JSON.stringify(reworded.errors))
  t.match(heldPrizesOf(taskIn(reworded.rules)), [{ title: 'Cup', quota: 5 }], 'words may change')
  const other = rulesOf(withActivities([aTask({ reward: { points: 5, prize: prize({ quota: 4 }) } })]))
  t.match(planNext(again, other, 2), { errors: [{ pointer: '/activities/1/reward' }] })
})

t.test('what could not be given, or given twice at once, is refused', async (t) => {
  const task = (changes: Record<string, unknown>) => errorsOf(withActivities([aTask(changes)]))
  const at = '/activities/1'
  t.match(task({ reward: { prize: prize({ type: 'points' }) } }), { [`${at}/reward/prize/type`]: /must be "cash"/ })
  t.match(task({ reward: { prize: prize({ type: 'physical' }) } }), { [`${at}/reward/prize/pool`]: /codes are for/ })
  t.match(task({ reward: { prize: prize({ id: 'all' }) } }), { [`${at}/reward/prize/id`]: /must not be "all"/ })
  t.match(task({ reward: { prize: prize({ tier: 1 }) } }), { [`${at}/reward/prize/tier`]: /not a known field/ })
  const streak = (...days: number[]) =>
    days.map((each) => ({ days: each, reward: { prize: prize({ id: `p${each}` }) } }))
  t.strictSame(task({ streak: streak(2, 7) }), {}, 'one day is one step')
  t.match(task({ reward: { prize: mug }, streak: streak(7) }), { [`${at}/streak/0/reward/prize`]: /one prize at most/ })
  const goal = { counter: 'pages', count: 1 }
  t.strictSame(task({ goal, streak: streak(7) }), {})
  t.match(task({ goal, streak: streak(2, 7) }), { [`${at}/streak/1/reward/prize`]: /one prize at most/ })
  const twice = [
    { days: 2, reward: { prize: mug } },
    { days: 7, reward: { prize: mug } }
  ]
  t.match(task({ streak: twice }), { [at]: /"mug" is used twice/ })
  const nested = aPrize({ type: 'points', reward: { points: 1, prize: mug } })
  t.match(errorsOf(withActivities([aDraw({ prizes: [nested, thanks] })])), {
    '/activities/1/prizes/0/reward/prize': /./
  })
  const unit = errorsOf(withActivities([aTask()], { units: { prize: { scope: 'account' } } }))
  t.match(unit, { '/units/prize': /means something else/ })
})
