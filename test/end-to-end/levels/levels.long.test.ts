import { Redis } from 'ioredis'
import t from 'tap'
import { Books } from '../../support/judging/books.ts'
import { startStack } from '../../support/servers/stack.ts'
import { waitFor } from '../../support/wait.ts'
import { walker } from '../every-kind-campaign.ts'

// Levels that users earn by points and by what they bought: reached, used, lost, and the same after a recovery, by HTTP alone.

const campaign = 'levels'
const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()

const stack = await startStack(t)
const books = new Books(stack.file())
const redis = new Redis(stack.file().redisUrl)
t.teardown(() => {
  redis.disconnect()
  return books.close()
})
const session = (id: string, opensAt: number) => ({
  id,
  opensAt: iso(opensAt),
  closesAt: iso(opensAt + HOUR),
  stock: 50
})
await stack.publish({
  id: campaign,
  title: 'Levels',
  timezone: 'Asia/Shanghai',
  opensAt: iso(now - HOUR),
  closesAt: iso(now + 5 * HOUR),
  levels: [
    { id: 1, when: { points: 20 }, privileges: { discountPercent: 10, flags: ['priority-support'] } },
    { id: 2, when: { points: 20, amount: 190 }, privileges: { earlySeconds: 7200, extraUnits: 1, discountPercent: 25 } }
  ],
  activities: [
    { id: 'check-in', kind: 'task', per: 'campaign', reward: { points: 20 } },
    { id: 'more', kind: 'task', per: 'campaign', reward: { points: 5 } },
    {
      id: 'mug',
      kind: 'redemption',
      title: 'Mug',
      cost: { points: 20 },
      stock: 5
    },
    {
      id: 'now',
      kind: 'sale',
      title: 'Phone',
      price: 111,
      currency: 'CNY',
      levelDiscount: true,
      unitsPerUser: 2,
      sessions: [session('am', now - HOUR / 2)]
    },
    {
      id: 'later',
      kind: 'sale',
      title: 'Case',
      price: 50,
      currency: 'CNY',
      sessions: [session('pm', now + 2 * HOUR - 60_000)]
    }
  ]
} as { id: string })
const { ask, complete, me } = walker(stack, campaign)

const buy = (user: string, sale: string, quantity = 1) =>
  ask(user, `POST /v1/campaigns/${campaign}/sales/${sale}/orders`, { body: { quantity } })
const operate = (path: string, body: object) => stack.operate({ method: 'POST', path: `/admin/v1/${path}`, body })
const levelOf = async (user: string) => (await me(user)).level
const reaches = (user: string, level: number) =>
  waitFor(async () => (await levelOf(user)) === level, { what: `${user} to have level ${level}` })

let paid = { id: '', unitPrice: 0 }

t.test('points that were earned give a level, and spending or a grant changes nothing', async (t) => {
  t.match(await me('ann'), { level: 0, levels: { ofToken: 0, earned: 0, privileges: {}, history: [] } })
  await operate('users/ben/grants', { campaign, unit: 'points', amount: 100, reason: 'a test' })
  await complete('ben', 'more')
  t.match(await complete('ann', 'check-in'), { status: 201 })
  await reaches('ann', 1)
  await waitFor(async () => (await me('ann')).levels.history.length === 1, { what: 'the change to be stored' })
  t.match((await me('ann')).levels, {
    earned: 1,
    scope: 'campaign',
    privileges: { discountPercent: 10, flags: ['priority-support'] },
    counts: { points: 20, amount: 0 },
    history: [{ from: 0, to: 1, why: { points: 20, amount: 0 } }]
  })
  await ask('ann', `POST /v1/campaigns/${campaign}/redemptions/mug/claims`, { body: { quantity: 1 } })
  await waitFor(async () => (await me('ben')).levels.counts.points === 5, { what: "Ben's points to be counted" })
  t.equal((await me('ann')).balances.points, 0)
  t.equal(await levelOf('ann'), 1, 'what was earned counts, not what is left')
  t.equal(await levelOf('ben'), 0, 'nothing that was granted')
  const shown = (await ask('ann', `GET /v1/campaigns/${campaign}`)).body
  t.match(shown, { levels: [{ id: 1, when: { points: 20 } }, { id: 2 }], levelScope: 'campaign' })
})

t.test('what was bought by the price of a level gives the next one, which comes earlier', async (t) => {
  t.match(await buy('ben', 'now'), { status: 201, body: { order: { unitPrice: 111 } } })
  const order = (await buy('ann', 'now', 2)).body.order
  t.match(order, { unitPrice: 99, quantity: 2 }, '99.9 to the unit below')
  paid = order
  t.match(await buy('ann', 'later'), { status: 409, body: { code: 'NOT_STARTED' } })
  t.match(await operate(`orders/${order.id}/payment`, { amount: 222, currency: 'CNY', reference: 'p-0' }), {
    status: 409
  })
  await operate(`orders/${order.id}/payment`, { amount: 198, currency: 'CNY', reference: 'p-1' })
  await reaches('ann', 2)
  t.match((await me('ann')).levels, { counts: { amount: 198 }, privileges: { extraUnits: 1, discountPercent: 25 } })
  t.match(await buy('ben', 'later'), { status: 409, body: { code: 'NOT_STARTED' } })
  const early = await buy('ann', 'later')
  t.match(
    early,
    { status: 201, body: { order: { session: 'pm', unitPrice: 50 } } },
    'earlier, at the price of the sale'
  )
  t.match(
    await buy('ann', 'now'),
    { status: 201, body: { order: { unitPrice: 83 } } },
    'one unit more, for a quarter less'
  )
  t.match(await buy('ann', 'now'), { status: 409, body: { code: 'LIMIT_REACHED', limit: 3 } })
  t.match(await buy('ben', 'now', 2), { status: 409, body: { code: 'LIMIT_REACHED', limit: 2 } })
})

t.test('a level falls with what it rests on, and what was bought with it stays', async (t) => {
  await operate(`orders/${paid.id}/shipment`, {})
  const back = await operate(`orders/${paid.id}/return`, { quantity: 1, kind: 'return', reason: 'a test' })
  t.match(back, { status: 201 })
  await reaches('ann', 1)
  const stored = async () => (await me('ann')).levels.history.length === 3
  await waitFor(stored, { what: 'the history to be stored' })
  t.match((await me('ann')).levels, {
    counts: { points: 20, amount: 99 },
    history: [
      { from: 2, to: 1, why: { amount: 99 } },
      { from: 1, to: 2, why: { amount: 198 } },
      { from: 0, to: 1 }
    ]
  })
  t.match(await buy('ann', 'later'), { status: 409, body: { code: 'NOT_STARTED' } })
  const { items } = (await ask('ann', `GET /v1/me/orders?campaign=${campaign}`)).body
  t.same(
    items.map(({ unitPrice, status }: { unitPrice: number; status: string }) => [unitPrice, status]),
    [
      [83, 'accepted'],
      [50, 'accepted'],
      [99, 'shipped']
    ]
  )
})

t.test('a wiped Redis has the same levels, and the books balance', async (t) => {
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  await redis.multi().flushall().script('FLUSH').exec()
  await reaches('ann', 1)
  t.match(await buy('dan', 'now'), { status: 201, body: { order: { unitPrice: 111 } } })
  const timeline = await stack.admin({ method: 'GET', path: '/admin/v1/users/ann/timeline?limit=50' })
  const changes = (timeline.body as { items: Array<{ type: string }> }).items.filter(
    ({ type }) => type === 'level.changed'
  )
  t.equal(changes.length, 3)
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  t.same(await books.unbalanced(), [])
})
