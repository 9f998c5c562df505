import t from 'tap'
import { definitionOf, findActivity } from '../../src/campaign/definition/rules.ts'
import { aTask, compiled, errorsOf, rulesOf, withActivities } from './example-kinds.ts'

const aTalk = (changes: object = {}) => ({
  id: 'talk',
  kind: 'discussion',
  subjects: ['item', 'topic'],
  topics: [{ id: 'news', title: { en: 'News', 'zh-CN': '新闻' } }],
  ...changes
})
const errors = (changes: object) => errorsOf(withActivities([aTask(), aTalk(changes)]))

t.test('a discussion has defaults, and comes back as the definition that it was', async (t) => {
  const rules = rulesOf(withActivities([aTalk()]))
  t.match(findActivity(rules, 'talk'), {
    moderation: 'after',
    maxLength: 500,
    perDay: 0,
    reward: null,
    sessions: [{ id: 'all', stock: 0 }]
  })
  const full = rulesOf(
    withActivities([aTalk({ moderation: 'before', maxLength: 20, perDay: 3, reward: { points: 2 } })])
  )
  t.same(rulesOf(definitionOf(full)), full)
  const { puts } = compiled(full)
  const field = (name: string) => puts[`a:${full.id}:talk ${name}`]
  t.strictSame(['moderation', 'per_day', 'reward', 'reward:like'].map(field), [
    'before',
    '3',
    'points b:points 2 0 0',
    ''
  ])
})

t.test('what cannot be meant is refused with its place', async (t) => {
  const at = '/activities/2'
  const refused: ReadonlyArray<readonly [object, string]> = [
    [{ subjects: [] }, '/subjects'],
    [{ subjects: ['topic', 'share'] }, '/subjects/1'],
    [{ subjects: ['item', 'weather'] }, '/subjects/1'],
    [{ subjects: ['topic', 'topic'] }, '/subjects/1'],
    [{ topics: undefined }, '/topics'],
    [{ subjects: ['item'] }, '/topics'],
    [{ topics: ['a', 'a'].map((id) => ({ id, title: id })) }, '/topics/1/id'],
    [{ moderation: 'never' }, '/moderation'],
    [{ maxLength: 2001 }, '/maxLength'],
    [{ perDay: 0 }, '/perDay'],
    [{ reward: { stars: 1 } }, '/reward/stars']
  ]
  for (const [changes, pointer] of refused) {
    t.ok(`${at}${pointer}` in errors(changes), `${JSON.stringify(changes)} at ${pointer}`)
  }
})
