import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { adjustActivity } from '../../src/campaign/change/adjust.ts'
import { adjustCampaign } from '../../src/campaign/change/campaign.ts'
import type { Adjustment } from '../../src/campaign/change/draft.ts'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import type { Rules } from '../../src/campaign/definition/rules.ts'
import { momentAt } from '../../src/campaign/parts/local-time.ts'
import { packSessions, packShipBy, unpackSessions, unpackShipBy } from '../../src/campaign/parts/packed.ts'
import { expandDaily } from '../../src/campaign/parts/sessions.ts'
import { shipByRecords } from '../../src/campaign/parts/ship-by.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

const iso = (moment: number | undefined) => (moment === undefined ? undefined : new Date(moment).toISOString())

function windowOf(timezone: string, from: string, to: string) {
  return { timezone, opensAt: Date.parse(from), closesAt: Date.parse(to) }
}

function expanded(daily: { from: string; to: string }, window: ReturnType<typeof windowOf>) {
  return expandDaily([{ ...daily, stock: 5 }], window, 1000).map(({ id, opensAt, closesAt }) => [
    id,
    iso(opensAt),
    iso(closesAt)
  ])
}

t.test('daily sessions open at their wall clock time in the zone of the campaign, each local day', async (t) => {
  const window = windowOf('Asia/Shanghai', '2026-11-11T00:00:00+08:00', '2026-11-13T00:00:00+08:00')
  t.same(expanded({ from: '10:00', to: '10:10' }, window), [
    ['20261111-1000', '2026-11-11T02:00:00.000Z', '2026-11-11T02:10:00.000Z'],
    ['20261112-1000', '2026-11-12T02:00:00.000Z', '2026-11-12T02:10:00.000Z']
  ])
  t.same(
    expanded({ from: '00:00', to: '24:00' }, window).map(([id]) => id),
    ['20261111-0000', '20261112-0000']
  )
})

t.test('a session that the window of the campaign would cut is left out', async (t) => {
  const window = windowOf('Asia/Shanghai', '2026-11-11T10:05:00+08:00', '2026-11-13T10:05:00+08:00')
  t.same(
    expanded({ from: '10:00', to: '10:10' }, window).map(([id]) => id),
    ['20261112-1000']
  )
})

t.test('a session over midnight ends the next day', async (t) => {
  const window = windowOf('Asia/Shanghai', '2026-11-11T00:00:00+08:00', '2026-11-12T12:00:00+08:00')
  t.same(expanded({ from: '23:00', to: '01:00' }, window), [
    ['20261111-2300', '2026-11-11T15:00:00.000Z', '2026-11-11T17:00:00.000Z']
  ])
})

t.test('when clocks go forward a time that does not exist is the moment of the jump', async (t) => {
  const window = windowOf('Europe/Berlin', '2026-03-28T00:00:00+01:00', '2026-03-31T00:00:00+02:00')
  t.same(expanded({ from: '02:30', to: '03:30' }, window), [
    ['20260328-0230', '2026-03-28T01:30:00.000Z', '2026-03-28T02:30:00.000Z'],
    ['20260329-0230', '2026-03-29T01:00:00.000Z', '2026-03-29T01:30:00.000Z'],
    ['20260330-0230', '2026-03-30T00:30:00.000Z', '2026-03-30T01:30:00.000Z']
  ])
  t.same(
    expanded({ from: '02:10', to: '02:50' }, window).map(([id]) => id),
    ['20260328-0210', '20260330-0210'],
    'a session that the jump swallows whole does not take place'
  )
})

t.test('when clocks go back a time that exists twice is its first occurrence', async (t) => {
  const window = windowOf('Europe/Berlin', '2026-10-25T00:00:00+02:00', '2026-10-26T00:00:00+01:00')
  t.same(expanded({ from: '02:30', to: '02:45' }, window), [
    ['20261025-0230', '2026-10-25T00:30:00.000Z', '2026-10-25T00:45:00.000Z']
  ])
  t.same(expanded({ from: '02:30', to: '03:30' }, window), [
    ['20261025-0230', '2026-10-25T00:30:00.000Z', '2026-10-25T02:30:00.000Z']
  ])
  const half = windowOf('Australia/Lord_Howe', '2026-04-05T00:00:00+11:00', '2026-04-06T00:00:00+10:30')
  t.same(expanded({ from: '01:45', to: '02:15' }, half), [
    ['20260405-0145', '2026-04-04T14:45:00.000Z', '2026-04-04T15:45:00.000Z']
  ])
})

t.test('in any zone a later time of day is never an earlier moment', async () => {
  const zones = [
    'Europe/Berlin',
    'America/New_York',
    'Asia/Shanghai',
    'Pacific/Apia',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'America/St_Johns',
    'UTC'
  ]
  const days = fc.date({ min: new Date('2007-01-01'), max: new Date('2035-12-31'), noInvalidDate: true })
  const minute = fc.integer({ min: 0, max: 1440 })
  fc.assert(
    fc.property(fc.constantFrom(...zones), days, fc.tuple(minute, minute), (zone, date, [a, b]) => {
      const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
      const [early, late] = [momentAt(day, Math.min(a, b), zone), momentAt(day, Math.max(a, b), zone)]
      return early <= late && (late - early) / 60_000 <= Math.abs(a - b) + 25 * 60
    }),
    { numRuns: 500 }
  )
})

t.test('ship-by dates count business days to the end of the local day', async (t) => {
  // 2026-11-11 is a Wednesday
  const window = windowOf('Asia/Shanghai', '2026-11-11T00:00:00+08:00', '2026-11-17T00:00:00+08:00')
  t.same(
    shipByRecords({ businessDays: 7, from: 'campaignEnd' }, window).map(({ from, shipBy }) => [from, iso(shipBy)]),
    [[0, '2026-11-25T15:59:59.999Z']],
    'from Monday the 16th, the last day of a campaign that closes at midnight'
  )
  t.same(
    shipByRecords({ businessDays: 2, from: 'acceptance' }, window).map(({ from, shipBy }) => [
      from && iso(from),
      iso(shipBy)
    ]),
    [
      [0, '2026-11-13T15:59:59.999Z'],
      ['2026-11-11T16:00:00.000Z', '2026-11-16T15:59:59.999Z'],
      ['2026-11-12T16:00:00.000Z', '2026-11-17T15:59:59.999Z'],
      ['2026-11-15T16:00:00.000Z', '2026-11-18T15:59:59.999Z']
    ],
    'Friday, Saturday and Sunday lead to the same date'
  )
})

t.test('packed sessions are sorted, of one width, and read back as they were', async (t) => {
  const fields = {
    id: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/),
    opensAt: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    closesAt: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    unitsPerUser: fc.integer({ min: 0, max: 999_999 }),
    paused: fc.boolean()
  }
  const session = fc.record(fields, { noNullPrototype: true })
  fc.assert(
    fc.property(fc.array(session, { maxLength: 30 }), (sessions) => {
      const packed = packSessions(sessions)
      const sorted = sessions.toSorted((a, b) => a.opensAt - b.opensAt)
      assert.equal(packed.length, sessions.length * 65)
      assert.deepEqual(unpackSessions(packed), sorted)
    }),
    { numRuns: 100 }
  )
  t.throws(() => packSessions([{ id: 'a', opensAt: 0, closesAt: 1, unitsPerUser: 1_000_000, paused: false }]))
  t.throws(() => packSessions([{ id: 'a', opensAt: -1, closesAt: 1, unitsPerUser: 0, paused: false }]))
  t.throws(() => unpackSessions('short'))
})

t.test('packed ship-by dates read back as they were', async () => {
  const record = fc.record(
    { from: fc.nat(4_102_444_800_000), shipBy: fc.nat(4_102_444_800_000) },
    { noNullPrototype: true }
  )
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), (records) => {
      assert.deepEqual(
        unpackShipBy(packShipBy(records)),
        records.toSorted((a, b) => a.from - b.from)
      )
    }),
    { numRuns: 100 }
  )
})

function rulesOf(input: unknown): Rules {
  const checked = checkDefinition(input)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  return checked.rules
}

function patchCampaign(body: { closesAt: string }, now: number, from: Rules): Adjustment | Record<string, string> {
  const result = adjustCampaign(from, now, { reason: 'a test', ...body })
  return result.ok ? result : Object.fromEntries(result.errors.map(({ pointer, detail }) => [pointer, detail]))
}

t.test(
  'days that are added to a campaign have their daily sessions, with stock; those of before stay as they are',
  async (t) => {
    const { sessions: _sessions, ...bare } = exampleSale()
    const daily = [
      { from: '10:00', to: '10:10', stock: 7 },
      { from: '22:00', to: '24:00', stock: 3, unitsPerUser: 1 }
    ]
    const after = Date.parse('2026-11-11T16:00:00+08:00')
    const open = rulesOf(exampleDefinition({ activities: [{ ...bare, daily }] }))
    const result = patchCampaign({ closesAt: '2026-11-13T12:00:00+08:00' }, after, open) as Adjustment
    const packed = result.puts.find(([, field]) => field === 'sessions')?.[2] ?? ''
    const names = ['20261111-1000', '20261111-2200', '20261112-1000', '20261112-2200', '20261113-1000']
    t.same(
      unpackSessions(packed).map(({ id }) => id),
      names
    )
    t.equal(unpackSessions(packed)[1]?.closesAt, Date.parse('2026-11-12T00:00:00+08:00'), 'not longer than it was')
    t.same(result.adds, [
      ['s:launch:phone', '20261112-1000:remaining', 7],
      ['s:launch:phone', '20261112-2200:remaining', 3],
      ['s:launch:phone', '20261113-1000:remaining', 7]
    ])
    t.match(result.data, { addedSessions: [{ activity: 'phone', sessions: names.slice(2) }] })
    const again = patchCampaign({ closesAt: '2026-11-14T00:00:00+08:00' }, after, result.rules) as Adjustment
    t.same(
      again.adds.map(([, field]) => field),
      ['20261113-2200:remaining'],
      'each once'
    )
    const late = Date.parse('2026-11-11T23:59:00+08:00')
    const night = rulesOf(
      exampleDefinition({ closesAt: '2026-11-12T10:05:00+08:00', activities: [{ ...bare, daily }] })
    )
    const during = patchCampaign({ closesAt: '2026-11-12T12:00:00+08:00' }, late, night) as Adjustment
    t.match(during.adds, [['s:launch:phone', '20261112-1000:remaining', 7]], 'what the end had cut off takes place now')
    const begun = Date.parse('2026-11-12T10:01:00+08:00')
    t.same((patchCampaign({ closesAt: '2026-11-12T12:00:00+08:00' }, begun, night) as Adjustment).adds, [])
    const window = { opensAt: '2026-11-12T09:55:00+08:00', closesAt: '2026-11-12T10:05:00+08:00' }
    const body = { reason: 'a test', session: { id: 'own', ...window, stock: 1 } }
    const taken = adjustActivity(night, { activity: 'phone', now: late }, body) as Adjustment
    t.match(patchCampaign({ closesAt: '2026-11-12T12:00:00+08:00' }, late, taken.rules), {
      '/closesAt': /20261112-1000 of phone would overlap session own|own of phone would overlap/
    })
    const hourly = Array.from({ length: 23 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`)
    const many = hourly.map((from, index) => ({ from, to: hourly[index + 1] ?? '24:00', stock: 1 }))
    const full = rulesOf(exampleDefinition({ activities: [{ ...bare, daily: many }] }))
    t.match(patchCampaign({ closesAt: '2026-12-31T00:00:00+08:00' }, after, full), { '/closesAt': /at most 1000/ })
  }
)
