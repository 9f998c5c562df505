import t from 'tap'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

// A level of the account to which two campaigns lead, by HTTP alone: the highest counts, in both and by the privileges of each.

const { ask, admin, publish } = await startMallShop(t)
const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()
const window = { opensAt: iso(now - HOUR), closesAt: iso(now + 24 * HOUR) }

const common = { timezone: 'Asia/Shanghai', ...window, units: { points: { scope: 'campaign' } }, levelScope: 'account' }
await publish({
  id: 'points',
  title: 'Points',
  ...common,
  levels: [
    { id: 1, when: { points: 10 } },
    { id: 2, privileges: { flags: ['lounge'] } }
  ],
  activities: [{ id: 'check-in', kind: 'task', title: 'Check in', per: 'campaign', reward: { points: 10 } }]
} as { id: string })
await publish({
  id: 'shop',
  title: 'Shop',
  ...common,
  levels: [
    { id: 1, privileges: { discountPercent: 10 } },
    { id: 2, when: { amount: 100 }, privileges: { discountPercent: 50 } }
  ],
  activities: [
    {
      id: 'phone',
      kind: 'sale',
      title: 'Phone',
      price: 200,
      currency: 'CNY',
      levelDiscount: true,
      sessions: [{ id: 'all', ...window, stock: 10 }]
    }
  ]
} as { id: string })

interface Levels {
  readonly level: number
  readonly levels: {
    readonly scope: string
    readonly earned: number
    readonly privileges: object
    readonly history: object[]
  }
}
const me = async (user: string, campaign: string): Promise<Levels> =>
  (await ask(user, `GET /v1/campaigns/${campaign}/me`)).body
const reaches = async (user: string, level: number, changes: number) => {
  for (const campaign of ['points', 'shop'])
    await waitFor(
      async () => {
        const mine = await me(user, campaign)
        return mine.level === level && mine.levels.history.length === changes
      },
      { what: `${user} to have level ${level} in ${campaign}` }
    )
}
const buy = async (user: string) =>
  (await ask(user, 'POST /v1/campaigns/shop/sales/phone/orders', { body: { quantity: 1 } })).body.order as {
    readonly id: string
    readonly unitPrice: number
  }
const change = (order: string, what: string, body: object) =>
  admin('olga', `POST /admin/v1/orders/${order}/${what}`, { body })

// crc32 of the two differ in parity
for (const user of ['ann', 'eve']) {
  t.test(`${user} rises by either campaign, and falls to what the other one still gives`, async (t) => {
    await ask(user, 'POST /v1/campaigns/points/tasks/check-in/completions', { body: {} })
    await reaches(user, 1, 1)
    t.match(await me(user, 'shop'), { levels: { scope: 'account', privileges: { discountPercent: 10 } } })
    const order = await buy(user)
    t.equal(order.unitPrice, 180, 'by a level that was earned in the other campaign')
    await change(order.id, 'payment', { amount: 180, currency: 'CNY', reference: `pay-${user}` })
    await reaches(user, 2, 2)
    t.match(await me(user, 'points'), { levels: { earned: 2, privileges: { flags: ['lounge'] } } })
    t.equal((await buy(user)).unitPrice, 100)
    await change(order.id, 'shipment', {})
    t.match(await change(order.id, 'return', { quantity: 1, kind: 'return', reason: 'a test' }), { status: 201 })
    await reaches(user, 1, 3)
    t.match((await me(user, 'points')).levels.history, [
      { from: 2, to: 1, why: { amount: 0 } },
      { from: 1, to: 2, why: { amount: 180 } },
      { from: 0, to: 1, why: { points: 10 } }
    ])
  })
}
