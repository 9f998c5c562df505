import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { DAY_MS } from '../../src/base/day.ts'
import { adjustActivity } from '../../src/campaign/change/adjust.ts'
import { adjustCampaign } from '../../src/campaign/change/campaign.ts'
import type { Adjustment } from '../../src/campaign/change/draft.ts'
import { chunked, planFirst, planNext } from '../../src/campaign/change/next-version.ts'
import { ActivityPatch, CampaignPatch, checkBody } from '../../src/campaign/change/patch.ts'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { compile } from '../../src/campaign/definition/compile.ts'
import type { Rules } from '../../src/campaign/definition/rules.ts'
import { unpackSessions, unpackShipBy } from '../../src/campaign/parts/packed.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

function rulesOf(input: unknown): Rules {
  const checked = checkDefinition(input)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  return checked.rules
}

const rules = rulesOf(exampleDefinition())
const before = Date.parse('2026-11-11T09:00:00+08:00')
const during = Date.parse('2026-11-11T10:05:00+08:00')
const between = Date.parse('2026-11-11T12:00:00+08:00')
const after = Date.parse('2026-11-11T16:00:00+08:00')

function patch(body: Record<string, unknown>, now = during, from = rules): Adjustment | Record<string, string> {
  const checked = checkBody(ActivityPatch, { reason: 'a test', ...body })
  const result = checked.ok ? adjustActivity(from, { activity: 'phone', now }, checked.body) : checked
  return result.ok
    ? (result as Adjustment)
    : Object.fromEntries(result.errors.map(({ pointer, detail }) => [pointer, detail]))
}

function patchCampaign(body: Record<string, unknown>, now = during, from = rules): Adjustment | Record<string, string> {
  const checked = checkBody(CampaignPatch, { reason: 'a test', ...body })
  const result = checked.ok ? adjustCampaign(from, now, checked.body) : checked
  return result.ok
    ? (result as Adjustment)
    : Object.fromEntries(result.errors.map(({ pointer, detail }) => [pointer, detail]))
}

t.test('rules compile into flat values and the stock of every session', async (t) => {
  const { puts, adds } = compile(rules, { ready: false, paused: false, ended: false, version: 3 })
  const values = Object.fromEntries(puts.map(([key, field, value]) => [`${key} ${field}`, value]))
  t.match(values, {
    'c:launch ready': '0',
    'c:launch opens_at': String(rules.opensAt),
    'c:launch closes_at': String(rules.closesAt),
    'c:launch rate': '20000',
    'c:launch burst': '40000',
    'c:launch units_per_user': '2',
    'c:launch release_limit': '1',
    'c:launch restock': '0',
    'c:launch cancellable': 'unpaid',
    'c:launch final_at': String(rules.closesAt + 90 * DAY_MS),
    'c:launch version': '3',
    'a:launch:phone kind': 'sale',
    'a:launch:phone price': '299900',
    'a:launch:phone currency': 'CNY',
    'a:launch:phone units_per_user': '1',
    'a:launch:phone pay_within': '900',
    'a:launch:phone entitlement': 'vip',
    'a:launch:phone level': '0'
  })
  t.same(
    unpackSessions(values['a:launch:phone sessions'] ?? '').map(({ id, unitsPerUser }) => [id, unitsPerUser]),
    [
      ['am', 0],
      ['pm', 1]
    ]
  )
  t.same(adds, [
    ['s:launch:phone', 'am:remaining', 1000],
    ['s:launch:phone', 'pm:remaining', 500]
  ])
})

t.test(
  'whatever is published, compiled stock is the stock of the definition, in commands of a bounded size',
  async () => {
    const stocks = fc.array(fc.integer({ min: 0, max: 1_000_000_000 }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(stocks, (given) => {
        const sessions = given.map((stock, index) => ({
          id: `s${index}`,
          opensAt: new Date(rules.opensAt + index * 60_000).toISOString(),
          closesAt: new Date(rules.opensAt + (index + 1) * 60_000).toISOString(),
          stock
        }))
        const { preload } = planFirst(rulesOf(exampleDefinition({ activities: [exampleSale({ sessions })] })), 1)
        const chunks = chunked(preload)
        assert.deepEqual(
          chunks.flatMap(({ puts }) => puts),
          preload.puts
        )
        assert.deepEqual(
          chunks.flatMap(({ adds }) => adds),
          preload.adds
        )
        assert.ok(chunks.every(({ puts, adds }) => puts.length + adds.length <= 200))
        assert.equal(
          preload.adds.reduce((sum, [, , delta]) => sum + delta, 0),
          given.reduce((sum, stock) => sum + stock, 0)
        )
      }),
      { numRuns: 20 }
    )
  }
)

t.test('stock is added to the named session, else to the open one, else to the next', async (t) => {
  t.match(patch({ addStock: 50 }, during), { adds: [['s:launch:phone', 'am:remaining', 50]], puts: [] })
  t.match(patch({ addStock: 50 }, between), { adds: [['s:launch:phone', 'pm:remaining', 50]] })
  t.match(patch({ addStock: -7, session: 'pm' }, during), { adds: [['s:launch:phone', 'pm:remaining', -7]] })
  t.match(patch({ addStock: 5, session: { id: 'am' } }, after), { adds: [['s:launch:phone', 'am:remaining', 5]] })
  t.match(patch({ addStock: 5 }, after), { '/session': /name the one/ })
  t.match(patch({ addStock: 5, session: 'noon' }), { '/session': /no session noon/ })
  t.match(patch({ addStock: 0 }), { '/addStock': /not be 0/ })
  t.match(patch({ addStock: 1.5 }), { '/addStock': /whole number/ })
})

t.test('a session is added, moved, restocked, paused and resumed', async (t) => {
  const night = { id: 'night', opensAt: '2026-11-11T20:00:00+08:00', closesAt: '2026-11-11T20:10:00+08:00', stock: 9 }
  const added = patch({ session: night })
  t.match(added, { adds: [['s:launch:phone', 'night:remaining', 9]], puts: [['a:launch:phone', 'sessions', /night/]] })
  t.match(patch({ session: { id: 'night', stock: 9 } }), { '/session/opensAt': /new session/ })
  t.match(patch({ session: { ...night, opensAt: '2026-11-11T15:05:00+08:00' } }), { '/session': /overlaps session pm/ })
  const sessionsOf = (result: unknown) => {
    const [put] = (result as Adjustment).puts
    return unpackSessions(put?.[2] ?? '')
  }
  const longer = patch({ session: { id: 'am', closesAt: '2026-11-11T11:00:00+08:00', stock: 900, paused: true } })
  t.match(longer, { adds: [['s:launch:phone', 'am:remaining', -100]] })
  t.match(sessionsOf(longer)[0], { id: 'am', paused: true, closesAt: Date.parse('2026-11-11T11:00:00+08:00') })
  const resumed = patch({ session: { id: 'am', paused: false } }, during, (longer as Adjustment).rules)
  t.match(sessionsOf(resumed)[0], { id: 'am', paused: false })
  t.match(patch({ session: { id: 'am', opensAt: '2026-11-11T10:06:00+08:00' } }), {
    '/session/opensAt': /opened already/
  })
  t.match(patch({ session: { id: 'am', opensAt: '2026-11-11T09:50:00+08:00' } }, before), {
    puts: [['a:launch:phone', 'sessions', /am/]]
  })
  t.match(patch({ session: { id: 'pm', stock: 5 }, addStock: 5 }), { '/addStock': /must not stand beside/ })
})

t.test('the end of a session moves forward only, within the campaign and not over another session', async (t) => {
  t.match(patch({ closesAt: '2026-11-11T10:30:00+08:00' }), {
    data: { session: 'am', closesAt: '2026-11-11T02:30:00.000Z' }
  })
  t.match(patch({ closesAt: '2026-11-11T10:04:00+08:00' }), { '/closesAt': /in the past/ })
  t.match(patch({ closesAt: '2026-11-11T09:30:00+08:00' }, before), { '/closesAt': /after opensAt/ })
  t.match(patch({ closesAt: '2026-11-11T15:05:00+08:00' }), { '/closesAt': /overlaps session pm/ })
  t.match(patch({ closesAt: '2026-11-12T01:00:00+08:00', session: 'pm' }), { '/closesAt': /extend the campaign first/ })
})

t.test('price, limit and pause of a sale are changed, and nothing else is written', async (t) => {
  t.match(patch({ price: 199900 }), {
    puts: [['a:launch:phone', 'price', '199900']],
    adds: [],
    data: { priceBefore: 299900 }
  })
  t.match(patch({ price: 399900 }), { '/price': /below the list price/ })
  t.match(patch({ price: -1 }), { '/price': /minor units/ })
  t.match(patch({ price: 0 }), { '/price': /say "free": true/ })
  t.match(patch({ price: 0, free: true }), { puts: [['a:launch:phone', 'price', '0']], data: { price: 0 } })
  t.match(patch({ free: true }), { '/free': /beside a price/ })
  t.match(patch({ listPrice: 499900 }), { puts: [], data: { listPrice: 499900, listPriceBefore: 399900 } })
  t.match(patch({ listPrice: 299900 }), { '/listPrice': /above the price 299900/ })
  t.match(patch({ price: 450000, listPrice: 499900 }), { puts: [['a:launch:phone', 'price', '450000']] })
  t.match(patch({ price: 450000, listPrice: null }), { data: { listPrice: null } })
  t.match(patch({ price: 450000, listPrice: 450000 }), { '/price': /below the list price/ })
  t.match(patch({ limits: { unitsPerUser: 3 } }), { puts: [['a:launch:phone', 'units_per_user', '3']] })
  t.match(patch({ limits: { unitsPerUser: null } }), { puts: [['a:launch:phone', 'units_per_user', '0']] })
  t.match(patch({ paused: true }), { puts: [['a:launch:phone', 'paused', '1']] })
  t.same((patch({ paused: false }) as Adjustment).puts, [], 'what is so already is not written again')
})

t.test('an adjustment that is not possible is refused with a pointer to each wrong field', async (t) => {
  t.match(patch({}), { '': /no change/ })
  t.match(patch({ prize: {}, color: 1, reason: '', limits: {} }), {
    '/prize': /must be an id/,
    '/limits': /at least one limit/,
    '/color': /not a known field/,
    '/reason': /say why/
  })
  t.match(patchCampaign({ opensAt: '2026-11-11T00:00:00Z' }), { '/opensAt': /not a known field/ })
})

t.test('extending the campaign carries along the sessions that last until its end, and the ship-by date', async (t) => {
  const sale = exampleSale({
    sessions: [
      { id: 'am', opensAt: '2026-11-11T10:00:00+08:00', closesAt: '2026-11-11T11:00:00+08:00', stock: 1 },
      { id: 'rest', opensAt: '2026-11-11T11:00:00+08:00', closesAt: '2026-11-12T00:00:00+08:00', stock: 1 }
    ]
  })
  const open = rulesOf(exampleDefinition({ activities: [sale] }))
  const result = patchCampaign({ closesAt: '2026-11-14T00:00:00+08:00' }, during, open) as Adjustment
  const values = Object.fromEntries(result.puts.map(([, field, value]) => [field, value]))
  const end = Date.parse('2026-11-14T00:00:00+08:00')
  t.same(Object.keys(values).sort(), ['closes_at', 'final_at', 'sessions', 'ship_by'])
  t.equal(values.closes_at, String(end))
  t.same(
    unpackSessions(values.sessions ?? '').map(({ closesAt }) => closesAt),
    [Date.parse('2026-11-11T11:00:00+08:00'), end]
  )
  t.same(unpackShipBy(values.ship_by ?? ''), [{ from: 0, shipBy: Date.parse('2026-11-24T23:59:59.999+08:00') }])
  t.match(patchCampaign({ closesAt: '2026-11-11T10:30:00+08:00' }, during, open), {
    '/closesAt': /am of phone lasts longer/
  })
  t.match(patchCampaign({ closesAt: '2026-11-11T09:00:00+08:00' }), { '/closesAt': /in the past/ })
})

t.test('admission and limit of a campaign are changed and lifted', async (t) => {
  t.match(patchCampaign({ admission: { ratePerSecond: 5, burst: 7 } }), {
    puts: [
      ['c:launch', 'rate', '5'],
      ['c:launch', 'burst', '7']
    ]
  })
  t.match(patchCampaign({ admission: null }), {
    puts: [
      ['c:launch', 'rate', '0'],
      ['c:launch', 'burst', '0']
    ]
  })
  t.match(patchCampaign({ limits: { unitsPerUser: 9 } }), { puts: [['c:launch', 'units_per_user', '9']] })
  t.match(patchCampaign({ admission: { ratePerSecond: 0, burst: 1 } }), { '/admission': /whole numbers/ })
})

t.test('a later version may add activities and sessions, and must leave those that exist as they are', async (t) => {
  const night = { id: 'night', opensAt: '2026-11-11T20:00:00+08:00', closesAt: '2026-11-11T20:10:00+08:00', stock: 9 }
  const sale = exampleSale()
  const grown = exampleDefinition({
    activities: [exampleSale({ title: 'Phone!', sessions: [...sale.sessions, night] }), exampleSale({ id: 'earbuds' })]
  })
  const plan = planNext(rules, rulesOf(grown), 2)
  if ('errors' in plan) throw new Error(JSON.stringify(plan.errors))
  t.equal(plan.rules.activities[0]?.title, 'Phone!')
  t.same(
    plan.preload.adds.map(([key, field]) => `${key} ${field}`),
    ['s:launch:phone night:remaining', 's:launch:earbuds am:remaining', 's:launch:earbuds pm:remaining']
  )
  const preloaded = Object.fromEntries(plan.preload.puts.map(([key, field, value]) => [`${key} ${field}`, value]))
  t.equal(preloaded['a:launch:earbuds paused'], '1', 'new activities are shut until verified')
  t.same(
    unpackSessions(preloaded['a:launch:phone sessions'] ?? '').map(({ paused }) => paused),
    [false, false, true]
  )
  t.match(plan.open, [
    ['c:launch', 'version', '2'],
    ['a:launch:phone', 'sessions', /night/],
    ['a:launch:earbuds', 'paused', '0']
  ])

  const changed = exampleDefinition({
    closesAt: '2026-11-13T00:00:00+08:00',
    limits: { unitsPerUser: 9 },
    activities: [exampleSale({ price: 1, sessions: [{ ...sale.sessions[0], stock: 7 }] })]
  })
  const refused = planNext(rules, rulesOf(changed), 2)
  t.same('errors' in refused ? refused.errors.map(({ pointer }) => pointer) : [], [
    '/closesAt',
    '/limits/unitsPerUser',
    '/activities/0/price',
    '/activities/0/sessions',
    '/activities/0/sessions'
  ])
  const gone = planNext(rules, rulesOf(exampleDefinition({ activities: [exampleSale({ id: 'other' })] })), 2)
  t.match(gone, { errors: [{ pointer: '/activities', detail: /phone is missing/ }] })
})
