import t from 'tap'
import { adjustActivity } from '../../src/campaign/change/adjust.ts'
import { adjustCampaign } from '../../src/campaign/change/campaign.ts'
import type { Adjustment } from '../../src/campaign/change/draft.ts'
import { planNext } from '../../src/campaign/change/next-version.ts'
import { ActivityPatch, checkBody } from '../../src/campaign/change/patch.ts'
import { findActivity, type Rules } from '../../src/campaign/definition/rules.ts'
import type { Draw } from '../../src/campaign/kinds/draw/rules.ts'
import type { Redemption } from '../../src/campaign/kinds/redemption/rules.ts'
import { unpackSessions } from '../../src/campaign/parts/packed.ts'
import { aDraw, aPrize, aRedemption, aTask, rulesOf, thanks, withActivities } from './example-kinds.ts'

const card = aPrize({ id: 'card', tier: 2, type: 'coupon', quota: null, weight: 9, pool: 'cards' })
const leveled = [{ level: 3, weights: { first: 5 } }]
const rules = rulesOf(
  withActivities([aDraw({ prizes: [aPrize(), card, thanks], weightsByLevel: leveled }), aTask(), aRedemption()])
)
const during = Date.parse('2026-11-11T10:05:00+08:00')
const over = Date.parse('2026-11-12T00:00:00+08:00')

function patch(activity: string, body: Record<string, unknown>, from: { rules?: Rules; now?: number } = {}) {
  const target = { activity, now: from.now ?? during }
  const checked = checkBody(ActivityPatch, { reason: 'a test', ...body })
  const result = checked.ok ? adjustActivity(from.rules ?? rules, target, checked.body) : checked
  return result.ok
    ? (result as Adjustment)
    : Object.fromEntries(result.errors.map(({ pointer, detail }) => [pointer, detail]))
}

const drawIn = (from: unknown) => findActivity((from as Adjustment).rules, 'wheel') as Draw

t.test('the quota of a prize is added to by name', async (t) => {
  const added = patch('wheel', { addStock: 5, prize: 'first' })
  t.match(added, {
    adds: [['s:launch:wheel', 'first:remaining', 5]],
    puts: [],
    data: { activity: 'wheel', prize: 'first', addStock: 5 }
  })
  t.match(drawIn(added).prizes[0], { quota: 8, publishedQuota: 3 })
  t.match(patch('wheel', { addStock: -2, prize: 'first' }), { adds: [['s:launch:wheel', 'first:remaining', -2]] })
  t.match(patch('wheel', { addStock: 5 }), { '/prize': /name the prize/ })
  t.match(patch('wheel', { addStock: 5, prize: 'none' }), { '/prize': /no prize none/ })
  t.match(patch('wheel', { addStock: 5, prize: 'card' }), { '/prize': /no quota/ })
  t.match(patch('wheel', { prize: 'first' }), { '/prize': /addStock, which is missing/ })
  t.match(patch('ticket', { addStock: 5, prize: 'first' }), { '/prize': /ticket is a redemption/ })
  t.match(patch('check-in', { addStock: 5 }), { '/addStock': /no stock/ })
})

t.test('a new weight counts for all levels that have no weight of their own for the prize', async (t) => {
  const changed = patch('wheel', { weights: { first: 2, thanks: 0 } })
  t.match(changed, {
    puts: [['a:launch:wheel', 'weights', '0:2,9,0;3:5,9,0']],
    adds: [],
    data: { weights: { first: 2, thanks: 0 }, weightsBefore: { first: 1, thanks: 80 } }
  })
  t.match(patch('wheel', { weights: { gone: 1 } }), { '/weights/gone': /no prize gone/ })
  t.match(patch('wheel', { weights: { first: 0, card: 0, thanks: 0 } }), { '/weights': /drawn at level 0/ })
  t.match(patch('wheel', { weights: { first: -1 } }), { '/weights/first': /whole number/ })
  t.match(patch('ticket', { weights: { first: 1 } }), { '/weights': /only draws/ })
})

t.test('limits, price, stock and pause are changed as the kind of the activity allows', async (t) => {
  const limited = patch('wheel', { limits: { perDay: 3, winsPerTier: { '1': 1, '2': 2 } } })
  t.same((limited as Adjustment).puts, [
    ['a:launch:wheel', 'per_day', '3'],
    ['a:launch:wheel', 'wins_per_tier', '1:1,2:2']
  ])
  t.match(
    patch('wheel', { limits: { perDay: null, winsPerTier: { '1': null } } }, { rules: (limited as Adjustment).rules }),
    {
      puts: [
        ['a:launch:wheel', 'per_day', '0'],
        ['a:launch:wheel', 'wins_per_tier', '2:2']
      ]
    }
  )
  t.match(patch('wheel', { limits: { unitsPerUser: 3 } }), { '/limits/unitsPerUser': /no such limit/ })
  t.match(patch('phone', { limits: { perDay: 3 } }), { '/limits/perDay': /phone is a sale/ })
  t.match(patch('check-in', { limits: { perDay: 3 } }), { '/limits/perDay': /no such limit/ })
  t.match(patch('ticket', { limits: { unitsPerUser: 3 } }), { puts: [['a:launch:ticket', 'units_per_user', '3']] })
  const dearer = patch('ticket', { price: 600 })
  t.match(dearer, { puts: [['a:launch:ticket', 'cost', '600']], data: { price: 600, priceBefore: 500 } })
  t.match(findActivity((dearer as Adjustment).rules, 'ticket') as Redemption, { cost: { unit: 'points', amount: 600 } })
  t.match(patch('ticket', { price: 0 }), { '/price': /at least 1/ })
  t.match(patch('wheel', { price: 5 }), { '/price': /only sales and redemptions/ })
  t.match(patch('ticket', { addStock: 7 }), { adds: [['s:launch:ticket', 'all:remaining', 7]] })
  for (const activity of ['wheel', 'check-in', 'ticket']) {
    t.match(patch(activity, { paused: true }), { puts: [[`a:launch:${activity}`, 'paused', '1']], adds: [] })
  }
})

t.test('the window of an activity is moved, and a second one is refused', async (t) => {
  const shorter = patch('check-in', { closesAt: '2026-11-11T20:00:00+08:00' })
  const [put] = (shorter as Adjustment).puts
  t.match(unpackSessions(put?.[2] ?? ''), [{ id: 'all', closesAt: Date.parse('2026-11-11T20:00:00+08:00') }])
  t.match(patch('wheel', { session: { id: 'all', paused: true } }), { puts: [['a:launch:wheel', 'sessions', /1all/]] })
  t.match(patch('ticket', { session: { id: 'all', stock: 150 } }), {
    adds: [['s:launch:ticket', 'all:remaining', -50]]
  })
  t.match(patch('wheel', { session: { id: 'all', stock: 5 } }), { '/session/stock': /no stock/ })
  t.match(patch('ticket', { session: { id: 'all', unitsPerUser: 5 } }), { '/session/unitsPerUser': /give limits/ })
  t.match(patch('wheel', { session: { id: 'am' } }), { '/session/id': /wheel is a draw/ })
})

t.test('a draw that has ended is not opened again, since its seed is public', async (t) => {
  const ended = patch('wheel', { closesAt: '2026-11-11T12:00:00+08:00' }) as Adjustment
  const now = Date.parse('2026-11-11T12:00:00+08:00')
  const again = { closesAt: '2026-11-11T13:00:00+08:00' }
  t.match(patch('wheel', again, { rules: ended.rules, now: now - 1 }), {
    puts: [['a:launch:wheel', 'sessions', /all/]]
  })
  t.match(patch('wheel', again, { rules: ended.rules, now }), { '/closesAt': /its seed is public/ })
  t.match(patch('wheel', { session: { id: 'all', ...again } }, { rules: ended.rules, now }), {
    '/session/closesAt': /its seed is public/
  })
  const longer = { reason: 'x', closesAt: '2026-11-13T00:00:00+08:00' }
  const closings = (now: number) => {
    const adjusted = adjustCampaign(rules, now, longer)
    if (!adjusted.ok) throw new Error(JSON.stringify(adjusted.errors))
    return ['wheel', 'check-in', 'ticket'].map((id) => findActivity(adjusted.rules, id)?.sessions[0]?.closesAt)
  }
  const later = Date.parse(longer.closesAt)
  t.same(closings(over - 1), [later, later, later], 'an extension carries everything along')
  t.same(closings(over), [over, later, later], 'but no draw that has closed')
})

function next(activities: readonly object[], changes: Record<string, unknown> = {}, from = rules) {
  return planNext(from, rulesOf(withActivities(activities, changes)), 2)
}

const same = { weightsByLevel: leveled }

t.test('a later version brings prizes: stocked and described before they can be drawn', async (t) => {
  const second = aPrize({ id: 'second', tier: 2, quota: 10, weight: 4, guaranteedAfter: 8, title: 'Second' })
  const titled = aPrize({ title: 'The phone', display: { order: 1 } })
  const weightsByLevel = [{ level: 3, weights: { first: 5, second: 6 } }]
  const grown = aDraw({ prizes: [titled, second, card, thanks], weightsByLevel })
  const plan = next([grown, aTask({ title: 'Check in' }), aRedemption()])
  if ('errors' in plan) throw new Error(JSON.stringify(plan.errors))
  t.same(plan.preload, {
    puts: [['a:launch:wheel', 'prize:second', '2;physical;1;0;0;0;0;;']],
    adds: [['s:launch:wheel', 'second:remaining', 10]]
  })
  t.same(plan.open, [
    ['c:launch', 'version', '2'],
    ['a:launch:wheel', 'prizes', 'first,second,card,thanks'],
    ['a:launch:wheel', 'weights', '0:1,4,9,80;3:5,6,9,80'],
    ['a:launch:wheel', 'guarantee', '8:second'],
    ['a:launch:wheel', 'memory', '1']
  ])
  t.match(findActivity(plan.rules, 'wheel') as Draw, {
    prizes: [{ title: 'The phone', display: { order: 1 } }, { id: 'second' }, {}, {}]
  })
  t.equal(findActivity(plan.rules, 'check-in')?.title, 'Check in')
})

t.test('a later version brings activities and units, and changes nothing that is in force', async (t) => {
  const wheel = aDraw({ prizes: [aPrize(), card, thanks], ...same })
  const units = { points: { scope: 'account' }, gold: { scope: 'campaign' } }
  const more = aDraw({ id: 'more', cost: { gold: 1 } })
  const plan = next([wheel, aTask(), aRedemption(), more], { units })
  if ('errors' in plan) throw new Error(JSON.stringify(plan.errors))
  t.match(plan.preload.puts[0], ['c:launch', 'zone', '0000000000000+0480'])
  t.match(Object.fromEntries(plan.preload.puts.map(([key, field, value]) => [`${key} ${field}`, value])), {
    'a:launch:more paused': '1',
    'a:launch:more cost_field': 'b:launch/gold',
    'a:launch:more prizes': 'first,thanks'
  })
  t.same(plan.preload.adds, [['s:launch:more', 'first:remaining', 3]])
  t.same(plan.open, [
    ['c:launch', 'version', '2'],
    ['a:launch:more', 'paused', '0']
  ])
  const refused = next(
    [
      aDraw({ cost: { points: 1 }, prizes: [aPrize({ weight: 2, quota: 9 }), thanks], weightsByLevel: [] }),
      aTask({ reward: { points: 6 } }),
      aRedemption({ cost: { points: 1 }, stock: 9, opensAt: '2026-11-11T01:00:00+08:00' })
    ],
    { units: { points: { scope: 'campaign' } } }
  )
  t.same('errors' in refused ? refused.errors.map(({ pointer }) => pointer) : [], [
    '/units',
    '/activities/1/cost',
    '/activities/1/prizes/0/quota',
    '/activities/1/prizes/0/weight',
    '/activities/1/prizes',
    '/activities/1/weightsByLevel',
    '/activities/2/reward',
    '/activities/3/cost',
    '/activities/3/opensAt',
    '/activities/3/stock'
  ])
  t.match(next([aRedemption({ id: 'wheel' }), aTask(), aRedemption()]), {
    errors: [{ pointer: '/activities/1/kind', detail: /a draw in force/ }]
  })
  const patched = patch('wheel', { addStock: 5, prize: 'first' }) as Adjustment
  for (const quota of [3, 8]) {
    const again = aDraw({ prizes: [aPrize({ quota }), card, thanks], ...same })
    t.notOk('errors' in next([again, aTask(), aRedemption()], {}, patched.rules), 'the published or the present quota')
  }
})
