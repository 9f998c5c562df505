import t from 'tap'
import { Value } from 'typebox/value'
import { momentOf } from '../../src/base/moment.ts'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { DefinitionSchema } from '../../src/campaign/definition/document.ts'
import { definitionOf, type Rules } from '../../src/campaign/definition/rules.ts'
import { warningsOf } from '../../src/campaign/definition/warnings.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

function errorsOf(input: unknown): Record<string, string> {
  const checked = checkDefinition(input)
  return checked.ok ? {} : Object.fromEntries(checked.errors.map(({ pointer, detail }) => [pointer, detail]))
}

function rulesOf(input: unknown): Rules {
  const checked = checkDefinition(input)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  return checked.rules
}

const withSale = (changes: Record<string, unknown>) => exampleDefinition({ activities: [exampleSale(changes)] })

t.test('the example is accepted, with defaults, and comes back as the same definition', async (t) => {
  const rules = rulesOf(exampleDefinition())
  t.equal(rules.policies.unusedDailyChances, 'expire')
  t.equal(rules.policies.cancellable, 'unpaid')
  t.equal(rules.activities[0]?.sessions[0]?.opensAt, Date.parse('2026-11-11T10:00:00+08:00'))
  t.same(rulesOf(definitionOf(rules)), rules)
  t.ok(Value.Check(DefinitionSchema, exampleDefinition()), 'the published schema accepts it too')
})

t.test('a kind that this version does not run is refused by name', async (t) => {
  t.match(errorsOf(exampleDefinition({ activities: [{ id: 'x', kind: 'raffle' }] })), {
    '/activities/0/kind': /must be one of sale, draw, .*"raffle"/
  })
})

t.test('all errors are returned together, each with its pointer and in plain words', async (t) => {
  const errors = errorsOf({
    ...exampleDefinition({ id: 'Launch!', timezone: 'Mars/Olympus', opensAt: '2026-02-30T00:00:00Z', extra: 1 }),
    activities: [
      exampleSale({ price: -5, currency: 'yuan', title: { en: 'only' }, coupon: true }),
      exampleSale({ id: 'earbuds', price: 399900, sessions: [] }),
      exampleSale({ listPrice: undefined, sessions: undefined, daily: undefined, id: 'phone' }),
      7
    ]
  })
  t.match(errors, {
    '/id': /must be an id of 1 to 32/,
    '/timezone': /no time zone "Mars\/Olympus"/,
    '/opensAt': /no such moment/,
    '/extra': /not a known field/,
    '/activities/0/price': /minor units.*but is -5/,
    '/activities/0/currency': /ISO 4217/,
    '/activities/0/title': /one for each language/,
    '/activities/0/coupon': /not a known field/,
    '/activities/1/price': /below the list price 399900/,
    '/activities/1/sessions': /1 to 1,000 sessions/,
    '/activities/2/id': /"phone" is used twice/,
    '/activities/3': /must be an object, but is 7/
  })
})

t.test('a sale price must be below the list price, and may stand without one', async (t) => {
  t.match(errorsOf(withSale({ price: 399900 })), { '/activities/0/price': /below the list price/ })
  t.match(errorsOf(withSale({ price: 500000 })), { '/activities/0/price': /below the list price/ })
  t.same(errorsOf(withSale({ price: 399899 })), {})
  const { listPrice: _listPrice, ...without } = exampleSale()
  t.same(errorsOf(exampleDefinition({ activities: [without] })), {})
})

t.test('a currency is a code of ISO 4217, and a price of 0 needs "free" beside it', async (t) => {
  for (const currency of ['RMB', 'XYZ', 'Cny', 'XXX', 'CN', '']) {
    t.match(errorsOf(withSale({ currency })), { '/activities/0/currency': /ISO 4217 code/ }, currency)
  }
  const rules = rulesOf(withSale({ currency: 'cny' }))
  t.match(rules.activities[0], { currency: 'CNY' })
  t.match(errorsOf(withSale({ price: 0 })), { '/activities/0/price': /say "free": true/ })
  t.match(errorsOf(withSale({ price: 0, free: false })), { '/activities/0/price': /say "free": true/ })
  t.match(errorsOf(withSale({ free: true })), { '/activities/0/free': /beside a price/ })
  const free = rulesOf(withSale({ price: 0, free: true }))
  t.same(rulesOf(definitionOf(free)), free)
})

t.test('warnings name what is allowed and probably not meant', async (t) => {
  const before = Date.parse('2026-11-11T09:00:00+08:00')
  const noon = Date.parse('2026-11-11T12:00:00+08:00')
  const after = Date.parse('2026-11-12T09:00:00+08:00')
  const told = (definition: unknown, now: number) =>
    Object.fromEntries(warningsOf(rulesOf(definition), now).map(({ pointer, detail }) => [pointer, detail]))
  const nobody = { '/activities/0/requires/entitlement': /nothing of this campaign gives "vip"/ }
  t.match(told(exampleDefinition(), before), nobody)
  t.match(told(exampleDefinition(), noon), { ...nobody, '/activities/0': /over already: am/ })
  t.match(told(exampleDefinition(), after), { ...nobody, '/closesAt': /is in the past/ })
  const task = { id: 'join', kind: 'task', per: 'campaign', reward: { entitlement: 'vip' } }
  t.same(told(exampleDefinition({ activities: [exampleSale(), task] }), before), {})
  t.same(told(exampleDefinition({ $schema: '/schemas/campaign.json', activities: [exampleSale(), task] }), before), {})
  t.notOk('$schema' in rulesOf(exampleDefinition({ $schema: 'x' })))
})

t.test('sessions lie inside the campaign, in order, apart, with ids of their own', async (t) => {
  const session = (id: string, from: string, to: string) => ({
    id,
    opensAt: `2026-11-11T${from}:00+08:00`,
    closesAt: `2026-11-11T${to}:00+08:00`,
    stock: 1
  })
  const errors = (...sessions: object[]) => errorsOf(withSale({ sessions }))
  t.same(errors(session('b', '11:00', '12:00'), session('a', '10:00', '11:00')), {}, 'given in any order, touching')
  t.match(errors(session('a', '10:00', '11:00'), session('b', '10:59', '12:00')), {
    '/activities/0/sessions/1': /overlaps session "a"/
  })
  t.match(errors(session('a', '10:00', '11:00'), session('a', '11:00', '12:00')), {
    '/activities/0/sessions/1/id': /used twice/
  })
  t.match(errors(session('a', '11:00', '11:00')), { '/activities/0/sessions/0/closesAt': /after opensAt/ })
  const outside = { id: 'a', opensAt: '2026-11-10T23:59:00+08:00', closesAt: '2026-11-12T00:01:00+08:00', stock: 1 }
  t.match(errors(outside), {
    '/activities/0/sessions/0/opensAt': /before the campaign opens/,
    '/activities/0/sessions/0/closesAt': /after the campaign closes/
  })
})

t.test('exactly one of sessions and daily is given', async (t) => {
  const daily = [{ from: '10:00', to: '10:10', stock: 5 }]
  t.match(errorsOf(withSale({ daily })), { '/activities/0/daily': /one or the other/ })
  const { sessions: _sessions, ...bare } = exampleSale()
  t.match(errorsOf(exampleDefinition({ activities: [bare] })), { '/activities/0/sessions': /missing/ })
  t.same(errorsOf(exampleDefinition({ activities: [{ ...bare, daily }] })), {})
})

t.test('daily sessions must not overlap, also those over midnight', async (t) => {
  const { sessions: _sessions, ...bare } = exampleSale()
  const errors = (...daily: object[]) =>
    errorsOf(exampleDefinition({ closesAt: '2026-11-14T00:00:00+08:00', activities: [{ ...bare, daily }] }))
  const entry = (from: string, to: string) => ({ from, to, stock: 5 })
  t.same(errors(entry('23:00', '01:00'), entry('01:00', '23:00')), {})
  t.match(errors(entry('23:00', '01:00'), entry('00:59', '02:00')), { '/activities/0/daily/1': /overlaps/ })
  t.match(errors(entry('10:00', '10:00')), { '/activities/0/daily/0/to': /must differ/ })
  t.match(errors(entry('24:00', '10:00')), { '/activities/0/daily/0/from': /time of day/ })
  t.match(
    errorsOf(
      exampleDefinition({
        closesAt: '2026-11-11T01:00:00+08:00',
        activities: [{ ...bare, daily: [entry('02:00', '03:00')] }]
      })
    ),
    {
      '/activities/0/daily': /leads to no session/
    }
  )
})

t.test('a document that makes no sense gets a clear error at once', async (t) => {
  let deep: Record<string, unknown> = {}
  for (let depth = 0; depth < 100_000; depth++) deep = { deep }
  t.match(errorsOf(exampleDefinition({ title: deep })), { '': /nested deeper/ })
  t.match(errorsOf(Array.from({ length: 100_000 }, () => 1)), { '': /more than 60000 values/ })
  t.match(errorsOf(exampleDefinition({ title: 'x'.repeat(10_000_000) })), { '/title': /1 to 200 characters/ })
  t.ok(
    errorsOf(exampleDefinition({ title: 'x'.repeat(10_000_000) }))['/title']?.length ?? 1000 < 300,
    'and a short one'
  )
  for (const input of [null, undefined, 5, 'launch', [], true]) t.match(errorsOf(input), { '': /must be an object/ })
  t.match(errorsOf(exampleDefinition({ id: 'commands' })), { '/id': /reserved/ })
  t.match(errorsOf(exampleDefinition({ opensAt: '9999-01-01T00:00:00Z', closesAt: '9999-02-01T00:00:00Z' })), {
    '/opensAt': /2000 and 2099/
  })
  t.match(errorsOf(exampleDefinition({ opensAt: '2026-11-11T00:00:00' })), { '/opensAt': /with its offset/ })
  t.match(errorsOf(exampleDefinition({ closesAt: '2026-11-10T00:00:00Z' })), { '/closesAt': /after opensAt/ })
  t.match(errorsOf(exampleDefinition({ closesAt: '2028-11-10T00:00:00Z' })), { '/closesAt': /400 days/ })
  for (const stock of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, 2e9]) {
    const session = { id: 'a', opensAt: '2026-11-11T10:00:00+08:00', closesAt: '2026-11-11T11:00:00+08:00', stock }
    t.match(errorsOf(withSale({ sessions: [session] })), { '/activities/0/sessions/0/stock': /whole number of units/ })
  }
  t.match(errorsOf(JSON.parse('{"__proto__": {"id": "launch"}, "constructor": 1}')), {
    '/id': /missing/,
    '/constructor': /not a known field/
  })
  const many = Array.from({ length: 500 }, () => ({ kind: 'sale' }))
  const checked = checkDefinition(exampleDefinition({ activities: many }))
  t.equal(checked.ok ? 0 : checked.errors.length, 100, 'errors are bounded')
})

t.test('a campaign has at most 1,000 sessions', async (t) => {
  const { sessions: _sessions, ...bare } = exampleSale()
  const daily = Array.from({ length: 24 }, (_, hour) => ({
    from: `${String(hour).padStart(2, '0')}:00`,
    to: `${String(hour).padStart(2, '0')}:30`,
    stock: 1
  }))
  t.match(errorsOf(exampleDefinition({ closesAt: '2026-12-31T00:00:00+08:00', activities: [{ ...bare, daily }] })), {
    '/activities': /at most 1000/
  })
})

t.test('a moment may have any form of RFC 3339, and the error of another text tells what is wrong', async (t) => {
  const midnight = Date.UTC(2026, 10, 10, 16)
  for (const text of [
    '2026-11-11T00:00:00+08:00',
    '2026-11-10t16:00:00z',
    '2026-11-10 16:00:00Z',
    '2026-11-10T16:00Z',
    '2026-11-10T16:00:00.0000000001-00:00',
    '2026-11-10T13:30:00.000-02:30'
  ]) {
    t.equal(momentOf(text), midnight, text)
  }
  t.equal(momentOf('2026-11-11T00:00:00.123456+08:00'), midnight + 123, 'cut, not rounded')
  t.equal(momentOf('2026-11-11T00:00:00.9999999+08:00'), midnight + 999)
  for (const leap of ['2016-12-31T23:59:60Z', '2016-12-31T15:59:60-08:00', '2015-07-01T07:59:60.0+08:00'])
    t.equal(momentOf(leap), Date.UTC(leap.startsWith('2015') ? 2015 : 2017, leap.startsWith('2015') ? 6 : 0), leap)
  t.equal(momentOf('0001-01-01T00:00:00Z'), Date.parse('0001-01-01T00:00:00Z'))
  const forms = [
    '2026-11-11T00:00:00',
    '2026-11-11',
    'tomorrow',
    '2026-11-11T00:00:00+08',
    '2026-11-11T00:00:00,5Z',
    ''
  ]
  const none = ['2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-11T24:00:00Z', '2026-11-11T00:60:00Z']
  for (const text of forms)
    t.match(errorsOf(exampleDefinition({ opensAt: text })), { '/opensAt': /with its offset/ }, text)
  for (const text of [...none, '2026-11-11T00:00:00+24:00', '2026-11-11T00:00:00+08:60', '2026-11-11T23:59:60Z']) {
    t.equal(momentOf(text), undefined)
    t.match(errorsOf(exampleDefinition({ opensAt: text })), { '/opensAt': /does not exist/ }, text)
  }
  t.same(errorsOf(exampleDefinition({ opensAt: '2026-11-11t00:00:00.123456+08:00' })), {}, 'it can be published')
})
