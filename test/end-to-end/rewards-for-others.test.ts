import { crc32 } from 'node:zlib'
import t from 'tap'
import { dayNumberAt } from '../../src/campaign/parts/local-time.ts'
import { startMallShop } from '../support/shop/mall-shop.ts'
import { setClock } from '../support/shop/participation.ts'
import { waitFor } from '../support/wait.ts'

// What users get for what others did, where it is easy to give it twice, or for the wrong day.

const shop = await startMallShop(t)
const { ask, admin, pool } = shop
const HOUR = 3_600_000
const DAY = 24 * HOUR
const timezone = 'Asia/Shanghai'
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()
const window = { opensAt: iso(now - HOUR), closesAt: iso(now + 5 * DAY) }
const points = async (campaign: string, user: string) =>
  (await ask(user, `GET /v1/campaigns/${campaign}/me`)).body.balances.points
const holds = (campaign: string, user: string, amount: number) =>
  waitFor(async () => (await points(campaign, user)) === amount, { what: `${user} to have ${amount} points` })
const codeOf = async (campaign: string, user: string): Promise<string> =>
  (await ask(user, `POST /v1/campaigns/${campaign}/invites`, { body: {} })).body.invite.code
const accept = (campaign: string, user: string, code: string) =>
  ask(user, `POST /v1/campaigns/${campaign}/invites/${code}/acceptances`, { body: {} })

t.test('one order pays the same user as inviter and as sharer, once each, and takes both back', async (t) => {
  const campaign = 'both'
  const [ann, ben] = ['ann', 'eve']
  t.not(crc32(ann) % 2, crc32(ben) % 2, 'a deployment with two shards keeps them apart')
  await shop.publish({
    id: campaign,
    title: 'Both',
    timezone,
    ...window,
    units: { points: { scope: 'campaign' } },
    levels: [{ id: 1, when: { orders: 1 } }],
    activities: [
      {
        id: 'friends',
        kind: 'invite',
        title: 'Friends',
        qualifiesOn: 'paid:phone',
        inviter: { on: 'qualified', reward: { points: 10 } },
        invitee: { on: 'qualified', reward: { points: 5 } }
      },
      { id: 'sharing', kind: 'share', verifiedBy: 'visit', channels: { wechat: { reward: { points: 2 } } } },
      {
        id: 'phone',
        kind: 'sale',
        title: 'Phone',
        price: 1000,
        currency: 'CNY',
        payWithinSeconds: 3600,
        sessions: [{ id: 'all', ...window, stock: 10 }]
      }
    ]
  } as { id: string })
  const subject = { type: 'goods', id: 'phone' }
  const shared = await ask(ann, `POST /v1/campaigns/${campaign}/shares`, { body: { channel: 'wechat', subject } })
  const share = shared.body.share.id as string
  await ask(ben, `GET /v1/campaigns/${campaign}/shares/${share}`)
  await holds(campaign, ann, 2)
  t.match(await accept(campaign, ben, await codeOf(campaign, ann)), { status: 201 })

  const bought = await ask(ben, `POST /v1/campaigns/${campaign}/sales/phone/orders`, { body: { quantity: 1 } })
  const { id } = bought.body.order
  const paid = { body: { amount: 1000, currency: 'CNY', reference: 'pay-of-ben' }, key: 'the-payment-of-ben' }
  for (const status of [201, 201]) {
    t.match(await admin('olga', `POST /admin/v1/orders/${id}/payment`, paid), { status })
  }
  const seen = async () => {
    const mine = (await ask(ann, `GET /v1/campaigns/${campaign}/me`)).body
    return `${mine.balances.points} points, level ${mine.level}, ${mine.levels.counts.orders} orders`
  }
  const sees = (wanted: string) => waitFor(async () => (await seen()) === wanted, { what: `Ann to have ${wanted}` })
  await sees('12 points, level 1, 1 orders')
  await holds(campaign, ben, 5)
  const again = await ask(ben, `POST /v1/campaigns/${campaign}/sales/phone/orders`, { body: { quantity: 1 } })
  const second = { body: { amount: 1000, currency: 'CNY', reference: 'pay-again' } }
  await admin('olga', `POST /admin/v1/orders/${again.body.order.id}/payment`, second)
  await sees('12 points, level 1, 2 orders')
  const rows = async () => {
    const found = await pool.query<{ role: string; user: string; cause: string; state: string }>(
      `select role, user_id as "user", cause, state from credits where campaign_id = $1 order by role`,
      [campaign]
    )
    return found.rows
  }
  const credits = await rows()
  t.match(credits, [
    { role: 'friends/invitee', user: ben, state: 'done' },
    { role: 'friends/inviter', user: ann, state: 'done' },
    { role: /^sharing/, user: ann, cause: share, state: 'done' }
  ])
  t.equal(new Set(credits.map(({ user, cause, role }) => `${user} ${cause} ${role}`)).size, credits.length)

  for (const order of [id, again.body.order.id])
    await admin('olga', `POST /admin/v1/orders/${order}/shipment`, { body: { carrier: 'SF', trackingNumber: '1' } })
  for (const order of [id, again.body.order.id]) {
    const back = { body: { quantity: 1, kind: 'return', reason: 'broken' } }
    t.match(await admin('olga', `POST /admin/v1/orders/${order}/return`, back), { status: 201 })
  }
  await sees('2 points, level 0, 0 orders')
  await holds(campaign, ben, 0)
})

t.test(
  'eleven qualify before midnight and are driven after it: ten are paid, by the day of their decisions',
  async (t) => {
    const campaign = 'midnight'
    await shop.publish({
      id: campaign,
      title: 'Midnight',
      timezone,
      ...window,
      units: { points: { scope: 'campaign' } },
      activities: [
        { id: 'check-in', kind: 'task', title: 'Check in', per: 'campaign', reward: { points: 1 } },
        {
          id: 'friends',
          kind: 'invite',
          title: 'Friends',
          qualifiesOn: 'task:check-in',
          inviter: { on: 'qualified', reward: { points: 10 } },
          invitee: { on: 'qualified', reward: { points: 5 } },
          perInviter: { day: 10 }
        }
      ]
    } as { id: string })
    const inviter = 'ann'
    const friends = Array.from({ length: 12 }, (_, index) => `friend-${index}`)
    t.equal(new Set(friends.map((user) => crc32(user) % 2)).size, 2, 'of both shards, where there are two')
    const [last = '', tomorrow = '', ...others] = friends
    const code = await codeOf(campaign, inviter)
    for (const user of friends) t.match(await accept(campaign, user, code), { status: 201 })
    const items = async () =>
      (await ask(inviter, `GET /v1/campaigns/${campaign}/me/invites?limit=50`)).body.items as Array<{
        readonly status: string
        readonly cappedBy?: string
      }>
    await waitFor(async () => (await items()).length === 12, { what: 'all to be bound' })

    await shop.stopWorker()
    // of the day after this one, and the clock of the shard never goes back
    const midnight = (dayNumberAt(now, timezone) + 2) * DAY - 8 * HOUR
    const checkIn = (user: string) =>
      ask(user, `POST /v1/campaigns/${campaign}/tasks/check-in/completions`, { body: {} })
    await setClock(shop, midnight - 10 * 60_000)
    for (const answer of await Promise.all(others.map(checkIn))) t.match(answer, { status: 201 })
    await setClock(shop, midnight - 100)
    t.match(await checkIn(last), { status: 201 })
    await setClock(shop, midnight + 5 * 60_000)
    shop.startWorker()

    for (const user of [last, ...others]) await holds(campaign, user, 6)
    await holds(campaign, inviter, 100)
    const capped = async () => (await items()).filter(({ cappedBy }) => cappedBy === 'day').length
    await waitFor(async () => (await capped()) === 1, { what: 'the cap to be told' })
    t.equal((await items()).filter(({ status }) => status === 'qualified').length, 11)
    const { rows } = await pool.query(
      `select distinct day from credits where campaign_id = $1 and role in ('friends/inviter', 'friends/invitee')`,
      [campaign]
    )
    t.strictSame(rows, [{ day: dayNumberAt(midnight - 100, timezone) }], 'not of the driver')
    t.equal(dayNumberAt(midnight, timezone), rows[0]?.day + 1)

    t.match(await checkIn(tomorrow), { status: 201 })
    await holds(campaign, inviter, 110)
    t.equal(await points(campaign, inviter), 110, 'the next day has a cap of its own, of which nothing was used')
  }
)
