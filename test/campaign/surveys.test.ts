import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { planNext } from '../../src/campaign/change/next-version.ts'
import { definitionOf, findActivity } from '../../src/campaign/definition/rules.ts'
import { readAnswers } from '../../src/campaign/kinds/survey/answers.ts'
import type { Survey } from '../../src/campaign/kinds/survey/rules.ts'
import { aDraw, aSurvey, compiled, errorsOf, rulesOf, withActivities } from './example-kinds.ts'

const surveyOf = (changes: Record<string, unknown> = {}) =>
  findActivity(rulesOf(withActivities([aSurvey(changes)])), 'how-was-it') as Survey

const errors = (changes: Record<string, unknown>) => errorsOf(withActivities([aSurvey(changes)]))
const at = (pointer: string) => `/activities/1${pointer}`

t.test('a survey asks anybody unless it says whom, and what is left out has its usual value', async (t) => {
  const survey = surveyOf()
  t.match(survey, {
    for: 'anybody',
    satisfaction: 'stars',
    questions: [
      { id: 'stars', type: 'rating', required: true },
      { id: 'where', type: 'choice', multiple: false, required: false },
      { id: 'liked', type: 'choice', multiple: true },
      { id: 'why', type: 'text', maxLength: 500 }
    ],
    reward: { units: { points: 10 } }
  })
  t.same(rulesOf(definitionOf(rulesOf(withActivities([aSurvey()])))).activities[1], survey)
  t.match(compiled(rulesOf(withActivities([aSurvey({ reward: undefined })]))).puts, {
    'a:launch:how-was-it for': 'anybody',
    'a:launch:how-was-it wins': '',
    'a:launch:how-was-it per_campaign': '1',
    'a:launch:how-was-it reward': ''
  })
})

t.test('a definition with questions that nobody could answer is refused by pointer', async (t) => {
  const question = (more: object) => ({ questions: [{ id: 'one', title: 'One', ...more }], satisfaction: undefined })
  t.match(errors(question({ type: 'choice' })), { [at('/questions/0/options')]: 'is missing' })
  t.match(errors(question({ type: 'rating', options: [{ id: 'a', title: 'A' }] })), {
    [at('/questions/0/options')]: /list of 2 to 50/
  })
  t.match(errors(question({ type: 'rating', multiple: true, maxLength: 5 })), {
    [at('/questions/0/multiple')]: 'is for questions of type choice',
    [at('/questions/0/maxLength')]: 'is for questions of type text'
  })
  const twice = [
    { id: 'a', title: 'A' },
    { id: 'a', title: 'B' }
  ]
  t.match(errors(question({ type: 'choice', options: twice })), { [at('/questions/0/options/1/id')]: /used twice/ })
  t.match(errors({ satisfaction: 'why' }), { [at('/satisfaction')]: 'there is no rating "why" among the questions' })
  t.match(errors({ questions: [...aSurvey().questions, { id: 'why', type: 'text', title: 'Again' }] }), {
    [at('/questions/4/id')]: /used twice/
  })
  t.match(errors({ questions: [] }), { [at('/questions')]: /1 to 50/ })
  t.match(errors({ for: 'everybody' }), { [at('/for')]: /"anybody"/ })
  t.match(errors({ reward: { gold: 1 } }), { [at('/reward/gold')]: /no unit/ })
})

t.test('answers are read by their questions, and every error is told by pointer', async (t) => {
  const survey = surveyOf()
  const read = (answers: Record<string, unknown>) => readAnswers(survey, answers)
  t.same(read({ why: ' so ', liked: ['price', 'speed'], where: 'web', stars: 5 }), {
    ok: true,
    answers: { ratings: { stars: 5 }, choices: { where: ['web'], liked: ['price', 'speed'] }, texts: { why: ' so ' } }
  })
  t.same(read({ stars: 1, liked: 'price' }), {
    ok: true,
    answers: { ratings: { stars: 1 }, choices: { liked: ['price'] }, texts: {} }
  })
  const details = (answers: Record<string, unknown>) => {
    const result = read(answers)
    return result.ok ? {} : Object.fromEntries(result.errors.map(({ pointer, detail }) => [pointer, detail]))
  }
  t.same(details({ where: 'moon', 'a/b': 1, liked: ['price', 'price'], why: ' ' }), {
    '/answers/stars': 'is missing: this question has to be answered',
    '/answers/where': 'must be one of web, shop',
    '/answers/a~1b': 'there is no such question',
    '/answers/liked': 'names an option twice',
    '/answers/why': 'must be a text of 1 to 500 characters'
  })
  for (const stars of [0, 6, 1.5, '5', null, true, [5]]) {
    t.match(details({ stars }), { '/answers/stars': /1 to 5/ }, JSON.stringify(stars))
  }
  for (const where of [['web'], [], null, 7, {}]) t.match(details({ stars: 1, where }), { '/answers/where': /must be/ })
  for (const liked of [[], null, [7], ['moon']]) t.match(details({ stars: 1, liked }), { '/answers/liked': /list of/ })
  t.same(details({ stars: 1, why: '好'.repeat(500) }), {})
  t.same(details({ stars: 1, why: '🎁'.repeat(500) }), {}, 'a character is one, however it is written')
  t.match(details({ stars: 1, why: '好'.repeat(501) }), { '/answers/why': /500/ })
  for (const name of ['__proto__', 'constructor', 'toString']) {
    t.match(details(JSON.parse(`{"stars":1,"${name}":1}`)), { [`/answers/${name}`]: 'there is no such question' })
  }
})

t.test('whatever is sent, what passes fits the questions', async () => {
  const survey = surveyOf()
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(1, 5, 'web', ['price'], 'because'))
  const sent = fc.dictionary(fc.constantFrom('stars', 'where', 'liked', 'why', 'other'), value)
  fc.assert(
    fc.property(sent, (answers) => {
      const read = readAnswers(survey, answers)
      if (!read.ok) {
        assert.ok(read.errors.length > 0)
        return
      }
      const { ratings, choices, texts } = read.answers
      const named = [...Object.keys(ratings), ...Object.keys(choices), ...Object.keys(texts)]
      assert.deepEqual(named.toSorted(), Object.keys(answers).toSorted())
      assert.ok(Number.isInteger(ratings.stars))
      assert.ok(Object.values(choices).every((chosen) => chosen.length > 0))
    }),
    { numRuns: 500 }
  )
})

t.test('a survey of winners learns of a draw that a later version adds; its questions stay', async (t) => {
  const wheel = aDraw()
  const rules = rulesOf(withActivities([aSurvey({ for: 'winners' }), wheel]))
  t.equal(compiled(rules).puts['a:launch:how-was-it wins'], 'wn:launch,wn:launch/wheel')
  const grown = planNext(
    rules,
    rulesOf(withActivities([aSurvey({ for: 'winners' }), wheel, aDraw({ id: 'second' })])),
    2
  )
  assert.ok('open' in grown)
  t.same(
    grown.open.filter(([key]) => key === 'a:launch:how-was-it'),
    [['a:launch:how-was-it', 'wins', 'wn:launch,wn:launch/wheel,wn:launch/second']]
  )
  const questions = aSurvey().questions.slice(1)
  const other = rulesOf(withActivities([aSurvey({ questions, satisfaction: undefined }), wheel]))
  t.match(planNext(rules, other, 2), {
    errors: [{ pointer: at('/for') }, { pointer: at('/satisfaction') }, { pointer: at('/questions') }]
  })
})
