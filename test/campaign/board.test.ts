import t from 'tap'
import { definitionOf } from '../../src/campaign/definition/rules.ts'
import { periodAt, periodEnd, periodOfDate } from '../../src/campaign/kinds/board/periods.ts'
import { isBoard, topRowOf } from '../../src/campaign/kinds/board/rules.ts'
import { aTask, compiled, errorsOf, rulesOf } from './example-kinds.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

const having = (...activities: readonly object[]) => exampleDefinition({ activities })
const aBoard = (changes: Record<string, unknown> = {}) => ({ id: 'top', kind: 'board', metric: 'points', ...changes })

t.test('a board comes back as the same definition, and its rewards as actions that only credits name', async (t) => {
  const top = [
    { upTo: 1, reward: { points: 500, entitlement: 'vip' }, title: { en: 'Champion', 'zh-CN': '冠军' } },
    { upTo: 10, title: 'Top ten' },
    { upTo: 100, reward: { points: 10 } }
  ]
  const rules = rulesOf(having(aTask(), aBoard({ activity: 'check-in', period: 'week', top })))
  t.same(rulesOf(definitionOf(rules)), rules)
  t.match(definitionOf(rules).activities[1], { metric: 'points', activity: 'check-in', period: 'week', top })
  const { puts } = compiled(rules)
  t.equal(puts['a:launch:top reward:top-1'], 'points b:points 500 0 0,entitlement:vip e:launch/vip 1 0 0')
  t.equal(puts['a:launch:top reward:top-2'], undefined)
  t.equal(puts['a:launch:top reward:top-3'], 'points b:points 10 0 0', 'no card multiplies it')
  const board = rules.activities.find(isBoard)
  t.same(
    [1, 2, 10, 11, 100, 101].map((rank) => board && topRowOf(board, rank)),
    [0, 1, 1, 2, 2, -1]
  )
  t.match(rulesOf(having(aTask(), aBoard())).activities[1], { period: 'campaign', activity: '', top: [] })
})

t.test('what a board cannot count is refused', async (t) => {
  const other = exampleSale({ id: 'case', currency: 'EUR' })
  const errors = (...activities: object[]) => errorsOf(having(...activities))
  t.match(errors(aTask(), aBoard({ activity: 'nothing' })), { '/activities/1/activity': /no activity "nothing"/ })
  t.match(errors(aTask(), aBoard({ activity: 'top' })), { '/activities/1/activity': /no activity "top"/ })
  t.match(errors(aTask(), aBoard({ metric: 'units', activity: 'check-in' })), {
    '/activities/1/activity': /no sale "check-in"/
  })
  t.match(errors(exampleSale(), other, aBoard({ metric: 'amount' })), {
    '/activities/2/metric': /one currency.*CNY, EUR/
  })
  t.same(errors(exampleSale(), other, aBoard({ metric: 'units' })), {})
  t.same(errors(exampleSale(), aBoard({ metric: 'amount', activity: 'phone' })), {})
  t.match(errors(aTask(), aBoard({ metric: 'luck' })), { '/activities/1/metric': /"points" or "units"/ })
  t.match(errors(aTask(), aBoard({ top: [{ upTo: 3 }, { upTo: 3 }, { upTo: 0, reward: { gold: 1 } }] })), {
    '/activities/1/top/2/upTo': /from 1 to/
  })
  t.match(errors(aTask(), aBoard({ top: [{ upTo: 3 }, { upTo: 3 }, { upTo: 9, reward: { gold: 1 } }] })), {
    '/activities/1/top/1/upTo': /used twice/,
    '/activities/1/top/2/reward/gold': /no unit/
  })
})

t.test('days and weeks are those of the zone, and end where the next one begins', async (t) => {
  const zone = 'America/New_York'
  // clocks go forward on 2026-03-08, so that Sunday has 23 hours
  const sunday = Date.parse('2026-03-08T00:00:00-05:00')
  t.equal(periodAt('day', sunday, zone), '2026-03-08')
  t.equal(periodAt('day', sunday - 1, zone), '2026-03-07')
  t.equal(periodAt('week', sunday, zone), '2026-03-02')
  t.equal(periodEnd('day', '2026-03-08', zone), sunday + 23 * 3_600_000)
  t.equal(periodEnd('week', '2026-03-02', zone), sunday + 23 * 3_600_000)
  t.equal(periodEnd('campaign', 'campaign', zone), Number.POSITIVE_INFINITY)
  for (const cycle of ['day', 'week'] as const) {
    for (let at = sunday - 9 * 86_400_000; at < sunday + 9 * 86_400_000; at += 3_599_000) {
      const end = periodEnd(cycle, periodAt(cycle, at, zone), zone)
      t.ok(at < end && periodAt(cycle, end, zone) > periodAt(cycle, at, zone))
      t.equal(periodAt(cycle, end - 1, zone), periodAt(cycle, at, zone))
    }
  }
  t.equal(periodOfDate('week', '2026-11-29'), '2026-11-23')
  t.equal(periodOfDate('day', '2026-02-30'), undefined)
})
