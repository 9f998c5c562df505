import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import t from 'tap'
import { Shop } from '../support/http/storefront.ts'
import { assertEvents } from '../support/judging/assert-events.ts'
import { Books } from '../support/judging/books.ts'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'
import { growthCampaign } from './growth-campaign.ts'

// One campaign in which users share, are visited, helped, and buy what only helped users may buy; by HTTP alone.
// Sharers and those who visit or help them live in different shards when there are several.

const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()
const campaign = 'growth'
const base = `/v1/campaigns/${campaign}`

const stack = await startStack(t)
const definition = growthCampaign(campaign, now)
await stack.publish(definition)
const shop = new Shop(stack)
const books = new Books(stack.file())
t.teardown(() => books.close())

const share = async (user: string, body: object = {}, key: string = randomUUID()) => {
  const asked = { channel: 'wechat', subject: { type: 'goods', id: 'phone' }, ...body }
  return shop.ask(`${base}/shares`, { method: 'POST', user, key, body: asked })
}
const shareOf = async (user: string, body: object = {}) => {
  const { body: made } = await share(user, body)
  return (made.share as { id: string }).id
}
const look = (id: string, user?: string, headers: Record<string, string> = {}) =>
  shop.ask(`${base}/shares/${id}`, { ...(user !== undefined && { user }), headers })
const help = (id: string, user: string, key: string = randomUUID()) =>
  shop.ask(`${base}/shares/${id}/assists`, { method: 'POST', user, key, body: {} })
const me = async (user: string) => (await shop.ask(`${base}/me`, { user })).body
const points = async (user: string) => ((await me(user)).balances as Record<string, number>).points
const rights = async (user: string) => JSON.stringify((await me(user)).entitlements)
const remove = (path: string) =>
  stack.operate({ method: 'DELETE', path: `/admin/v1/campaigns/${campaign}/${path}?reason=test` })
/** A user's score on the board of shares; 0 for who is not on it. */
async function shared(user: string): Promise<number> {
  const { body } = await shop.ask(`${base}/leaderboards/sharers`, { user })
  return (body.me as { score: number } | null)?.score ?? 0
}
/** Whether whatever follows from what was decided so far stands. */
async function isFollowed(): Promise<boolean> {
  const behind = await books.rows(
    `select 1 from shards join reader_places using (shard) where reader_places.name = 'following'
       and (reader_places.epoch, reader_places.sequence) < (position_epoch, position_sequence)
     union all select 1 from credits where next_attempt_at is not null`
  )
  return (await books.atRest()) && behind.length === 0
}
const refused = (status: number, code: string, members: object = {}) => ({ status, body: { code, ...members } })

t.test('a share has a card in the language of its reader, and is known from its 201 on', async (t) => {
  const key = randomUUID()
  const made = await share('ann', {}, key)
  t.match(made, {
    status: 201,
    body: {
      outcome: 'confirmed',
      share: {
        channel: 'wechat',
        subject: { type: 'goods', id: 'phone' },
        status: 'created',
        url: /^https:\/\/shop\.example\/s\/\d-\d+-\d+$/,
        card: {
          title: 'Phone',
          text: 'A new phone',
          image: 'https://shop.example/phone.png',
          price: 299900,
          currency: 'CNY'
        }
      }
    }
  })
  const { id } = made.body.share as { id: string }
  t.equal(made.body.eventId, id)
  const page = await look(id, undefined, { 'accept-language': 'zh-CN', purpose: 'prefetch' })
  t.match(page, {
    status: 200,
    body: { id, status: 'created', mine: false, card: { title: '手机' }, assists: { count: 0 } }
  })
  t.notOk('clicks' in page.body, 'figures are for its user only')
  t.match((await share('ann', {}, key)).body.share, { id }, 'the same key makes the same share')
  t.match(await share('ann', { channel: 'qq' }, key), refused(400, 'VALIDATION'), 'an unknown channel')
  t.match(await share('ann', { subject: { type: 'goods', id: 'none' } }), refused(400, 'VALIDATION'))
  t.match(await share('ann', { subject: { type: 'campaign', id: 'phone' } }), refused(400, 'VALIDATION'))
  t.match(await share('ann', { channel: 'weibo' }, key), refused(422, 'KEY_REUSED'))
  t.match(await look('0-1-1'), refused(404, 'NOT_FOUND'))
})

t.test('looks are counted once a visitor, and one of somebody else who is signed in verifies', async (t) => {
  const id = await shareOf('cat')
  const agent = { 'user-agent': 'Mozilla/5.0 (one)' }
  for (const headers of [agent, agent, { 'user-agent': 'Mozilla/5.0 (two)' }]) await look(id, undefined, headers)
  await look(id, undefined, { 'user-agent': 'Googlebot/2.1' })
  await look(id, undefined, { 'user-agent': 'WhatsApp/2.0' })
  await look(id, 'cat')
  const mine = async () => (await look(id, 'cat')).body
  await waitFor(async () => (await mine()).clicks === 2, { what: 'two clicks' })
  t.match(await mine(), { clicks: 2, repeats: 1, bots: 1, status: 'created', conversions: 0, mine: true })
  t.equal(await points('cat'), 0)
  await look(id, 'ben')
  await waitFor(async () => (await points('cat')) === 2, { what: 'the reward of the channel' })
  t.match(await mine(), { clicks: 3, status: 'verified' })

  const second = await shareOf('cat')
  await look(second, 'ben')
  await waitFor(async () => (await look(second, 'cat')).body.status === 'verified')
  const weibo = await shareOf('cat', { channel: 'weibo' })
  await look(weibo, 'ben')
  await waitFor(async () => (await points('cat')) === 9, { what: 'the reward of the other channel' })
  t.equal(await points('cat'), 9, 'the second of a day on one channel is verified, and not rewarded')

  await waitFor(async () => (await shared('cat')) === 3, {
    what: 'the board to count the one that was not rewarded too'
  })

  t.match(await remove(`shares/${weibo}`), { status: 200, body: { share: { id: weibo, status: 'voided' } } })
  await waitFor(async () => (await points('cat')) === 2, { what: 'the reward of the voided share to be taken back' })
  await waitFor(async () => (await shared('cat')) === 2, { what: 'the board to count the voided share no more' })
  t.match((await look(weibo, 'cat')).body, { status: 'voided' })
  t.match(await remove(`shares/${weibo}`), refused(409, 'VOIDED'))
  t.match(await help(weibo, 'ben'), refused(409, 'VOIDED'))
})

t.test('a service verifies too, each event once; an order counts for the share that was visited last', async (t) => {
  const id = await shareOf('eve', { channel: 'weibo' })
  const path = `/service/v1/campaigns/${campaign}/shares/${id}/verification`
  const report = (sourceEventId: string, verified: boolean) =>
    stack.operate({ method: 'POST', path, body: { sourceEventId, verified } })
  t.match(await report('e1', false), { status: 200, body: { status: 'created', repeated: false } })
  t.match(await report('e1', true), refused(409, 'CONFLICT'))
  t.match(await report('e2', true), { status: 200, body: { status: 'verified', repeated: false } })
  t.match(await report('e2', true), { status: 200, body: { repeated: true } })
  t.match(await report('e3', true), { status: 200 })
  await waitFor(async () => (await points('eve')) === 7)

  await look(id, 'hal')
  await waitFor(async () => (await look(id, 'eve')).body.clicks === 1)
  const order = await shop.ask(`${base}/sales/case/orders`, {
    method: 'POST',
    user: 'hal',
    key: randomUUID(),
    body: { quantity: 1 }
  })
  t.equal(order.status, 201)
  await waitFor(async () => (await look(id, 'eve')).body.conversions === 1, { what: 'the conversion' })
  t.match(await stack.operate({ method: 'GET', path: `/admin/v1/campaigns/${campaign}/shares` }), {
    status: 200,
    body: { items: [{}, { channel: 'weibo', subject: 'goods', orders: 1 }] }
  })
  const { id: bought } = order.body.order as { id: string }
  await stack.operate({ method: 'POST', path: `/admin/v1/orders/${bought}/cancellation`, body: {} })
  await waitFor(async () => (await look(id, 'eve')).body.conversions === 0, { what: 'the conversion to be undone' })
  t.equal(await points('eve'), 7)
})

t.test('an experience has a text, and the community sees what was shared for it', async (t) => {
  const text = 'It rings.'
  const subject = { type: 'experience', id: 'phone' }
  const id = await shareOf('kim', { channel: 'community', subject, text })
  t.match(await share('kim', { text }), refused(400, 'VALIDATION'), 'goods have no text')
  const list = async () => (await shop.ask(`${base}/shares?channel=community`)).body.items as object[]
  await waitFor(async () => (await list()).length === 1)
  t.match(await list(), [{ id, text, user: 'k***', card: { title: 'Phone' } }])
  t.equal((await shop.ask(`${base}/shares?channel=wechat`)).status, 400)
  await remove(`shares/${id}`)
  await waitFor(async () => (await list()).length === 0, { what: 'the voided share to leave the page' })
})

t.test('helped three times, a user buys what is closed to others, once', async (t) => {
  const id = await shareOf('ann')
  const buy = (user: string) =>
    shop.ask(`${base}/sales/phone/orders`, { method: 'POST', user, key: randomUUID(), body: { quantity: 1 } })
  t.match(await buy('ann'), refused(403, 'NOT_ELIGIBLE', { requires: { entitlement: 'helped' } }))
  t.match(await help(id, 'ann'), refused(409, 'SELF_NOT_ALLOWED'))
  const key = randomUUID()
  const first = await help(id, 'ben', key)
  t.match(first, {
    status: 201,
    body: {
      assist: { share: id, count: 1, thresholds: [{ count: 2, reached: false }, { count: 3 }], credited: { stars: 1 } }
    }
  })
  t.match(await help(id, 'ben'), refused(409, 'ALREADY_DONE'))
  t.match((await help(id, 'ben', key)).body, first.body, 'a replay is no second assist')
  const helps = await Promise.all(['dan', 'gus'].map((user) => help(id, user)))
  t.match(helps, [{ status: 201 }, { status: 201 }])
  await waitFor(async () => (await rights('ann')).includes('helped'), { what: 'the right to buy' })
  t.match((await look(id, 'fay')).body.assists, { count: 3, thresholds: [{ reached: true }, { reached: true }] })
  await waitFor(async () => (await points('ann')) === 102, { what: 'the other threshold, and the share that fay saw' })

  const stars = async () => ((await me('ann')).balances as Record<string, number>).stars
  await waitFor(async () => (await stars()) === 12, { what: 'the tasks that count shares and assists' })

  const orders = await Promise.all([buy('ann'), buy('ann')])
  t.strictSame(orders.map(({ status }) => status).sort(), [201, 403], 'two orders in a race: one right')
  const bought = orders.find(({ status }) => status === 201) ?? orders[0]
  const { id: order } = bought.body.order as { id: string }
  await shop.ask(`/v1/orders/${order}/cancellation`, { method: 'POST', user: 'ann', key: randomUUID(), body: {} })
  await waitFor(async () => (await rights('ann')).includes('helped'), { what: 'the right to come back' })
  const unpaid = await buy('ann')
  t.equal(unpaid.status, 201)

  const { id: assist } = first.body.assist as { id: string }
  t.match(await remove(`assists/${assist}`), { status: 200, body: { assist: { status: 'voided' } } })
  await waitFor(isFollowed, { what: 'the right to be taken back' })
  t.equal((await help(id, 'jon')).status, 201, 'a fourth helps')
  await waitFor(async () => JSON.stringify((await look(id, 'ann')).body.assists).includes('"count":3'))
  await waitFor(isFollowed, { what: 'all of it to be followed' })
  t.match(await buy('ann'), refused(403, 'NOT_ELIGIBLE'), 'a threshold gives once')
  const { id: held } = unpaid.body.order as { id: string }
  await shop.ask(`/v1/orders/${held}/cancellation`, { method: 'POST', user: 'ann', key: randomUUID(), body: {} })
  t.match(await buy('ann'), refused(403, 'NOT_ELIGIBLE'), 'the voided right does not come back with its order')
})

t.test(
  'only new users help where the campaign says so, and each threshold is given once when the worker is killed',
  async (t) => {
    const id = 'fresh'
    const [, , sharing, help] = definition.activities
    const activities = [sharing, { ...help, newUsers: true, withinHours: 1 }]
    await stack.publish({ ...definition, ...{ id, activities } })
    const asked = { channel: 'weibo', subject: { type: 'campaign', id } }
    const made = await shop.ask(`/v1/campaigns/${id}/shares`, {
      method: 'POST',
      user: 'mia',
      key: randomUUID(),
      body: asked
    })
    const { id: helped } = made.body.share as { id: string }
    const aid = (user: string) =>
      shop.ask(`/v1/campaigns/${id}/shares/${helped}/assists`, { method: 'POST', user, key: randomUUID(), body: {} })
    t.match(await aid('kim'), refused(403, 'NOT_ELIGIBLE', { requires: { newUser: true } }))
    const register = (user: string, at: number) =>
      stack.operate({
        method: 'POST',
        path: `/service/v1/campaigns/${id}/users/${user}/registration`,
        body: { sourceEventId: `reg-${user}-${at}`, registeredAt: iso(at), share: helped }
      })
    await register('kim', now - 2 * HOUR)
    t.match(await aid('kim'), refused(403, 'NOT_ELIGIBLE'), 'registered before the campaign')
    for (const user of ['kim', 'ida', 'cat']) await register(user, now)
    stack.kill('worker')
    const statuses = await Promise.all(['kim', 'ida', 'cat'].map(async (user) => (await aid(user)).status))
    t.strictSame(statuses, [201, 201, 201])
    const mine = async () => (await shop.ask(`/v1/campaigns/${id}/me`, { user: 'mia' })).body
    await waitFor(async () => JSON.stringify(await mine()).includes('helped'), { what: 'the threshold after the kill' })
    await waitFor(isFollowed, { what: 'all of it to be followed' })
    t.match(await mine(), { balances: { points: 100 } })
    const page = await shop.ask(`/v1/campaigns/${id}/shares/${helped}`, { user: 'mia' })
    t.match(page.body, { assists: { count: 3 }, converted: { registrations: 3 } }, 'also those of before it was stored')
  }
)

t.test('a helper helps so many shares a day', async (t) => {
  const sharers = ['ann', 'cat', 'eve', 'fay']
  const statuses: number[] = []
  for (const sharer of sharers) statuses.push((await help(await shareOf(sharer), 'leo')).status)
  t.strictSame(statuses, [201, 201, 201, 409])
  t.match(await help(await shareOf('ann'), 'leo'), refused(409, 'LIMIT_REACHED', { scope: 'day', limit: 3 }))
})

t.test(
  'the books balance, no text of a user is in the journal, and all of it is there after Redis was wiped',
  async (t) => {
    await waitFor(isFollowed, { what: 'all of it to be followed' })
    t.same(await books.unbalanced(), [])
    t.same(
      await books.rows(`select 1 from decisions where request::text like '%It rings%' or report like '%It rings%'`),
      []
    )
    const before = await Promise.all(['ann', 'ben', 'cat'].map(me))
    const redis = new Redis(stack.file().redisUrl)
    await redis.flushall()
    redis.disconnect()
    const isBack = async () => (await shop.ask(`${base}/me`, { user: 'ann', once: true })).status === 200
    await waitFor(isBack, { what: 'the shard to be opened again' })
    t.same(await Promise.all(['ann', 'ben', 'cat'].map(me)), before)
    t.match(await help(await shareOf('ann'), 'leo'), refused(409, 'LIMIT_REACHED', { scope: 'day' }))
  }
)

t.test('every event has the data that its schema asks for', async (t) => {
  await assertEvents(t, stack.file())
})
