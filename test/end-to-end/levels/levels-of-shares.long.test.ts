import { randomUUID } from 'node:crypto'
import t from 'tap'
import { Shop } from '../../support/http/storefront.ts'
import { Books } from '../../support/judging/books.ts'
import { startStack } from '../../support/servers/stack.ts'
import { waitFor } from '../../support/wait.ts'

// Levels that rest on shares and what these lead to: earned by what others do, used, and lost, by HTTP alone. Whoever shares and whoever
// looks, buys or registers live in different shards when there are several.

const campaign = 'sharers'
const base = `/v1/campaigns/${campaign}`
const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()

const stack = await startStack(t)
const books = new Books(stack.file())
t.teardown(() => books.close())
const shop = new Shop(stack)
await stack.publish({
  id: campaign,
  title: 'Sharers',
  timezone: 'Asia/Shanghai',
  opensAt: iso(now - HOUR),
  closesAt: iso(now + 5 * HOUR),
  levels: [
    { id: 1, when: { shares: 1, visits: 2 }, privileges: { discountPercent: 10 } },
    {
      id: 2,
      when: { shares: 1, registrations: 1, orders: 1, conversions: 2 },
      privileges: { discountPercent: 50, flags: ['partner'] }
    }
  ],
  activities: [
    { id: 'sharing', kind: 'share', verifiedBy: 'visit', channels: { wechat: {} } },
    {
      id: 'phone',
      kind: 'sale',
      title: 'Phone',
      price: 100,
      currency: 'CNY',
      levelDiscount: true,
      unitsPerUser: 9,
      sessions: [{ id: 'am', opensAt: iso(now - HOUR), closesAt: iso(now + 5 * HOUR), stock: 50 }]
    }
  ]
} as { id: string })

interface Mine {
  readonly level: number
  readonly levels: { readonly counts: Record<string, number>; readonly history: readonly object[] }
}

const post = (user: string, path: string, body: object) =>
  shop.ask(`${base}/${path}`, { method: 'POST', user, key: randomUUID(), body })
const me = async (user: string) => (await shop.ask(`${base}/me`, { user })).body as unknown as Mine
const look = (id: string, user?: string) => shop.ask(`${base}/shares/${id}`, { ...(user !== undefined && { user }) })
const reaches = (user: string, level: number, changes: number) =>
  waitFor(
    async () => {
      const mine = await me(user)
      return mine.level === level && mine.levels.history.length === changes
    },
    { what: `${user} to have level ${level} after ${changes} changes` }
  )
const buy = async (user: string) => {
  const { status, body } = await post(user, 'sales/phone/orders', { quantity: 1 })
  t.equal(status, 201)
  return body.order as { id: string; unitPrice: number }
}

const made = await post('ann', 'shares', { channel: 'wechat', subject: { type: 'goods', id: 'phone' } })
const { id } = made.body.share as { id: string }
let ordered = ''

t.test('a share that was verified and visited often enough gives a level, and the level its price', async (t) => {
  t.match(await me('ann'), { level: 0, levels: { counts: { shares: 0, visits: 0, conversions: 0 }, history: [] } })
  await look(id, 'ann')
  await look(id, 'cat')
  await look(id, 'cat')
  const isSeen = async () => (await me('ann')).levels.counts.visits === 1
  await waitFor(isSeen, { what: 'the visit of somebody else, once' })
  t.match(await me('ann'), { level: 0, levels: { counts: { shares: 1, visits: 1 } } })
  t.match(await buy('ann'), { unitPrice: 100 })
  await look(id)
  await reaches('ann', 1, 1)
  t.match((await me('ann')).levels.history, [{ from: 0, to: 1, why: { shares: 1, visits: 2, orders: 0 } }])
  t.match(await buy('ann'), { unitPrice: 90 })
  t.match(await me('cat'), { level: 0, levels: { counts: { shares: 0, visits: 0 } } })
})

t.test('orders and registrations that came by it give the next one, told once whoever is killed', async (t) => {
  ordered = (await buy('cat')).id
  await waitFor(async () => (await me('ann')).levels.counts.orders === 1, { what: 'the order to be counted' })
  const killed = stack.kill('worker')
  const path = `/service/v1/campaigns/${campaign}/users/eve/registration`
  const report = { sourceEventId: 'crm-1', registeredAt: iso(now), share: id }
  t.match(await stack.operate({ method: 'POST', path, body: report }), { status: 200 })
  t.match(await stack.operate({ method: 'POST', path, body: report }), { status: 200 })
  await waitFor(() => stack.isReplaced('worker', killed), { what: 'the worker to run again' })
  await reaches('ann', 2, 2)
  t.match(await me('ann'), { levels: { counts: { registrations: 1, orders: 1, conversions: 2 } } })
  t.match(await buy('ann'), { unitPrice: 50 })
})

t.test('an order that is cancelled lowers it, and so does a share that is voided', async (t) => {
  await stack.operate({ method: 'POST', path: `/admin/v1/orders/${ordered}/cancellation`, body: {} })
  await reaches('ann', 1, 3)
  t.match(await buy('ann'), { unitPrice: 90 })
  const path = `/admin/v1/campaigns/${campaign}/shares/${id}?reason=test`
  t.match(await stack.operate({ method: 'DELETE', path }), { status: 200 })
  await reaches('ann', 0, 4)
  t.match(await me('ann'), { levels: { counts: { shares: 0, visits: 0, registrations: 0, orders: 0 } } })
  t.match(await buy('ann'), { unitPrice: 100 })
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  t.same(await books.unbalanced(), [])
  t.same(await books.rows('select 1 from level_recounts'), [], 'nobody is left to be counted')
  t.same(
    await books.rows(
      `select request ->> 'to' as "to" from decisions where type = 'level.changed' order by epoch, sequence`
    ),
    [{ to: '1' }, { to: '2' }, { to: '1' }, { to: '0' }]
  )
})
