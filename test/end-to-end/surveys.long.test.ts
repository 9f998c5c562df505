import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import t from 'tap'
import { aSurvey } from '../campaign/example-kinds.ts'
import { assertEvents } from '../support/judging/assert-events.ts'
import { Books } from '../support/judging/books.ts'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'
import { walkCampaign, walker } from './every-kind-campaign.ts'

const campaign = 'asked'
const stack = await startStack(t)
const books = new Books(stack.file())
t.teardown(() => books.close())

const SECRET = 'what nobody else may read'
const { activities: all, ...rest } = walkCampaign(campaign)
const { requires: _requires, ...sale } = all.find(({ id }) => id === 'phone') as { requires?: object }
const twice = {
  id: 'talks',
  kind: 'task',
  per: 'campaign',
  goal: { counter: 'survey', count: 2 },
  reward: { stars: 3 }
}
const activities = [sale, aSurvey(), twice, aSurvey({ id: 'of-buyers', for: 'buyers', reward: undefined })]
const definition = { ...rest, activities }
await stack.publish(definition)
const { ask, me } = walker(stack, campaign)

const answer = (user: string, answers: object, asked: { survey?: string; key?: string } = {}) => {
  const { survey = 'how-was-it', key = randomUUID() as string } = asked
  return ask(user, `POST /v1/campaigns/${campaign}/surveys/${survey}/answers`, { body: { answers }, key })
}
const results = async (query = '', survey = 'how-was-it') =>
  (await stack.operate({ method: 'GET', path: `/admin/v1/campaigns/${campaign}/surveys/${survey}/results${query}` }))
    .body as Record<string, unknown> & { answers: number }
const counted = (answers: number) =>
  waitFor(async () => (await results()).answers === answers, { what: `${answers} answers to be counted` })

const refusal = (status: number, code: string, members: object = {}) => ({ status, body: { code, ...members } })

t.test('the questions are shown in the language of the reader', async (t) => {
  const shown = await ask('alice', `GET /v1/campaigns/${campaign}`, { language: 'zh-CN' })
  const survey = shown.body.activities.find(({ id }: { id: string }) => id === 'how-was-it')
  t.match(survey, {
    kind: 'survey',
    for: 'anybody',
    questions: [
      { id: 'stars', type: 'rating', title: '怎么样？', required: true, most: 5 },
      { id: 'where', type: 'choice', options: [{ id: 'web' }, { id: 'shop' }], multiple: false },
      { id: 'liked', multiple: true },
      { id: 'why', type: 'text', maxLength: 500 }
    ],
    reward: { points: 10 }
  })
  t.match((await ask('alice', `GET /v1/campaigns/${campaign}/rules`)).body.activities[1], { kind: 'survey' })
})

t.test('an answer is taken once, and told again to whoever asks with its key', async (t) => {
  t.match(
    await answer('alice', { where: 'moon', other: 1 }),
    refusal(400, 'VALIDATION', {
      errors: [{ pointer: '/answers/other' }, { pointer: '/answers/stars' }, { pointer: '/answers/where' }]
    })
  )
  t.match(await answer('alice', {}), refusal(400, 'VALIDATION'))
  t.match(await answer('alice', { stars: 5 }, { survey: 'phone' }), refusal(404, 'NOT_FOUND'))
  const given = { stars: 5, where: 'web', liked: ['price', 'speed'], why: SECRET }
  const first = await answer('alice', given, { key: 'alice-answers' })
  t.match(first, {
    status: 201,
    body: { answer: { id: String, survey: 'how-was-it', credited: { points: 10 }, balances: { points: 10 } } }
  })
  const reordered = Object.fromEntries(Object.entries(given).reverse())
  const again = await answer('alice', reordered, { key: 'alice-answers' })
  t.same(again.body, first.body, 'the order of the questions does not matter')
  t.equal(again.headers.get('idempotent-replayed'), 'true')
  t.same((await ask('alice', 'GET /v1/requests/alice-answers')).body, first.body)
  t.match(await answer('alice', { stars: 1 }, { key: 'alice-answers' }), refusal(422, 'KEY_REUSED'))
  t.match(await answer('alice', { stars: 1 }), refusal(409, 'ALREADY_DONE'))
  const standing = await me('alice')
  const own = standing.activities.find(({ id }: { id: string }) => id === 'how-was-it')
  t.match(own, { done: true })
})

t.test('of answers that are sent at once by one user, one counts', async (t) => {
  const sent = await Promise.all([1, 2, 3, 4].map((stars) => answer('bob', { stars, why: `bob ${stars}` })))
  const taken = sent.filter(({ status }) => status === 201)
  t.equal(taken.length, 1)
  t.ok(sent.every(({ status, body }) => status === 201 || body.code === 'ALREADY_DONE'))
  await counted(2)
  const stars = sent.findIndex(({ status }) => status === 201) + 1
  const rows = await books.rows("select answers from survey_answers where user_id = 'bob'")
  t.same(rows, [{ answers: { ratings: { stars }, choices: {}, texts: { why: `bob ${stars}` } } }])
})

t.test('only buyers answer what is for buyers', async (t) => {
  const forBuyers = { survey: 'of-buyers', key: 'carol-answers' }
  t.match(
    await answer('carol', { stars: 2, why: 'too early' }, forBuyers),
    refusal(403, 'NOT_ELIGIBLE', { requires: { order: true } })
  )
  const bought = await ask('carol', `POST /v1/campaigns/${campaign}/sales/phone/orders`, { body: { quantity: 1 } })
  t.equal(bought.status, 201)
  t.match(await answer('carol', { stars: 3, why: 'bought' }, forBuyers), {
    status: 201,
    body: { answer: { credited: {} } }
  })
  t.match(await answer('carol', { stars: 3 }), { status: 201 })
  await waitFor(async () => (await me('carol')).balances.stars === 3, { what: 'a goal that counts answers' })
  await waitFor(async () => (await results('', 'of-buyers')).answers === 1, { what: 'the answer to be counted' })
  t.match(await results('', 'of-buyers'), { satisfaction: { average: 3 } }, 'what was refused counts nowhere')
})

t.test('results count by question, and texts come by pages, without names', async (t) => {
  for (const [index, user] of ['dan', 'eve', 'fay'].entries()) {
    t.match(await answer(user, { stars: 4, liked: 'price', why: `text ${index}` }), { status: 201 })
  }
  await counted(6)
  const all = await results()
  const [bob] = await books.rows<{ stars: number }>(
    "select (answers -> 'ratings' -> 'stars')::int as stars from survey_answers where user_id = 'bob'"
  )
  const average = Math.round(((5 + (bob?.stars ?? 0) + 3 + 12) / 6) * 100) / 100
  t.match(all, {
    answers: 6,
    satisfaction: { question: 'stars', average, answers: 6 },
    questions: [
      { id: 'stars', average, answers: 6, counts: { 5: 1 } },
      { id: 'where', answers: 1, counts: { web: 1, shop: 0 } },
      { id: 'liked', answers: 4, counts: { price: 4, speed: 1 } },
      { id: 'why', answers: 5, texts: { items: { length: 5 }, nextCursor: null } }
    ]
  })
  const texts: string[] = []
  let cursor = ''
  do {
    const page = (await results(`?question=why&limit=2${cursor && `&cursor=${cursor}`}`)) as unknown as {
      questions: [{ texts: { items: Array<{ text: string; answer: string }>; nextCursor: string | null } }]
    }
    t.equal(page.questions.length, 1)
    const { items, nextCursor } = page.questions[0].texts
    texts.push(...items.map(({ text }) => text))
    cursor = nextCursor ?? ''
  } while (cursor !== '')
  t.same(texts.slice(0, 3), ['text 2', 'text 1', 'text 0'], 'newest first')
  t.same(new Set(texts).size, 5)
  t.notMatch(JSON.stringify(all), /alice|user/)
  const operate = (path: string) =>
    stack.operate({ method: 'GET', path: `/admin/v1/campaigns/${campaign}/surveys/${path}` })
  t.match(await operate('none/results'), { status: 404 })
  t.match(await operate('how-was-it/results?question=none'), { status: 404 })
  t.match(await operate('how-was-it/results?cursor=abc'), { status: 400 })
})

t.test('the text of an answer is in Postgres alone, and stands after Redis lost everything', async (t) => {
  const before = await results()
  const columns = `coalesce(request::text, '') || coalesce(puts::text, '') || coalesce(adds::text, '') || report`
  const rows = await books.rows(`select ${columns} as said from decisions where type = 'survey.answered'`)
  t.equal(rows.length, 7)
  t.notMatch(JSON.stringify(rows), SECRET)
  const redis = new Redis(stack.file().redisUrl)
  t.teardown(() => redis.disconnect())
  t.notMatch(JSON.stringify(await books.hash('u:alice')), SECRET)
  await redis.multi().flushall().script('FLUSH').exec()
  t.match(await answer('alice', { stars: 1 }), refusal(409, 'ALREADY_DONE'))
  t.match(await me('alice'), { balances: { points: 10 } })
  const killed = stack.kill('worker')
  t.match(await answer('gil', { stars: 1 }), { status: 201 })
  await waitFor(() => stack.isReplaced('worker', killed), { what: 'another worker' })
  await counted(7)
  const after = await results()
  t.same((after.questions as unknown[]).slice(1), (before.questions as unknown[]).slice(1))
})

t.test('every event has the data that its schema asks for', async (t) => {
  await assertEvents(t, stack.file())
})
