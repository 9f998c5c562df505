import t from 'tap'
import { adjustActivity } from '../../src/campaign/change/adjust.ts'
import { compile } from '../../src/campaign/definition/compile.ts'
import { definitionOf } from '../../src/campaign/definition/rules.ts'
import { errorsOf, rulesOf, withActivities } from './example-kinds.ts'

const prize = { id: 'mug', title: 'Mug', type: 'physical', quota: 2 }
const aGame = (changes: object = {}) => ({
  id: 'puzzle',
  kind: 'game',
  title: 'Puzzle',
  attemptsPerDay: 3,
  outcomes: { solved: { points: 5 }, best: { points: 9, prize }, failed: {} },
  onShared: { points: 1 },
  ...changes
})
const definition = withActivities([aGame()])
const rules = rulesOf(definition)

t.test('a game is compiled with its outcomes and comes back as a definition', async (t) => {
  const { puts, adds } = compile(rules, { ready: true, paused: false, ended: false, version: 1 })
  const fields = Object.fromEntries(puts.filter(([key]) => key === 'a:launch:puzzle').map(([, ...put]) => put))
  t.match(fields, {
    kind: 'game',
    goal: '1',
    per_day: '3',
    'reward:shared': 'points b:points 1 0 0',
    'per_day:shared': '1',
    outcomes: 'solved=points b:points 5 0 0;best=points b:points 9 0 0,prize:mug wn:launch 1 0 0;failed=',
    'prize:mug': '0;physical;1;0;0;0;0;;'
  })
  t.match(
    adds.filter(([key]) => key === 's:launch:puzzle'),
    [['s:launch:puzzle', 'mug:remaining', 2]]
  )
  t.match(definitionOf(rules).activities[1], aGame())
  t.strictSame(rulesOf({ ...definition, activities: definitionOf(rules).activities }), rules)
})

t.test('its attempts are changed by a PATCH', async (t) => {
  const now = Date.parse('2026-11-11T10:05:00+08:00')
  const target = { activity: 'puzzle', now }
  const patch = (attemptsPerDay: number | null) =>
    adjustActivity(rules, target, { reason: 'a test', limits: { attemptsPerDay } })
  t.match(patch(5), { ok: true, puts: [['a:launch:puzzle', 'per_day', '5']] })
  t.match(patch(null), { ok: true, puts: [['a:launch:puzzle', 'per_day', '0']] })
})

t.test('what cannot be played is refused', async (t) => {
  const game = (changes: object) => errorsOf(withActivities([aGame(changes)]))
  t.match(game({ outcomes: {} }), { '/activities/1/outcomes': /1 to 50/ })
  t.match(game({ outcomes: { solved: { stars: 1 } } }), { '/activities/1/outcomes/solved/stars': /no unit/ })
  t.match(game({ outcomes: { 'Not so': {} } }), { '/activities/1/outcomes/Not so': /no id/ })
  t.match(game({ attemptsPerDay: 0 }), { '/activities/1/attemptsPerDay': /from 1 to/ })
  t.match(game({ requires: { level: 2 } }), { '/activities/1/requires/level': /cannot be asked for/ })
  const twice = { solved: { prize }, best: { prize } }
  t.match(game({ outcomes: twice }), { '/activities/1': /"mug" is used twice/ })
})
