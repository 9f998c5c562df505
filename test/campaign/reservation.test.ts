import { test } from 'tap'
import { adjustActivity } from '../../src/campaign/change/adjust.ts'
import { adjustCampaign } from '../../src/campaign/change/campaign.ts'
import { planNext } from '../../src/campaign/change/next-version.ts'
import { definitionOf } from '../../src/campaign/definition/rules.ts'
import { unpackSessions } from '../../src/campaign/parts/packed.ts'
import { aDraw, compiled, errorsOf, rulesOf, withActivities } from './example-kinds.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

const remind = { id: 'remind', kind: 'reservation', of: 'phone', remindMinutes: 10 }
const asking = exampleSale({ requires: { reservation: 'remind' } })
const withReservation = (changes: object = {}) => exampleDefinition({ activities: [asking, { ...remind, ...changes }] })

const targetsIn = (puts: ReadonlyArray<readonly [string, string, string]>) => {
  const found = puts.find(([key, field]) => key === 'a:launch:remind' && field === 'targets')
  return found && unpackSessions(found[2]).map(({ id }) => id)
}

test('a reservation is of a sale or draw of its campaign, and only it lets users take part there', async (t) => {
  t.same(errorsOf(withReservation()), {})
  t.same(errorsOf(withActivities([aDraw(), { ...remind, of: 'wheel' }])), {})
  t.match(errorsOf(withReservation({ of: 'none' })), { '/activities/1/of': /there is no sale or draw "none"/ })
  t.match(errorsOf(withReservation({ of: 'remind' })), { '/activities/1/of': /there is no sale or draw/ })
  t.match(errorsOf(withReservation({ until: '2027-11-11T00:00:00Z' })), {
    '/activities/1/until': /after the campaign closes/
  })
  t.match(errorsOf(withReservation({ remindMinutes: 0 })), { '/activities/1/remindMinutes': /from 1 to 10,080/ })
  const other = exampleDefinition({ activities: [asking, aDraw(), { ...remind, of: 'wheel' }] })
  t.match(errorsOf(other), { '/activities/0/requires/reservation': 'there is no reservation "remind" of phone' })
})

test('its rules in the gate repeat the sessions, whatever changes them', async (t) => {
  const rules = rulesOf(withReservation({ perUser: 2 }))
  const ids = rules.activities[0]?.sessions.map(({ id }) => id)
  const { puts } = compiled(rules)
  t.match(puts, { 'a:launch:phone reserved': 'remind', 'a:launch:remind remind_ms': '600000' })
  t.match(puts, { 'a:launch:remind per_campaign': '2' })
  t.same(
    unpackSessions(puts['a:launch:remind targets'] ?? '').map(({ id }) => id),
    ids
  )

  const last = rules.activities[0]?.sessions.at(-1)
  const at = (ms: number) => new Date((last?.closesAt ?? 0) + ms).toISOString()
  const session = { id: 'late', opensAt: at(0), closesAt: at(60_000), stock: 1 }
  const patched = adjustActivity(rules, { activity: 'phone', now: rules.opensAt }, { reason: 'more', session })
  t.same(patched.ok && targetsIn(patched.puts), [...(ids ?? []), 'late'])

  const {
    daily: _daily,
    sessions = [],
    ...sale
  } = exampleSale({ requires: { reservation: 'remind' } }) as Record<string, unknown> & { sessions?: object[] }
  const next = rulesOf(
    exampleDefinition({
      activities: [
        { ...sale, sessions: [...sessions, session] },
        { ...remind, perUser: 2 }
      ]
    })
  )
  const plan = planNext(rules, next, 2)
  t.same('errors' in plan ? plan.errors : targetsIn(plan.open), [...(ids ?? []), 'late'])

  const daily = rulesOf(
    exampleDefinition({
      activities: [{ ...sale, daily: [{ from: '10:00', to: '11:00', stock: 1 }] }, remind]
    })
  )
  const longer = adjustCampaign(daily, daily.opensAt, {
    reason: 'one more day',
    closesAt: new Date(daily.closesAt + 86_400_000).toISOString()
  })
  t.equal(longer.ok && targetsIn(longer.puts)?.length, (daily.activities[0]?.sessions.length ?? 0) + 1)
})

test('a reservation in force becomes the definition that it came from', async (t) => {
  const rules = rulesOf(withReservation({ until: '2026-11-11T09:00:00+08:00', perUser: 3 }))
  t.match(definitionOf(rules).activities[1], { ...remind, until: '2026-11-11T01:00:00.000Z', perUser: 3 })
  t.match(definitionOf(rules).activities[0], { requires: { reservation: 'remind' } })
  t.same(rulesOf(definitionOf(rules)).activities[1], rules.activities[1])
})
