import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Lane } from '../../faults/world/lane.ts'
import { type Answer, type Ask, type Gateway, publish } from '../../faults/world/requests.ts'
import { World } from '../../faults/world/world.ts'
import { middayTimezone } from '../../support/midday.ts'
import { shardsEnv, temporaryFolder, testShards } from '../../support/servers/servers.ts'
import { waitFor } from '../../support/wait.ts'

const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const base = '/v1/campaigns/written'
const admin = `/admin${base}`
const definition = {
  id: 'written',
  title: 'Written',
  timezone: middayTimezone,
  opensAt: iso(Date.now() - HOUR),
  closesAt: iso(Date.now() + HOUR),
  activities: [
    {
      id: 'talk',
      kind: 'discussion',
      subjects: ['topic', 'share'],
      topics: [{ id: 'news', title: 'News' }],
      reward: { points: 5 }
    },
    {
      id: 'asked',
      kind: 'survey',
      questions: [{ id: 'why', type: 'text', title: 'Why' }],
      reward: { points: 5 }
    },
    { id: 'sharing', kind: 'share', subjects: ['campaign'], verifiedBy: 'visit', channels: { community: {} } },
    { id: 'visit', kind: 'task', per: 'campaign', reward: { points: 1 } }
  ]
}

const folder = temporaryFolder(t)
const cli = fileURLToPath(new URL('../../../src/cli.js', import.meta.url))
const lane = await Lane.start({ folder: join(folder, 'lane'), given: {} })
t.teardown(() => lane.stop())
const world = await World.start({
  lane,
  cli,
  folder: join(folder, 'world'),
  spec: { gateways: 1, lines: ['gateway-postgres'], env: shardsEnv(testShards) }
})
t.teardown(() => world.stop())
await publish(world, definition)

/** What users write: how it is sent, where everybody who may reads it, and where Postgres has it. */
interface Kind {
  readonly request: (text: string) => Omit<Ask, 'key'>
  readonly member: string
  readonly read: () => Promise<string>
  readonly decisions: string
  readonly rows: string
}

const kinds: Readonly<Record<'comment' | 'answer', Kind>> = {
  comment: {
    request: (text) => ({
      method: 'POST',
      path: `${base}/discussions/talk/comments`,
      body: { subject: { type: 'topic', id: 'news' }, text }
    }),
    member: 'comment',
    read: async () => JSON.stringify((await world.ask('reader', { path: `${base}/discussions/talk/comments` })).body),
    decisions: 'comment.posted',
    rows: 'select comment_id as id from comments where user_id = $1 and text = $2'
  },
  answer: {
    request: (text) => ({ method: 'POST', path: `${base}/surveys/asked/answers`, body: { answers: { why: text } } }),
    member: 'answer',
    read: async () => JSON.stringify((await world.admin({ path: `${admin}/surveys/asked/results` })).body),
    decisions: 'survey.answered',
    rows: `select answer_id as id from survey_answers where user_id = $1 and answers -> 'texts' ->> 'why' = $2`
  }
}

const ofUser = async (sql: string, ...values: string[]) => (await world.pool.query<{ id: string }>(sql, values)).rows
const kept = (user: string) => ofUser('select key as id from user_texts where user_id = $1', user)
const fieldsOf = (user: string) => world.withRedis((redis) => redis.keys(`*u:${user}`))

/** Asks with one key until the answer is definite, as storefronts and operators do. */
async function definite(ask: () => Promise<Answer>): Promise<Answer> {
  let answer: Answer = { status: 0, body: undefined }
  const isDefinite = async () => {
    answer = await ask()
    return ![0, 202, 503].includes(answer.status)
  }
  await waitFor(isDefinite, { what: 'a definite answer' })
  return answer
}

const asked = (user: string, ask: Ask) => definite(() => world.ask(user, ask))
const operated = (ask: Ask & { readonly key: string }) => definite(() => world.admin(ask))

/** Waits until a text is read exactly once, under the decision that was answered. */
async function standsOnce(kind: Kind, user: string, written: { text: string; id: string }): Promise<void> {
  const { text, id } = written
  const isRead = async () => (await kind.read()).split(text).length === 2
  await waitFor(isRead, { what: `${text} to be read once` })
  t.same(await ofUser(kind.rows, user, text), [{ id }])
  const decided = `select shard || '-' || epoch || '-' || sequence as id from decisions where user_id = $1 and type = $2`
  t.same(await ofUser(decided, user, kind.decisions), [{ id }], 'one decision')
  await waitFor(async () => (await kept(user)).length === 0, { what: 'nothing to be kept beside it' })
}

const idIn = ({ body }: Answer, member: string) => (body as Record<string, { id: string }>)[member]?.id ?? ''

/** Sends a text to a gateway of its own that ends itself at a point. */
async function lostAt(point: string, user: string, ask: Ask): Promise<void> {
  const gateway: Gateway = await world.startGateway(`${point}:kill:1`)
  await world.ready()
  const shown = async () => (await world.ask(user, { path: base }, gateway)).status === 200
  await waitFor(shown, { what: 'the gateway to show the campaign' })
  const isLost = async () => (await world.ask(user, ask, gateway)).status === 0
  await waitFor(isLost, { what: 'the answer to be lost' })
  t.comment(await gateway.child.hit(point))
  t.equal(await gateway.child.end(), 'signal SIGKILL')
}

for (const [name, kind] of Object.entries(kinds)) {
  for (const point of ['G1', 'G3', 'G4', 'G5']) {
    t.test(`a gateway that is killed at ${point} leaves no text without its decision: ${name}`, async (t) => {
      const user = `${name}-${point}`.toLowerCase()
      const text = `text of ${user}`
      const request = { ...kind.request(text), key: `key-of-${user}` }
      await lostAt(point, user, request)
      if (point === 'G1') {
        t.equal((await kept(user)).length, 1, 'kept before the gate was to decide')
        t.same(await fieldsOf(user), [], 'and nothing was decided')
        t.notMatch(await kind.read(), text)
      }
      const answer = await asked(user, request)
      t.equal(answer.status, 201)
      const id = idIn(answer, kind.member)
      await standsOnce(kind, user, { text, id })
      const again = await asked(user, request)
      t.same(again.body, answer.body)
      await standsOnce(kind, user, { text, id })
      const balances = (await asked(user, { path: `${base}/me` })).body
      t.match(balances, { balances: { points: 5 } }, 'rewarded once')
    })
  }

  for (const fault of ['refused', 'silent'] as const) {
    t.test(`while Postgres is away (${fault}), a text is refused before the gate decides: ${name}`, async (t) => {
      const line = world.line('gateway-postgres')
      const user = `${name}-${fault}`
      const text = `text of ${user}`
      const request = { ...kind.request(text), key: `key-of-${user}` }
      if (fault === 'refused') line.cut({ refuseNew: true })
      else line.blackHole()
      try {
        t.match(await world.ask(user, request), { status: 503, body: { code: 'UNAVAILABLE', retryAfterMs: Number } })
        t.same(await fieldsOf(user), [], 'nothing was decided')
        const without = {
          method: 'POST',
          path: `${base}/tasks/visit/completions`,
          body: {},
          key: 'key-of-visitor'
        } as const
        t.equal((await asked(`visitor-of-${user}`, without)).status, 201, 'what has no text goes on')
      } finally {
        line.heal()
      }
      const answer = await asked(user, request)
      t.equal(answer.status, 201, 'by itself, with the same key')
      await standsOnce(kind, user, { text, id: idIn(answer, kind.member) })
      t.match((await asked(user, { path: `${base}/me` })).body, { balances: { points: 5 } })
    })
  }
}

t.test('a share that is voided is talked about no more; what was said before stands', async (t) => {
  const share = { channel: 'community', subject: { type: 'campaign', id: 'written' } }
  const shared = await asked('ben', { method: 'POST', path: `${base}/shares`, body: share, key: 'share-of-ben' })
  const subject = { type: 'share', id: idIn(shared, 'share') }
  const at = (path: string, key: string, body: object) =>
    asked('cem', { method: 'POST', path: `${base}/discussions/talk/${path}`, key, body })
  const first = { subject, text: 'before it was voided' }
  const said = await at('comments', 'first-of-cem', first)
  t.equal(said.status, 201)
  const comment = idIn(said, 'comment')
  const voided = await operated({
    method: 'DELETE',
    path: `${admin}/shares/${subject.id}?reason=a+test`,
    key: 'void-the-share'
  })
  t.equal(voided.status, 200)
  const refused = { status: 409, body: { code: 'VOIDED' } }
  t.match(await at('comments', 'late-of-cem', { subject, text: 'too late' }), refused)
  t.match(await at('comments', 'reply-of-cem', { subject, text: 'too late', replyTo: comment }), refused)
  t.match(await at('likes', 'like-of-cem', { subject }), refused)
  t.same((await at('comments', 'first-of-cem', first)).body, said.body, 'what was decided is told again')
  const list = async () =>
    (await asked('ann', { path: `${base}/discussions/talk/comments?type=share&id=${subject.id}` })).body as {
      comments: number
    }
  await waitFor(async () => (await list()).comments === 1, { what: 'the comment to be read' })
  t.match(await list(), { items: [{ id: comment, text: first.text }] })
  t.match(await at('likes', 'like-of-comment', { subject: { type: 'comment', id: comment } }), { status: 201 })
  const path = `${admin}/discussions/talk/comments/${comment}/visibility`
  const hidden = await operated({
    method: 'POST',
    path,
    body: { visible: false, reason: 'a test' },
    key: 'hide-the-comment'
  })
  t.equal(hidden.status, 201)
  await waitFor(async () => (await list()).comments === 0, { what: 'the comment to be hidden' })
})
