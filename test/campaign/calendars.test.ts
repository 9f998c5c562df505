import t from 'tap'
import { adjustCampaign } from '../../src/campaign/change/campaign.ts'
import type { Adjustment } from '../../src/campaign/change/draft.ts'
import { planNext } from '../../src/campaign/change/next-version.ts'
import { definitionOf } from '../../src/campaign/definition/rules.ts'
import { warningsOf } from '../../src/campaign/definition/warnings.ts'
import type { Task } from '../../src/campaign/kinds/task/rules.ts'
import { businessDays, calendarOf } from '../../src/campaign/parts/calendar.ts'
import { unpackShipBy } from '../../src/campaign/parts/packed.ts'
import { shipByRecords } from '../../src/campaign/parts/ship-by.ts'
import { httpKindOf } from '../../src/http/kinds/index.ts'
import { aCampaign } from '../support/http/http-app.ts'
import { aTask, compiled, errorsOf, rulesOf } from './example-kinds.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

const iso = (moment: number | undefined) => (moment === undefined ? undefined : new Date(moment).toISOString())
const dayNumber = (date: string) => Date.parse(`${date}T00:00:00Z`) / 86_400_000

// 2026-09-30 is a Wednesday; the holidays of this week are worked off on the Saturday after it
const october = {
  holidays: ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07', '2026-10-31'],
  workdays: ['2026-10-10']
}
const week = { opensAt: '2026-09-30T00:00:00+08:00', closesAt: '2026-10-12T00:00:00+08:00' }

/** A campaign of twelve days around the holidays. */
function inOctober(activities: object[], changes: Record<string, unknown> = {}) {
  return exampleDefinition({ ...week, calendar: october, activities, ...changes })
}

function dailySale(daily: object[], changes: Record<string, unknown> = {}) {
  const { sessions: _sessions, shipWithin: _shipWithin, ...rest } = exampleSale()
  return { ...rest, daily, ...changes }
}

const morning = { from: '10:00', to: '10:10', stock: 5 }

t.test('a business day is neither weekend nor holiday, or it is worked', async (t) => {
  const isBusinessDay = businessDays(calendarOf({ ...october, holidays: [...october.holidays, '2026-10-11'] }))
  const days = Array.from({ length: 13 }, (_, index) => dayNumber('2026-09-30') + index)
  t.same(
    days.filter(isBusinessDay).map((day) => day - dayNumber('2026-09-30')),
    [0, 8, 9, 10, 12],
    'a holiday on a Sunday changes nothing'
  )
  const plain = businessDays(undefined)
  t.same(days.filter(plain).length, 9, 'Monday to Friday without a calendar')
})

t.test('ship-by dates count the business days of the calendar', async (t) => {
  const window = { timezone: 'Asia/Shanghai', opensAt: Date.parse(week.opensAt), closesAt: Date.parse(week.closesAt) }
  const on = (calendar: typeof october) => ({ ...window, calendar: calendarOf(calendar) })
  const byOrder = shipByRecords({ businessDays: 2, from: 'acceptance' }, on(october))
  t.same(
    byOrder.map(({ from, shipBy }) => [from && iso(from), iso(shipBy)]),
    [
      [0, '2026-10-09T15:59:59.999Z'],
      ['2026-10-07T16:00:00.000Z', '2026-10-10T15:59:59.999Z'],
      ['2026-10-08T16:00:00.000Z', '2026-10-12T15:59:59.999Z'],
      ['2026-10-09T16:00:00.000Z', '2026-10-13T15:59:59.999Z']
    ],
    'from the 30th to the 7th the next business days are the 8th and the 9th; the 10th is a worked Saturday'
  )
  const atEnd = shipByRecords({ businessDays: 7, from: 'campaignEnd' }, on({ holidays: ['2026-10-20'], workdays: [] }))
  t.same(
    atEnd.map(({ shipBy }) => iso(shipBy)),
    ['2026-10-21T15:59:59.999Z'],
    'the 20th is no business day'
  )
})

t.test('a date in both lists, one that does not exist and one that stands twice are errors by pointer', async (t) => {
  const errors = (calendar: unknown) => errorsOf(inOctober([exampleSale()], { ...exampleDefinition(), calendar }))
  const both = { holidays: ['2026-11-11', '2026-11-12'], workdays: ['2026-11-14', '2026-11-12'] }
  t.same(errors(both), { '/calendar/workdays/1': '"2026-11-12" is in holidays too: a day is one or the other' })
  t.same(errors({ holidays: ['2026-02-30'] }), { '/calendar/holidays/0': 'there is no day "2026-02-30"' })
  t.same(errors({ workdays: ['2026-11-14', '2026-11-14'] }), {
    '/calendar/workdays/1': '"2026-11-14" is listed twice'
  })
  t.match(errors({ holidays: ['11.11.2026', '2026-13-01'] }), {
    '/calendar/holidays/0': /must be a date/,
    '/calendar/holidays/1': /must be a date/
  })
  t.match(errors({ weekends: [] }), { '/calendar/weekends': 'is not a known field' })
  for (const wrong of [5, null, [], 'Not An Id']) t.ok(errors(wrong)['/calendar'], JSON.stringify(wrong))
  t.same(errors({}), {})
  t.same(errors('cn'), {}, 'an id is looked up where it is saved')
})

t.test('daily sessions take place on every day, on workdays or on the others', async (t) => {
  const daysOf = (on?: string) => {
    const { activities } = rulesOf(inOctober([dailySale([{ ...morning, ...(on && { on }) }])]))
    return activities[0]?.sessions.map(({ id }) => id.slice(4, 8))
  }
  t.equal(daysOf()?.length, 12)
  t.same(daysOf('every'), daysOf())
  t.same(daysOf('workdays'), ['0930', '1008', '1009', '1010'])
  t.same(daysOf('holidays'), ['1001', '1002', '1003', '1004', '1005', '1006', '1007', '1011'])
  const longer = { from: '10:00', to: '12:00', stock: 9 }
  const both = [
    { ...morning, on: 'workdays' },
    { ...longer, on: 'holidays' }
  ]
  const { activities } = rulesOf(inOctober([dailySale(both)]))
  t.equal(activities[0]?.sessions.length, 12, 'one entry for workdays and one for holidays may have the same hours')
  t.match(errorsOf(inOctober([dailySale([{ ...morning, on: 'workdays' }, longer])])), {
    '/activities/0/daily/1/from': /is used twice/
  })
  const overNight = [
    { from: '23:00', to: '02:00', stock: 1, on: 'workdays' },
    { from: '01:00', to: '03:00', stock: 1, on: 'holidays' }
  ]
  t.match(errorsOf(inOctober([dailySale(overNight)])), { '/activities/0/daily': /overlaps session/ })
  const none = { holidays: ['2026-10-01'], workdays: [] }
  const friday = { opensAt: '2026-10-01T00:00:00+08:00', closesAt: '2026-10-02T00:00:00+08:00', calendar: none }
  t.match(errorsOf(inOctober([dailySale([{ ...morning, on: 'workdays' }])], friday)), {
    '/activities/0/daily': /leads to no session/
  })
})

t.test('what a calendar ends before is warned of, and the rules keep the lists', async (t) => {
  const start = Date.parse(week.opensAt)
  const checkIn = aTask({ streak: [{ days: 3, reward: { points: 9 } }], streakOn: 'workdays' })
  const soon = { holidays: ['2026-10-01'], workdays: [] }
  const selling = dailySale([{ ...morning, on: 'workdays' }])
  const shipped = dailySale([morning], { id: 'shipped', shipWithin: { businessDays: 7, from: 'campaignEnd' } })
  const all = [selling, shipped, checkIn, aTask({ id: 'plain' }), dailySale([morning], { id: 'plain-sale' })]
  const ended = (calendar: object) =>
    warningsOf(rulesOf(inOctober(all, { calendar })), start).filter(({ detail }) => detail.includes('calendar ends'))
  t.same(ended(soon), [
    {
      pointer: '/activities/0',
      detail:
        'asks for days until 2026-10-11, and the calendar ends with 2026-10-01: later ones count by their weekday alone'
    },
    {
      pointer: '/activities/1',
      detail:
        'asks for days until 2026-10-20, and the calendar ends with 2026-10-01: later ones count by their weekday alone'
    },
    {
      pointer: '/activities/2',
      detail:
        'asks for days until 2026-10-11, and the calendar ends with 2026-10-01: later ones count by their weekday alone'
    }
  ])
  t.same(ended({ holidays: ['2026-10-21'] }), [], 'the last day that is asked for is listed')
  t.same(ended({}), [], 'no list, no end')
  const rules = rulesOf(inOctober(all, { calendar: { holidays: ['2026-10-05', '2026-10-01'] } }))
  t.same(rules.calendar, { holidays: ['2026-10-01', '2026-10-05'], workdays: [] }, 'in order')
  t.same(rulesOf(definitionOf(rules)).calendar, rules.calendar)
  t.same(
    compiled(rules).puts['a:launch:check-in streak_off'],
    `,${dayNumber('2026-10-01')},${dayNumber('2026-10-05')},`
  )
  t.notOk('a:launch:plain streak_off' in compiled(rules).puts)
  t.match(errorsOf(inOctober([aTask({ streakOn: 'workdays' })])), {
    '/activities/0/streakOn': 'is for tasks with a streak'
  })
})

t.test('a later version keeps the calendar, and an added day is what the campaign’s own copy says', async (t) => {
  const daily = [{ ...morning, on: 'workdays' }]
  const rules = rulesOf(inOctober([dailySale(daily, { shipWithin: { businessDays: 1, from: 'campaignEnd' } })]))
  const other = { ...october, holidays: [...october.holidays, '2026-10-08'] }
  const refused = planNext(rules, { ...rules, calendar: calendarOf(other) }, 2)
  t.match(refused, { errors: [{ pointer: '/calendar' }] })
  t.ok('rules' in planNext(rules, rules, 2))
  const now = Date.parse('2026-10-09T12:00:00+08:00')
  const body = { reason: 'a test', closesAt: '2026-10-14T00:00:00+08:00' }
  const longer = adjustCampaign(rules, now, body) as Adjustment
  t.same(
    longer.rules.activities[0]?.sessions.map(({ id }) => id),
    ['20260930-1000', '20261008-1000', '20261009-1000', '20261010-1000', '20261012-1000', '20261013-1000'],
    'no published session is gone'
  )
  const packed = longer.puts.find(([, field]) => field === 'ship_by')?.[2] ?? ''
  t.same(
    unpackShipBy(packed).map(({ shipBy }) => iso(shipBy)),
    ['2026-10-14T15:59:59.999Z']
  )
})

t.test('a row of workdays is unbroken over days off', async (t) => {
  const checkIn = aTask({ streak: [{ days: 3, reward: { points: 9 } }], streakOn: 'workdays' })
  const rules = rulesOf(inOctober([checkIn]))
  const task = rules.activities[0] as Task
  const campaign = { ...aCampaign(), rules }
  const streakAt = (today: string, last: string) => {
    const fields = { 'st:launch/check-in': `${dayNumber(last)};4;1-1` }
    const day = { campaign, level: 0, fields, now: 0, progress: new Map(), today: dayNumber(today) }
    return httpKindOf(task).standing.streak?.(day, task)
  }
  t.match(streakAt('2026-10-08', '2026-09-30'), { length: 4, lastDay: '2026-09-30', today: false })
  t.match(streakAt('2026-10-09', '2026-09-30'), { length: 0 }, 'the 8th is missed')
  t.match(streakAt('2026-10-12', '2026-10-10'), { length: 4 })
  t.match(streakAt('2026-10-12', '2026-10-09'), { length: 0 }, 'the 10th was worked')
})
