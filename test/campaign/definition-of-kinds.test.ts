import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Value } from 'typebox/value'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { compile } from '../../src/campaign/definition/compile.ts'
import { DefinitionSchema } from '../../src/campaign/definition/document.ts'
import { definitionOf, findActivity, type Rules } from '../../src/campaign/definition/rules.ts'
import type { Draw } from '../../src/campaign/kinds/draw/rules.ts'
import type { ActivityRules } from '../../src/campaign/kinds/index.ts'
import type { Redemption } from '../../src/campaign/kinds/redemption/rules.ts'
import type { Task } from '../../src/campaign/kinds/task/rules.ts'
import {
  aDraw,
  aPrize,
  aRedemption,
  aTask,
  contractDefinition,
  errorsOf,
  rulesOf,
  thanks,
  withActivities
} from './example-kinds.ts'

function withoutDaily(activity: ActivityRules): ActivityRules {
  if (activity.kind !== 'sale') return activity
  const { daily: _daily, ...rest } = activity
  return rest
}

const drawIn = (rules: Rules) => findActivity(rules, 'wheel') as Draw
const draw = (changes: Record<string, unknown> = {}) => errorsOf(withActivities([aDraw(changes)]))
const prize = (changes: Record<string, unknown>) => draw({ prizes: [aPrize(changes), thanks] })
const fallback = (changes: Record<string, unknown>) => draw({ prizes: [aPrize(), { ...thanks, ...changes }] })

t.test('the example of the contract is a definition as it stands, and comes back as the same', async (t) => {
  for (const way of ['first', 'second'] as const) {
    const definition = contractDefinition(way)
    t.same(errorsOf(definition), {})
    t.ok(Value.Check(DefinitionSchema, definition), 'the published schema accepts it too')
    const rules = rulesOf(definition)
    // sessions come back one by one; what daily ones were made of stays with the rules in force
    const shown = { ...rules, activities: rules.activities.map(withoutDaily) }
    t.same(rulesOf(definitionOf(rules)), shown)
    t.same(rulesOf(JSON.parse(JSON.stringify(definitionOf(rules)))), JSON.parse(JSON.stringify(shown)))
  }
})

t.test('a field that a definition leaves out has a default in the rules', async (t) => {
  const rules = rulesOf(withActivities([aDraw(), aTask(), aRedemption()]))
  const window = { id: 'all', opensAt: rules.opensAt, closesAt: rules.closesAt, unitsPerUser: 0, paused: false }
  t.match(drawIn(rules), {
    cost: null,
    chances: null,
    limits: { perDay: 0, perCampaign: 0, winsPerCampaign: 0, winsPerTier: {} },
    requires: { entitlement: '', level: 0 },
    paused: false,
    sessions: [{ ...window, stock: 0 }],
    prizes: [{ id: 'first', quota: 3, publishedQuota: 3, release: 'atOnce', reward: null, subPrizes: [], pool: '' }, {}]
  })
  t.match(findActivity(rules, 'check-in') as Task, {
    title: 'check-in',
    goal: null,
    after: [],
    reward: { units: { points: 5 }, chances: {}, entitlement: '', doubler: null },
    sessions: [window]
  })
  t.match(findActivity(rules, 'ticket') as Redemption, {
    cost: { unit: 'points', amount: 500 },
    unitsPerUser: 0,
    pool: '',
    sessions: [{ ...window, stock: 200 }]
  })
})

t.test('the type of a prize decides what it credits', async (t) => {
  const rewardOf = (changes: Record<string, unknown>) =>
    drawIn(rulesOf(withActivities([aDraw({ prizes: [aPrize(changes), thanks] })]))).prizes[0]?.reward ?? null
  const nothing = { units: {}, chances: {}, entitlement: '', doubler: null }
  t.same(rewardOf({ type: 'points', value: 30 }), { ...nothing, units: { points: 30 } })
  t.same(rewardOf({ type: 'points', value: 30, reward: { points: 5 } }), { ...nothing, units: { points: 5 } })
  t.same(rewardOf({ type: 'chances' }), { ...nothing, chances: { wheel: 1 } })
  t.same(rewardOf({ type: 'chances', value: 2 }), { ...nothing, chances: { wheel: 2 } })
  t.same(rewardOf({ type: 'chances', reward: { chances: { wheel: 4 } } }), { ...nothing, chances: { wheel: 4 } })
  t.same(rewardOf({ type: 'eligibility' }), { ...nothing, entitlement: 'first' })
  t.same(rewardOf({ type: 'eligibility', reward: { entitlement: 'vip' } }), { ...nothing, entitlement: 'vip' })
  t.same(rewardOf({ type: 'doubler' }), { ...nothing, doubler: { factor: 2, hours: 24, activities: [] } })
  const card = { doubler: { factor: 3, hours: 1 }, points: 1 }
  t.same(rewardOf({ type: 'doubler', reward: card }), {
    ...nothing,
    units: { points: 1 },
    doubler: { factor: 3, hours: 1, activities: [] }
  })
  for (const type of ['cash', 'coupon', 'physical', 'membership', 'e-card', 'nothing'])
    t.equal(rewardOf({ type }), null)
})

t.test('all errors of a draw are returned together', async (t) => {
  const errors = errorsOf(
    withActivities([
      aDraw({
        cost: { gems: 5 },
        chances: { daily: 1 },
        fallback: 'none',
        limits: { winsPerTier: { '2': 1 } },
        opensAt: '2026-11-10T00:00:00+08:00',
        closesAt: '2026-11-13T00:00:00+08:00',
        weightsByLevel: [
          { level: 1, weights: { first: 0, thanks: 0 } },
          { level: 1, weights: { gone: 4 } }
        ],
        prizes: [
          aPrize({ reward: { points: 5 }, pool: 'codes', quota: null, release: 'even' }),
          aPrize({ type: 'points', claimWithinDays: 3, subPrizes: [{ id: 'a', title: 'A' }] }),
          { ...thanks, subPrizes: [{ id: 'a', title: 'A', reward: { points: 1 } }] }
        ]
      })
    ])
  )
  t.match(errors, {
    '/activities/1/cost/gems': /no unit of this campaign/,
    '/activities/1/chances': /beside cost/,
    '/activities/1/fallback': /no prize "none"/,
    '/activities/1/limits/winsPerTier/2': /no prize has tier 2/,
    '/activities/1/opensAt': /before the campaign opens/,
    '/activities/1/closesAt': /after the campaign closes/,
    '/activities/1/weightsByLevel/0/weights': /above 0/,
    '/activities/1/weightsByLevel/1/level': /used twice/,
    '/activities/1/weightsByLevel/1/weights/gone': /no prize "gone"/,
    '/activities/1/prizes/0/reward': /physical is claimed/,
    '/activities/1/prizes/0/pool': /codes are for coupon/,
    '/activities/1/prizes/0/release': /needs a quota/,
    '/activities/1/prizes/1/id': /used twice/,
    '/activities/1/prizes/1/value': /points that it credits/,
    '/activities/1/prizes/1/claimWithinDays': /not claimed/,
    '/activities/1/prizes/1/subPrizes': /without a quota/,
    '/activities/1/prizes/2/subPrizes/0/reward': /nothing is nothing/
  })
  t.equal(Object.keys(errors).length, 17)
})

t.test('the fallback can always be won', async (t) => {
  const path = '/activities/1/prizes/1'
  t.match(fallback({ quota: 5 }), { [`${path}/quota`]: /never runs out/ })
  t.match(fallback({ minSpins: 2 }), { [`${path}/minSpins`]: /always be won/ })
  t.match(fallback({ guaranteedAfter: 2 }), { [`${path}/guaranteedAfter`]: /always be won/ })
  const nothing = aPrize({ type: 'nothing', quota: null, release: 'atOnce', guaranteedAfter: 2 })
  t.match(draw({ prizes: [nothing, thanks] }), { '/activities/1/prizes/0/guaranteedAfter': /nothing is no win/ })
  t.match(fallback({ type: 'coupon', pool: 'codes' }), { [`${path}/pool`]: /always be won/ })
  t.same(fallback({ minSpins: 0, weight: 0 }), {})
  const lucky = [
    { id: 'one', title: 'One', reward: { points: 1 } },
    { id: 'two', title: 'Two', weight: 3, reward: { points: 2 } }
  ]
  t.same(fallback({ type: 'points', subPrizes: lucky }), {}, 'a lucky one gives one of its sub-prizes')
  t.match(fallback({ type: 'points', subPrizes: [{ id: 'one', title: 'One' }] }), { [`${path}/value`]: /missing/ })
  t.match(fallback({ type: 'points', subPrizes: [...lucky, lucky[0]] }), { [`${path}/subPrizes/2/id`]: /used twice/ })
})

t.test('numbers of a draw have bounds, and names are ids', async (t) => {
  const path = '/activities/1/prizes/0'
  for (const weight of [-1, 1.5, 2e9, '1', null]) t.match(prize({ weight }), { [`${path}/weight`]: /whole number/ })
  for (const quota of [-1, 0.5, 2e9]) t.match(prize({ quota }), { [`${path}/quota`]: /or null/ })
  t.match(prize({ type: 'car' }), { [`${path}/type`]: /"cash" or "coupon".*but is "car"/ })
  t.match(prize({ type: 'doubler', reward: { doubler: { factor: 11, hours: 0 } } }), {
    [`${path}/reward/doubler/factor`]: /2 to 10/,
    [`${path}/reward/doubler/hours`]: /1 to 8,784/
  })
  t.match(prize({ weight: 0 }), {}, 'one may be 0 as long as the sum is not')
  t.match(draw({ prizes: [aPrize({ weight: 0 }), { ...thanks, weight: 0 }] }), { '/activities/1/prizes': /above 0/ })
  t.match(draw({ prizes: [] }), { '/activities/1/prizes': /1 to 100 prizes/ })
  t.match(draw({ cost: {} }), { '/activities/1/cost': /amount of one unit/ })
  t.match(draw({ cost: { points: 0 } }), { '/activities/1/cost/points': /from 1/ })
  t.match(draw({ limits: { winsPerTier: { x: 1 } } }), { '/activities/1/limits/winsPerTier/x': /no id/ })
  t.match(prize({ display: { image: '', size: 4 } }), {
    [`${path}/display/image`]: /1 to 500/,
    [`${path}/display/size`]: /not a known field/
  })
  t.same(
    draw({ prizes: [aPrize({ id: 'constructor' }), thanks], weightsByLevel: [{ level: 2, weights: { thanks: 1 } }] }),
    {}
  )
})

t.test('a task may wait for other tasks of its campaign, never for itself', async (t) => {
  const task = (id: string, after: string[], changes = {}) => aTask({ id, per: 'campaign', after, ...changes })
  const errors = (...tasks: object[]) => errorsOf(withActivities(tasks))
  t.same(errors(task('a', []), task('b', ['a']), task('c', ['a', 'b'])), {})
  t.match(errors(task('a', ['phone', 'none', 'b', 'b']), task('b', [])), {
    '/activities/1/after/0': /no task "phone"/,
    '/activities/1/after/1': /no task "none"/,
    '/activities/1/after/3': /used twice/
  })
  t.match(errors(task('a', ['a'])), { '/activities/1/after': /back to a/ })
  t.same(Object.keys(errors(task('a', ['c']), task('b', ['a']), task('c', ['b']), task('d', ['c']))), [
    '/activities/1/after',
    '/activities/2/after',
    '/activities/3/after'
  ])
  const broken = { id: 'a', kind: 'task', per: 'hour', reward: {} }
  t.same(
    Object.keys(errors(broken, task('b', ['a']))),
    ['/activities/1/per', '/activities/1/reward'],
    'a task that is wrong otherwise exists'
  )
})

t.test('only a daily task may have a streak, and a goal is a count', async (t) => {
  const steps = (...days: number[]) => days.map((count) => ({ days: count, reward: { points: 1 } }))
  const task = (changes: Record<string, unknown>) => errorsOf(withActivities([aTask(changes)]))
  t.same(task({ streak: steps(7, 3) }), {})
  t.match(task({ streak: steps(3, 3) }), { '/activities/1/streak/1/days': /used twice/ })
  t.match(task({ per: 'campaign', streak: steps(3) }), { '/activities/1/streak': /per day/ })
  t.match(task({ streak: steps(1) }), { '/activities/1/streak/0/days': /2 to 366/ })
  t.match(task({ goal: { counter: 'paid', count: 0 } }), { '/activities/1/goal/count': /from 1/ })
  t.match(task({ goal: { counter: 'paid', count: 3 }, requires: { level: 2 } }), {
    '/activities/1/requires/level': /completed without the user/
  })
  t.same(task({ goal: { counter: 'paid', count: 3 }, requires: { entitlement: 'vip' } }), {})
  t.match(task({ tier: 'expert' }), { '/activities/1/tier': /"basic" or/ })
})

t.test('rewards name units, draws and tasks of the campaign', async (t) => {
  const reward = (given: object, changes = {}) => errorsOf(withActivities([aTask({ reward: given }), aDraw()], changes))
  const path = '/activities/1/reward'
  t.same(reward({ points: 5, chances: { wheel: 1 }, entitlement: 'vip' }), {})
  t.match(reward({ stars: 5 }), { [`${path}/stars`]: /no unit/ })
  t.match(reward({ points: '5' }), { [`${path}/points`]: /whole number/ })
  t.match(reward({ chances: { phone: 1 } }), { [`${path}/chances/phone`]: /no draw "phone"/ })
  t.match(reward({ doubler: { factor: 2, hours: 1, activities: ['check-in', 'wheel'] } }), {
    [`${path}/doubler/activities/1`]: /no task "wheel"/
  })
  t.match(reward({}), { [path]: /must give points/ })
  const units = { stars: { scope: 'campaign' } }
  t.same(reward({ stars: 5, points: 1 }, { units }), {}, 'points need not be declared')
  t.match(reward({ points: 5 }, { units: { chances: { scope: 'account' } } }), { '/units/chances': /another name/ })
  t.match(reward({ points: 5 }, { units: { stars: { scope: 'world' } } }), { '/units/stars/scope': /"account"/ })
  t.match(reward({ points: 5 }, { units: null }), { '/units': /at most 20 units/ })
  t.match(reward({ points: 5 }, { units: { points: null } }), { '/units/points': String })
  t.match(reward({ points: 5 }, { policies: { grantCap: { points: 9, gems: 1 } } }), {
    '/policies/grantCap/gems': /no unit/
  })
  t.match(errorsOf(withActivities([aRedemption({ cost: { gems: 1 } })])), { '/activities/1/cost/gems': /no unit/ })
})

t.test('an activity has a window of its own, inside the campaign', async (t) => {
  const window = (opensAt?: string, closesAt?: string) =>
    errorsOf(withActivities([aRedemption({ ...(opensAt && { opensAt }), ...(closesAt && { closesAt }) })]))
  t.same(window('2026-11-11T10:00:00+08:00'), {})
  t.same(window(undefined, '2026-11-11T10:00:00+08:00'), {})
  t.match(window('2026-11-12T00:00:00+08:00'), { '/activities/1/opensAt': /leaves no time/ })
  t.match(window('2026-11-11T10:00:00+08:00', '2026-11-11T09:00:00+08:00'), { '/activities/1/closesAt': /no time/ })
  t.match(window('2026-11-10T23:00:00+08:00'), { '/activities/1/opensAt': /before the campaign/ })
  t.match(window(undefined, '2026-11-12T01:00:00+08:00'), { '/activities/1/closesAt': /after the campaign/ })
  t.match(window('2026-02-30T00:00:00Z'), { '/activities/1/opensAt': /no such moment/ })
})

type Json = Record<string, unknown> | unknown[]

function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  const below = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return below.flatMap(([name, child]) => [[...path, name], ...pathsOf(child, [...path, name])])
}

/** The document with the value at a path exchanged, or taken away where there is none to put. */
function exchanged(document: Json, path: readonly string[], value: unknown): Json {
  const copy = structuredClone(document)
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], copy)
  if (typeof parent !== 'object' || parent === null) return copy
  const last = path.at(-1) ?? ''
  if (value === undefined && Array.isArray(parent)) parent.splice(Number(last), 1)
  else if (value === undefined) delete (parent as Record<string, unknown>)[last]
  else (parent as Record<string, unknown>)[last] = value
  return copy
}

t.test('any definition either compiles or is refused with pointers', async () => {
  const original = contractDefinition('second')
  const paths = pathsOf(original)
  const strange = fc.oneof(
    fc.constant(undefined),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(-1, 0, 1, 1e9, 'first', 'wheel', 'check-in', 'points', 'nothing', 'constructor', '__proto__', null)
  )
  const changes = fc.array(fc.tuple(fc.constantFrom(...paths), strange), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(changes, (all) => {
      const input = all.reduce<Json>((document, [path, value]) => exchanged(document, path, value), original)
      const checked = checkDefinition(input)
      if (checked.ok) compile(checked.rules, { ready: false, paused: false, ended: false, version: 1 })
      else assert.ok(checked.errors.length > 0 && checked.errors.every(({ detail }) => detail.length > 0))
    }),
    { numRuns: 400 }
  )
})
