import { Redis } from 'ioredis'
import t from 'tap'
import { type Answer, type Ask, Shop } from '../support/http/storefront.ts'
import { assertEvents } from '../support/judging/assert-events.ts'
import { Books } from '../support/judging/books.ts'
import { startStack } from '../support/servers/stack.ts'
import { streamTexts } from '../support/servers/stream-texts.ts'
import { waitFor } from '../support/wait.ts'
import { street } from './discussion-campaign.ts'

const stack = await startStack(t)
const shop = new Shop(stack)
const books = new Books(stack.file())
t.teardown(() => books.close())

await stack.publish(street())

const news = { type: 'topic', id: 'news' }
const checkIn = { type: 'item', id: 'check-in' }
/** begins every text that is written here: no stream, no hash and no log may hold it */
const SECRET = 'Zyxw'
let keys = 0

const at = (discussion: string) => `/v1/campaigns/street/discussions/${discussion}`

function write(user: string, body: object, { discussion = 'talk', ...ask }: Ask & { discussion?: string } = {}) {
  keys += 1
  return shop.ask(`${at(discussion)}/comments`, {
    method: 'POST',
    user,
    key: `comment-${keys}`,
    body: { subject: news, text: `${SECRET} ${user} ${keys}`, ...body },
    ...ask
  })
}

function like(user: string, subject: object, { discussion = 'talk', ...ask }: Ask & { discussion?: string } = {}) {
  keys += 1
  const body = { subject }
  return shop.ask(`${at(discussion)}/likes`, { method: 'POST', user, key: `like-of-${keys}`, body, ...ask })
}

const list = async (query = '', discussion = 'talk') => (await shop.ask(`${at(discussion)}/comments${query}`)).body
const onNews = () => list('?type=topic&id=news') as Promise<{ items: Array<Record<string, unknown>>; comments: number }>
const idOf = ({ body }: Answer) => (body.comment as { id: string }).id
const refused = (status: number, code: string, members: object = {}) => ({ status, body: { code, ...members } })
const pointsOf = async (user: string) =>
  ((await shop.ask('/v1/campaigns/street/me', { user })).body.balances as { points: number }).points

const moderated = (discussion: string) => `/campaigns/street/discussions/${discussion}/comments`
const moderate = (discussion: string, comment: string, visible: boolean) =>
  shop.operate('POST', `${moderated(discussion)}/${comment}/visibility`, { visible, reason: 'as a test' })

/** Waits until the public list of the news holds exactly these texts, newest first, and counts them. */
const listed = (ids: readonly string[]) =>
  waitFor(
    async () => {
      const { items, comments } = await onNews()
      return comments === ids.length && items.map(({ id }) => id).join() === ids.join()
    },
    { what: `the comments ${ids.join()} to be listed` }
  )

let first = ''
let reply = ''

t.test('a comment is written once under its key, rewarded once a day, and read without a token', async (t) => {
  const answer = await write('ann', { text: `${SECRET} 价格?` }, { key: 'first-of-ann' })
  t.match(answer, {
    status: 201,
    body: {
      outcome: 'confirmed',
      requestId: 'first-of-ann',
      comment: { subject: news, status: 'shown', replyTo: null, postedAt: String, credited: { points: 5 } }
    }
  })
  first = idOf(answer)
  const again = await write('ann', { text: `${SECRET} 价格?` }, { key: 'first-of-ann' })
  t.same(again.body, answer.body)
  t.equal(again.headers.get('idempotent-replayed'), 'true')
  t.same((await shop.ask('/v1/requests/first-of-ann', { user: 'ann' })).body, answer.body)
  t.match(await write('ann', { text: `${SECRET} other` }, { key: 'first-of-ann' }), refused(422, 'KEY_REUSED'))

  const second = await write('cem', { replyTo: first })
  t.match(second, { status: 201, body: { comment: { replyTo: first } } }, 'usable from its 201 on')
  reply = idOf(second)
  await listed([reply, first])
  t.match((await onNews()).items, [
    { user: '***', replyTo: first, likes: 0 },
    { user: '***', text: `${SECRET} 价格?`, subject: news, replyTo: null }
  ])
  t.match(await list('?limit=1'), { items: [{ id: reply }], nextCursor: String, comments: null })
  const { nextCursor } = await list('?limit=1')
  t.match(await list(`?limit=1&cursor=${nextCursor}`), { items: [{ id: first }], nextCursor: null })
  t.match(await list('?type=topic&id=weather'), { items: [], comments: 0, likes: 0, nextCursor: null })
})

t.test('what is wrong is refused by its code, at the limit and one beyond', async (t) => {
  t.match(await write('ann', { text: '   ' }), refused(400, 'VALIDATION'))
  t.match(await write('ann', { text: 'x'.repeat(41) }), refused(400, 'VALIDATION', { errors: [{ pointer: '/text' }] }))
  t.match(await write('ann', { text: SECRET + '价'.repeat(36) }), { status: 201 }, 'characters are counted, not bytes')
  t.match(
    await write('ann', { subject: { type: 'share', id: '0-1-2' } }),
    refused(400, 'VALIDATION', { errors: [{ pointer: '/subject/type' }] })
  )
  t.match(
    await write('ann', { subject: news }, { discussion: 'careful' }),
    refused(400, 'VALIDATION', { errors: [{ pointer: '/subject/type' }] })
  )
  t.match(await write('ann', { subject: { type: 'topic', id: 'sports' } }), refused(404, 'NOT_FOUND'))
  t.match(await write('ann', { subject: { type: 'item', id: 'phone' } }), refused(404, 'NOT_FOUND'))
  t.match(await write('ann', { replyTo: '0-1-2' }), refused(404, 'NOT_FOUND'))
  t.match(await write('ann', { subject: checkIn, replyTo: first }), refused(400, 'VALIDATION'))
  t.match(await write('ann', { more: 1 }), refused(400, 'VALIDATION'))
  t.match(await write('ann', {}, { discussion: 'check-in' }), refused(404, 'NOT_FOUND'))
  t.match(await list('?type=topic'), { code: 'VALIDATION' })
  t.match(await list('?type=topic&id=sports'), { code: 'NOT_FOUND' })
  t.match(await list('', 'check-in'), { code: 'NOT_FOUND' })
  t.match(await write('ann', { subject: checkIn }), { status: 201, body: { comment: { credited: {} } } })
  t.match(
    await write('ann', { subject: checkIn, text: `${SECRET} refused` }),
    refused(409, 'LIMIT_REACHED', { scope: 'day', limit: 3, resetsAt: String })
  )
  t.match((await shop.ask('/v1/campaigns/street/me', { user: 'ann' })).body.activities, [
    {},
    { id: 'talk', today: { count: 3, limit: 3, left: 0 } }
  ])
  await waitFor(async () => (await pointsOf('ann')) === 105, { what: 'the goal of three comments to be reached' })
  const refusedTexts = () => books.rows(`select 1 from user_texts where text like '%refused'`)
  await waitFor(async () => (await refusedTexts()).length === 0, { what: 'a refused text to be forgotten' })
  t.same(await books.rows(`select 1 from comments where text like '%refused'`), [])
})

t.test('a thing is liked once by each user, in a race too, and a comment as well', async (t) => {
  const raced = await Promise.all([1, 2, 3, 4].map(() => like('ann', news)))
  t.equal(raced.filter(({ status }) => status === 201).length, 1)
  t.match(
    raced.filter(({ status }) => status !== 201),
    [1, 2, 3].map(() => refused(409, 'ALREADY_DONE'))
  )
  const second = await like('cem', news, { key: 'like-of-cem' })
  t.match(second, { status: 201, body: { like: { subject: news, count: 2 } } })
  t.match(await like('eva', news), { status: 201, body: { like: { count: 3 } } })
  t.same((await like('cem', news, { key: 'like-of-cem' })).body, second.body, 'a replay has the count of then')
  t.match(await like('cem', { type: 'comment', id: first }), { status: 201, body: { like: { count: 1 } } })
  t.match(await like('cem', { type: 'comment', id: first }), refused(409, 'ALREADY_DONE'))
  t.match(await like('cem', { type: 'comment', id: '0-1-2' }), refused(404, 'NOT_FOUND'))
  t.match(await like('cem', { type: 'weather', id: 'news' }), refused(400, 'VALIDATION'))
  await waitFor(async () => (await list('?type=topic&id=news')).likes === 3, { what: 'three likes to be counted' })
  const likes = async () => (await onNews()).items.find(({ id }) => id === first)?.likes
  await waitFor(async () => (await likes()) === 1, { what: 'the like of a comment to be counted' })
})

t.test('hidden, restored, hidden: lists and counts follow, and nothing is rewarded or taken again', async (t) => {
  const ids = (await onNews()).items.map(({ id }) => String(id))
  t.equal(ids.length, 3)
  const rest = ids.filter((id) => id !== first)
  const hidden = await moderate('talk', first, false)
  t.match(hidden, { status: 201, body: { eventId: String, comment: { id: first, status: 'hidden', user: 'ann' } } })
  t.match(await like('eva', { type: 'comment', id: first }), refused(404, 'NOT_FOUND'), 'at once')
  t.match(await write('eva', { replyTo: first }), refused(404, 'NOT_FOUND'))
  t.match(await moderate('talk', first, false), refused(409, 'ALREADY_DONE'))
  await listed(rest)
  t.match(await shop.operate('GET', `${moderated('talk')}?status=hidden`), {
    body: { items: [{ id: first, user: 'ann', text: `${SECRET} 价格?`, status: 'hidden', likes: 1 }] }
  })
  t.match(await moderate('talk', first, true), { status: 201, body: { comment: { status: 'shown' } } })
  await listed(ids)
  t.match(await moderate('talk', first, false), { status: 201 })
  await listed(rest)
  t.equal(await pointsOf('ann'), 105)
  t.same((await write('ann', { text: `${SECRET} 价格?` }, { key: 'first-of-ann' })).body.outcome, 'confirmed')
  t.match(await moderate('careful', first, true), refused(404, 'NOT_FOUND'))
  const audit = await shop.operate('GET', `/audit?target=comment:${first}`)
  t.match(audit.body.items, [
    { action: 'comment.hidden', reason: 'as a test', before: { status: 'shown' }, after: { status: 'hidden' } },
    { action: 'comment.restored' },
    { action: 'comment.hidden' }
  ])
})

t.test('a comment that waits shows nowhere until a service lets it', async (t) => {
  const waiting = await write('ann', { subject: checkIn }, { discussion: 'careful' })
  t.match(waiting, { status: 201, body: { comment: { status: 'waiting' } } })
  const id = idOf(waiting)
  const queue = async () => (await shop.operate('GET', `${moderated('careful')}?status=waiting`)).body.items
  await waitFor(async () => ((await queue()) as unknown[]).length === 1, { what: 'the comment to wait' })
  t.match(await list('?type=item&id=check-in', 'careful'), { items: [], comments: 0 })
  t.match(await list('', 'careful'), { items: [] })
  t.match(await like('eva', { type: 'comment', id }, { discussion: 'careful' }), refused(404, 'NOT_FOUND'))
  t.match(await write('eva', { subject: checkIn, replyTo: id }, { discussion: 'careful' }), refused(404, 'NOT_FOUND'))
  t.match((await shop.operate('GET', `${moderated('careful')}/${id}`)).body, {
    id,
    user: 'ann',
    status: 'waiting',
    text: new RegExp(SECRET)
  })
  t.match(await moderate('careful', id, true), { status: 201, body: { comment: { status: 'shown' } } })
  const shown = async () => (await list('?type=item&id=check-in', 'careful')).comments === 1
  await waitFor(shown, { what: 'the comment to show' })
  t.match(await like('eva', { type: 'comment', id }, { discussion: 'careful' }), { status: 201 })
})

t.test('a share is talked about from its 201 on', async (t) => {
  const body = { channel: 'community', subject: { type: 'campaign', id: 'street' } }
  const shared = await shop.ask('/v1/campaigns/street/shares', {
    method: 'POST',
    user: 'cem',
    key: 'share-of-cem',
    body
  })
  const subject = { type: 'share', id: (shared.body.share as { id: string }).id }
  const said = await write('eva', { subject }, { discussion: 'careful' })
  t.match(said, { status: 201, body: { comment: { subject } } }, 'usable from its 201 on')
  t.match(await like('eva', subject, { discussion: 'careful' }), { status: 201, body: { like: { count: 1 } } })
  t.match(await list(`?type=share&id=${subject.id}`, 'careful'), { items: [], comments: 0 })
  for (const id of ['0-1-2', idOf(said), 'news']) {
    const wrong = { subject: { type: 'share', id } }
    t.match(await write('eva', wrong, { discussion: 'careful' }), refused(404, 'NOT_FOUND'), id)
  }
})

t.test('other systems hear ids and never a text; no text is in journal, Redis or log', async (t) => {
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  let told: Array<{ type: string; subject: string; data: Record<string, unknown> }> = []
  const ofComments = async () => {
    const { events } = await streamTexts(stack.file())
    told = events.map((text) => JSON.parse(text))
    return told.filter(({ type }) => type === 'floodgate.comment.restored').length === 2
  }
  await waitFor(ofComments, { what: 'the events to be told' })
  t.match(
    told.filter(({ subject }) => subject === first),
    [
      {
        type: 'floodgate.comment.posted',
        data: { comment: first, discussion: 'talk', subject: news, status: 'shown' }
      },
      { type: 'floodgate.comment.hidden', data: { comment: first, reason: 'as a test', entityVersion: 2 } },
      { type: 'floodgate.comment.restored', data: { status: 'shown', entityVersion: 3 } },
      { type: 'floodgate.comment.hidden', data: { entityVersion: 4 } }
    ]
  )
  t.match(
    told.filter(({ type, data }) => type === 'floodgate.comment.posted' && data.status === 'waiting'),
    [{ data: { discussion: 'careful', replyTo: null } }, { data: { subject: { type: 'share' } } }]
  )
  t.equal(told.filter(({ type }) => type === 'floodgate.like.given').length, 6)
  const { journal, events } = await streamTexts(stack.file())
  t.ok(journal.length > 0)
  t.notMatch([...journal, ...events].join('\n'), SECRET)
  t.notMatch(stack.log(), SECRET)
  t.notMatch(JSON.stringify(await Promise.all(['ann', 'cem', 'eva'].map((user) => books.hash(`u:${user}`)))), SECRET)
  t.same(await books.rows(`select 1 from decisions d where d::text like '%${SECRET}%'`), [], 'no decision holds a text')
  t.same(await books.rows(`select 1 from audit a where a::text like '%${SECRET}%'`), [])
  t.same(await books.unbalanced(), [])
})

t.test('a wipe of Redis changes nothing of it', async (t) => {
  const before = await onNews()
  const users = ['ann', 'cem', 'eva']
  const hashes = async () => {
    const all = await Promise.all(users.map((user) => books.hash(`u:${user}`)))
    return all.map((hash) => Object.fromEntries(Object.entries(hash).filter(([field]) => !field.startsWith('q:'))))
  }
  const was = await hashes()
  const redis = new Redis(stack.file().redisUrl, { maxRetriesPerRequest: 5 })
  await redis.multi().flushall().script('FLUSH').exec()
  redis.disconnect()
  t.match(await like('cem', news), refused(409, 'ALREADY_DONE'), 'once the shard is open again')
  // the shards of others may open later
  await waitFor(async () => (await hashes()).every((hash) => Object.keys(hash).length > 0), {
    what: 'all users in Redis'
  })
  t.strictSame(await hashes(), was)
  t.match(await write('ann', { subject: checkIn }), refused(409, 'LIMIT_REACHED', { scope: 'day' }))
  t.match(await like('eva', { type: 'comment', id: first }), refused(404, 'NOT_FOUND'), 'hidden is hidden')
  t.match(await moderate('talk', first, true), { status: 201 })
  t.match(await like('eva', { type: 'comment', id: first }), { status: 201, body: { like: { count: 2 } } })
  t.same((await onNews()).items.length >= before.items.length, true)
})

t.test('every event has the data that its schema asks for', async (t) => {
  await assertEvents(t, stack.file())
})
