import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DateTime } from 'luxon'
import t from 'tap'
import { dayNumber } from '../../src/base/day.ts'
import { compileZone } from '../../src/campaign/definition/compile.ts'
import { definitionOf, findActivity } from '../../src/campaign/definition/rules.ts'
import { prizeTypes } from '../../src/campaign/kinds/draw/definition.ts'
import type { Draw } from '../../src/campaign/kinds/draw/rules.ts'
import { unpackZone } from '../../src/campaign/parts/packed.ts'
import {
  aDraw,
  aPrize,
  aTask,
  compiled,
  contractDefinition,
  errorsOf,
  rulesOf,
  thanks,
  withActivities
} from './example-kinds.ts'

const rules = rulesOf(withActivities([aDraw()]))

t.test('the example of the contract compiles into what the gate reads', async (t) => {
  const { puts, adds } = compiled(rulesOf(contractDefinition('second')))
  const of = (activity: string) =>
    Object.fromEntries(
      Object.entries(puts)
        .filter(([name]) => name.startsWith(`a:launch:${activity} `))
        .map(([name, value]) => [name.split(' ')[1], value])
    )
  const common = { paused: '0', entitlement: '', level: '0', units_per_user: '0', per_day: '0', per_campaign: '0' }
  const free = { cost_unit: '', cost_field: '', cost: '0', daily: '0', keep: '0', reward: '' }
  const { sessions: _sessions, ...wheel } = of('wheel')
  t.strictSame(wheel, {
    ...common,
    ...free,
    kind: 'draw',
    per_day: '5',
    cost_unit: 'chances:wheel',
    cost_field: 'ch:launch/wheel',
    cost: '1',
    daily: '1',
    edition: '2',
    wins_per_campaign: '2',
    wins_per_tier: '',
    prizes: 'first,thanks',
    weights: '0:1,80',
    fallback: 'thanks',
    guarantee: '50:first',
    even: 'first:3',
    memory: '1',
    'prize:first': '1;physical;1;0;1;1209600000;399900;;',
    'prize:thanks': '9;nothing;0;0;0;0;0;;'
  })
  const { sessions, ...checkIn } = of('check-in')
  const day = ['2026-11-11T00:00:00+08:00', '2026-11-12T00:00:00+08:00'].map((moment) => Date.parse(moment))
  t.equal(sessions, `${day.join('')}${'0'.repeat(6)}0${'all'.padEnd(32)}`)
  t.strictSame(checkIn, {
    ...common,
    ...free,
    kind: 'task',
    per: 'day',
    per_day: '1',
    goal: '0',
    after: '',
    reward: 'points b:points 5 0 1',
    streak: '7=points b:points 50 0 1'
  })
  t.match(of('buyer'), {
    per: 'campaign',
    per_day: '0',
    per_campaign: '1',
    goal: '1',
    after: 'check-in',
    reward: 'chances:wheel ch:launch/wheel 1 3 0',
    streak: ''
  })
  t.match(of('ticket'), {
    kind: 'redemption',
    units_per_user: '1',
    cost_unit: 'points',
    cost_field: 'b:points',
    cost: '500',
    pool: 'tickets'
  })
  t.strictSame(adds, {
    's:launch:phone 20261111-1000:remaining': 1000,
    's:launch:wheel first:remaining': 3,
    's:launch:ticket all:remaining': 200
  })
  t.equal(puts['c:launch zone'], '0000000000000+0480')
})

t.test('units of the campaign, levels, tiers, sub-prizes and doublers compile as agreed', async (t) => {
  const gold = (changes: Record<string, unknown>) => ({ ...thanks, type: 'points', ...changes })
  const { puts } = compiled(
    rulesOf(
      withActivities(
        [
          aDraw({
            cost: { gold: 7 },
            limits: { perCampaign: 9, winsPerTier: { '1': 1, '9': 4 } },
            weightsByLevel: [
              { level: 5, weights: { thanks: 0 } },
              { level: 2, weights: { first: 9, card: 3 } }
            ],
            prizes: [
              aPrize({ minSpins: 4, guaranteedAfter: 10 }),
              aPrize({
                id: 'card',
                type: 'doubler',
                reward: { doubler: { factor: 3, hours: 2, activities: ['check-in'] } }
              }),
              aPrize({ id: 'late', guaranteedAfter: 30, type: 'eligibility' }),
              gold({
                subPrizes: [
                  { id: 'a', title: 'A', reward: { gold: 1 } },
                  { id: 'b', title: 'B', weight: 5, reward: { points: 2 } }
                ]
              })
            ]
          }),
          aTask({ reward: { gold: 1, points: 2, entitlement: 'vip', doubler: { factor: 2, hours: 24 } } })
        ],
        { units: { gold: { scope: 'campaign' } }, policies: { unusedDailyChances: 'keep' } }
      )
    )
  )
  t.match(puts, {
    'a:launch:wheel cost_unit': 'gold',
    'a:launch:wheel cost_field': 'b:launch/gold',
    'a:launch:wheel cost': '7',
    'a:launch:wheel keep': '0',
    'a:launch:wheel per_campaign': '9',
    'a:launch:wheel wins_per_tier': '1:1,9:4',
    'a:launch:wheel weights': '0:1,1,1,80;2:9,3,1,80;5:1,1,1,0',
    'a:launch:wheel guarantee': '30:late,10:first',
    'a:launch:wheel prize:first': '1;physical;1;4;0;0;0;;',
    'a:launch:wheel prize:card': '1;doubler;1;0;0;0;0;doubler db:launch 3 0 0 2 check-in;',
    'a:launch:wheel prize:late': '1;eligibility;1;0;0;0;0;entitlement:late e:launch/late 1 0 0;',
    'a:launch:wheel prize:thanks': '9;points;0;0;0;0;0;;a~1~gold b:launch/gold 1 0 0|b~5~points b:points 2 0 0',
    'a:launch:check-in reward':
      'gold b:launch/gold 1 0 1,points b:points 2 0 1,entitlement:vip e:launch/vip 1 0 0,doubler db:launch 2 0 0 24 -'
  })
  const kept = compiled(
    rulesOf(withActivities([aDraw({ chances: { daily: 2 } })], { policies: { unusedDailyChances: 'keep' } }))
  )
  t.match(kept.puts, { 'a:launch:wheel keep': '1', 'a:launch:wheel daily': '2' })
})

const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/), { minLength: 2, maxLength: 8 })
const count = fc.integer({ min: 1, max: 1_000_000_000 })

const prizes = ids.chain((names) =>
  fc.tuple(
    ...names.map((id) =>
      fc.record({
        id: fc.constant(id),
        tier: fc.integer({ min: 1, max: 100 }),
        title: fc.constant('A prize'),
        type: fc.constantFrom(...prizeTypes),
        quota: fc.option(fc.integer({ min: 0, max: 1_000_000_000 })),
        weight: fc.integer({ min: 0, max: 1_000_000_000 }),
        value: count,
        minSpins: fc.integer({ min: 0, max: 100 }),
        reward: fc.constant({ points: 3, chances: { wheel: 2 }, entitlement: 'vip' })
      })
    )
  )
)

const draws = fc.record({
  prizes,
  level: fc.integer({ min: 1, max: 100 }),
  cost: fc.option(fc.record({ points: count })),
  perDay: fc.option(count)
})

t.test('the rules of any valid draw become its definition again, and the gate reads what they say', async () => {
  fc.assert(
    fc.property(draws, ({ prizes: given, level, cost, perDay }) => {
      const credited = ['points', 'chances', 'eligibility', 'doubler']
      const all = given.map(({ reward, ...rest }) => (credited.includes(rest.type) ? { ...rest, reward } : rest))
      const [first] = all
      assert.ok(first)
      const fallback = { ...first, quota: null, minSpins: 0, weight: Math.max(1, first.weight) }
      const definition = withActivities([
        aDraw({
          fallback: fallback.id,
          prizes: [fallback, ...all.slice(1)],
          weightsByLevel: [{ level, weights: { [fallback.id]: 1 } }],
          ...(cost && { cost }),
          ...(perDay && { limits: { perDay } })
        })
      ])
      assert.deepEqual(errorsOf(definition), {})
      const valid = rulesOf(definition)
      assert.deepEqual(rulesOf(definitionOf(valid)), valid)
      const draw = findActivity(valid, 'wheel') as Draw
      const { puts, adds } = compiled(valid)
      const value = (field: string) => puts[`a:launch:wheel ${field}`] ?? ''
      assert.deepEqual(
        value('prizes').split(','),
        draw.prizes.map(({ id }) => id)
      )
      const sets = value('weights')
        .split(';')
        .map((set) => set.split(/[:,]/).map(Number))
      assert.deepEqual(
        sets.map(([at]) => at),
        [0, level]
      )
      for (const [, ...weights] of sets) {
        const sum = weights.reduce((total, weight) => total + weight, 0)
        assert.equal(weights.length, draw.prizes.length)
        assert.ok(sum > 0 && sum < 2 ** 52)
      }
      for (const prize of draw.prizes) {
        const [tier, type, limited, minSpins, , , worth, reward, subs] = value(`prize:${prize.id}`).split(';')
        assert.deepEqual(
          [tier, type, minSpins, worth, subs].join(),
          [prize.tier, prize.type, prize.minSpins, prize.value, ''].join()
        )
        assert.equal(limited, prize.quota === null ? '0' : '1')
        assert.equal(reward !== '', prize.reward !== null)
        assert.equal(adds[`s:launch:wheel ${prize.id}:remaining`], prize.quota ?? undefined)
      }
    }),
    { numRuns: 100 }
  )
})

const zones = ['Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'UTC']

t.test(
  'the local day by the packed zone is the one of the calendar, at any moment of a campaign and after it',
  async () => {
    const yearMs = 366 * 86_400_000
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2097, 0) }),
        fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 20, maxLength: 20 }),
        (timezone, opensAt, moments) => {
          const offsets = unpackZone(compileZone({ ...rules, timezone, opensAt })[2])
          for (const part of moments) {
            const moment = opensAt + Math.floor(part * yearMs)
            const offset = offsets.findLast(({ from }) => from <= moment)
            const { year, month, day } = DateTime.fromMillis(moment, { zone: timezone })
            assert.equal(dayNumber(moment, offset?.minutes ?? Number.NaN), Date.UTC(year, month - 1, day) / 86_400_000)
          }
        }
      ),
      { numRuns: 40 }
    )
  }
)

t.test('a zone is packed as its offset at the opening and every change after it', async (t) => {
  const packed = (timezone: string) => compileZone({ ...rules, timezone })[2]
  t.equal(packed('Asia/Shanghai'), '0000000000000+0480')
  t.same(unpackZone(packed('America/New_York')), [
    { from: 0, minutes: -300 },
    { from: Date.parse('2027-03-14T02:00:00-05:00'), minutes: -240 },
    { from: Date.parse('2027-11-07T02:00:00-04:00'), minutes: -300 },
    { from: Date.parse('2028-03-12T02:00:00-05:00'), minutes: -240 },
    { from: Date.parse('2028-11-05T02:00:00-04:00'), minutes: -300 }
  ])
  t.equal(packed('America/New_York').length % 18, 0)
  t.match(packed('Australia/Lord_Howe'), /^0000000000000\+0660\d{13}\+0630/)
})
