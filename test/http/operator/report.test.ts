import t from 'tap'
import { shardNumbers } from '../../../src/base/shards.ts'
import { exportJournal } from '../../../src/export/journal.ts'
import type { CampaignReport, ReportFigure } from '../../../src/export/report/report.ts'
import { growthCampaign } from '../../end-to-end/growth-campaign.ts'
import { testShards } from '../../support/servers/servers.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const { ask, admin, adminApp, publish, pool, config } = await startMallShop(t)

const wheel = {
  id: 'wheel',
  kind: 'draw',
  title: 'Wheel',
  fallback: 'thanks',
  prizes: [
    { id: 'cup', tier: 1, title: 'Cup', type: 'physical', quota: 2, weight: 1, supplier: 'cups' },
    { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
  ]
}
const growth = growthCampaign('night', Date.now())
const supplied = growth.activities.map((one) => (one.id === 'case' ? { ...one, supplier: 'acme' } : one))
await publish({ ...growth, activities: [...supplied, wheel] } as typeof growth)

const path = '/admin/v1/campaigns/night'
const report = async (query = '') => (await admin('vera', `GET ${path}/report${query}`)).body as CampaignReport
const page = (format: string, language = 'en') =>
  adminApp.inject({
    url: `${path}/report?format=${format}`,
    headers: { authorization: 'Bearer token-of-vera', 'accept-language': language }
  })
const figureOf = ({ figures }: CampaignReport, id: string, of: string | null = null) =>
  figures.find((figure) => figure.id === id && figure.of === of)?.value

async function take(user: string, request: string, body: object = {}) {
  const answer = await ask(user, request, { body })
  if (answer.status >= 300) throw new Error(`${request}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

const buy = async (user: string, quantity = 1) =>
  (await take(user, 'POST /v1/campaigns/night/sales/case/orders', { quantity })).order.id as string
const pay = (order: string, amount: number) =>
  admin('olga', `POST /admin/v1/orders/${order}/payment`, {
    body: { amount, currency: 'CNY', reference: `p-${order}` }
  })
const spin = (user: string) => take(user, 'POST /v1/campaigns/night/draws/wheel/spins')

const orders = [await buy('ann', 3), await buy('ben'), await buy('cem'), await buy('fay')] as const
for (const [order, amount] of [
  [orders[0], 300],
  [orders[1], 100],
  [orders[3], 100]
] as const) {
  const { status, body } = await pay(order, amount)
  if (status !== 201) throw new Error(JSON.stringify(body))
}
await admin('olga', `POST /admin/v1/orders/${orders[0]}/shipment`, { body: { carrier: 'SF', trackingNumber: '1' } })
await take('cem', `POST /v1/orders/${orders[2]}/cancellation`)
// paid, and cancelled by an operator: it was paid, whatever became of it
const cancelled = await admin('olga', `POST /admin/v1/orders/${orders[3]}/cancellation`, {
  body: { reason: 'a wrong price' }
})
if (cancelled.status !== 201) throw new Error(JSON.stringify(cancelled.body))
for (const user of ['ann', 'ann', 'dan', 'eve']) await spin(user)
const { share } = await take('ann', 'POST /v1/campaigns/night/shares', {
  channel: 'wechat',
  subject: { type: 'campaign', id: 'night' }
})
await take('ben', `POST /v1/campaigns/night/shares/${share.id}/assists`)

/** A line of an exported journal, as far as it is counted; the first and the last one have no type. */
interface Line {
  readonly type?: string
  readonly user: string
  readonly key: string
  readonly campaign: string
  readonly adds?: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** What the journal says, counted by other means than the report's. */
async function recount() {
  const users = new Set<string>()
  const found = { orders: 0, paid: 0, cancelled: 0, spins: 0, wins: 0, interactions: 0, stars: 0 }
  const count = ({ type, user, key, campaign, adds = {} }: Line) => {
    if (campaign !== 'night' || type === undefined) return
    if (key.startsWith('u:')) {
      users.add(user)
      found.interactions += 1
    }
    found.orders += type === 'order.accepted' ? 1 : 0
    found.paid += type === 'order.paid' ? 1 : 0
    found.cancelled += type === 'order.cancelled' ? 1 : 0
    found.spins += type === 'spin.won' || type === 'spin.lost' ? 1 : 0
    found.wins += type === 'spin.won' ? 1 : 0
    for (const scope of Object.values(adds)) {
      for (const [field, delta] of Object.entries(scope)) if (/\bstars$/.test(field)) found.stars += delta
    }
  }
  for (const shard of shardNumbers(testShards)) {
    const options = { namespace: config.NAMESPACE, shard, campaign: 'night', mask: false, now: Date.now() }
    for await (const { text } of exportJournal(pool, options)) {
      for (const line of text.trim().split('\n')) count(JSON.parse(line))
    }
  }
  return { ...found, participants: users.size }
}

t.test('exact figures equal a recount of the exported journal', async (t) => {
  const all = { orders: 4, paid: 3, cancelled: 2, spins: 4, participants: 6 }
  // shards are stored one by one
  const isStored = async () => {
    const found = await recount()
    return found.stars >= 1 && Object.entries(all).every(([name, count]) => found[name as keyof typeof all] === count)
  }
  await waitFor(isStored, { what: 'all that was done to be stored, and the helper to get a star' })
  const counted = await recount()
  const found = await report()
  t.match(
    {
      orders: figureOf(found, 'sales.orders'),
      paid: figureOf(found, 'sales.paid'),
      cancelled: figureOf(found, 'sales.cancelled'),
      spins: figureOf(found, 'draws.spins'),
      wins: figureOf(found, 'draws.wins'),
      participants: figureOf(found, 'participants.all'),
      interactions: figureOf(found, 'interactions.all'),
      stars: found.figures.find(({ id, of, unit }) => id === 'units.issued' && of === null && unit === 'stars')?.value
    },
    counted
  )
  t.equal(figureOf(found, 'sales.units', 'case'), 5)
  t.match(
    found.figures.filter(({ id, of }) => id === 'sales.amount' && of === null),
    [{ unit: 'CNY', value: 500, exact: true }]
  )
  t.equal(figureOf(found, 'sales.averageOrder'), 167)
  t.equal(figureOf(found, 'draws.participation'), 0.5)
  t.equal(figureOf(found, 'shares.all', 'channel:wechat'), 1)
  t.equal(figureOf(found, 'assists.given'), 1)
  t.match(found, { final: false, version: null, countedTo: [{ shard: 0 }] })
})

t.test('figures stand beside what they were meant to be, were before, and are in another campaign', async (t) => {
  const wrong = { targets: { 'sales.orders': 6, sales: 1 }, before: { 'a/b': 2 }, users: -1 }
  t.match(await admin('olga', `PUT ${path}/baseline`, { body: wrong }), { status: 400 })
  const body = { targets: { 'sales.orders': 6, sales: 1 }, before: { 'a/b': 2 } }
  t.match(await admin('olga', `PUT ${path}/baseline`, { body }), {
    status: 400,
    body: { errors: [{ pointer: '/targets/sales' }, { pointer: '/before/a~1b' }] }
  })
  t.equal((await admin('vera', `PUT ${path}/baseline`, { body: {} })).status, 403)
  const good = { users: 50, targets: { 'sales.orders': 6 }, before: { 'participants.all': 3 } }
  t.match(await admin('olga', `PUT ${path}/baseline`, { body: good }), { status: 200, body: good })
  t.match((await admin('vera', `GET ${path}/baseline`)).body, good)
  await publish({ ...growthCampaign('other', Date.now()) })
  await take('ann', 'POST /v1/campaigns/other/sales/case/orders', { quantity: 1 })
  const isThere = async () =>
    figureOf((await admin('vera', 'GET /admin/v1/campaigns/other/report')).body, 'sales.orders') === 1
  await waitFor(isThere, { what: 'the other campaign to be counted' })
  const found = await report('?compareWith=other')
  const one = (id: string) => found.figures.find((figure) => figure.id === id && figure.of === null)
  t.match(one('sales.orders'), { value: 4, target: 6, other: 1 } satisfies Partial<ReportFigure>)
  t.match(one('participants.all'), { value: 6, before: 3, target: null })
  t.match(one('participants.ofUsers'), { value: 0.12 })
  t.match(found.comparedWith, { campaign: 'other', version: null })
  t.equal((await admin('vera', `GET ${path}/report?compareWith=none`)).status, 404)
})

t.test('a report is a table for spreadsheets, and a page in which no text of a campaign runs', async (t) => {
  const csv = (await page('csv')).body.split('\r\n')
  t.equal(csv[0], 'figure,title,of,unit,value,exact,target,before,other,note')
  t.ok(csv.includes('sales.orders,Orders,,,4,true,6,,,'), csv.join('\n'))
  const html = await page('html')
  t.match(html.headers['content-security-policy'], /default-src 'none'/)
  t.match(html.body, /<h1>Growth<\/h1>[\s\S]*Preliminary[\s\S]*¥5\.00/)
  t.notMatch(html.body, /<script/)
  t.match((await page('html', 'zh-CN')).body, /<html lang="zh-CN">[\s\S]*增长[\s\S]*初步/)
})

t.test(
  'what is to be settled with a supplier stands beside what was handed over, each payment by its reference',
  async (t) => {
    const settlement = async (query: string) => (await admin('vera', `GET ${path}/supplier-settlement${query}`)).body
    const [cup] = (await settlement('?supplier=cups')).prizes
    t.match(await settlement('?supplier=acme'), {
      supplier: 'acme',
      sold: [{ activity: 'case', currency: 'CNY', orders: 3, units: 5, amount: 500, shipped: 1, owedBack: 100 }],
      prizes: [],
      redeemed: []
    })
    t.match(cup, { activity: 'wheel', prize: 'cup', supplier: 'cups', won: cup.unclaimed, issued: 0 })
    t.equal((await settlement('')).sold.length + (await settlement('')).prizes.length, 2)
    const { body, headers } = await adminApp.inject({
      url: `${path}/supplier-settlement?supplier=acme&format=csv`,
      headers: { authorization: 'Bearer token-of-vera' }
    })
    t.match(headers['content-type'], /text\/csv/)
    const [head, ...lines] = body.trim().split('\r\n')
    t.equal(head, 'reference,order,activity,supplier,status,units,currency,paid,owedBack')
    const expected = [
      `p-${orders[0]},${orders[0]},case,acme,shipped,3,CNY,300,0`,
      `p-${orders[1]},${orders[1]},case,acme,paid,1,CNY,100,0`,
      `p-${orders[3]},${orders[3]},case,acme,cancelled,1,CNY,100,100`
    ]
    t.same(lines.toSorted(), expected.toSorted())
  }
)

t.test('whoever asks for many reports at once leaves connections to those who stop a sale', async (t) => {
  const holder = await pool.connect()
  await holder.query(
    'begin; set local idle_in_transaction_session_timeout = 0; lock table attempt_totals in access exclusive mode'
  )
  const all = Array.from({ length: 4 }, () => admin('vera', `GET ${path}/report`))
  const turnedAway = all.map(async (asked) => {
    const answer = await asked
    if (answer.status !== 429) throw new Error(`answered with ${answer.status}`)
    return answer
  })
  t.match(await Promise.any(turnedAway), { body: { code: 'RATE_LIMITED', scope: 'user' } }, 'while the others wait')
  await holder.query('rollback')
  holder.release()
  await Promise.all(all)
  t.match(await admin('vera', `GET ${path}/report`), { status: 200 })
})

t.test('a final report never changes; a later one says what came after it', async (t) => {
  const body = { final: true, reason: 'the night is over' }
  t.match(await admin('olga', `POST ${path}/report`, { body }), { status: 409, body: { detail: /not settled yet/ } })
  t.equal((await admin('vera', `POST ${path}/report`, { body })).status, 403)
  await admin('ada', `POST ${path}/end`, { body: { reason: 'over' } })
  await waitFor(
    async () => (await admin('ada', `POST ${path}/settlement`, { body: {} })).body.outcome === 'confirmed',
    { what: 'the settlement', everyMs: 200 }
  )
  const stored = await admin('olga', `POST ${path}/report`, { body })
  t.match(stored, { status: 201, body: { version: 1, final: true, since: null } })
  t.match(
    await admin('olga', `POST /admin/v1/orders/${orders[0]}/return`, {
      body: { quantity: 1, kind: 'return', reason: 'broken' }
    }),
    {
      status: 201,
      body: { outcome: 'confirmed' }
    }
  )
  await waitFor(async () => figureOf(await report(), 'sales.returnedUnits') === 1, { what: 'the return to be counted' })
  t.same(await report('?version=1'), stored.body)
  t.match(await admin('olga', `POST ${path}/report`, { body }), {
    status: 201,
    body: {
      version: 2,
      since: { version: 1, differences: [{ id: 'sales.returnedUnits', of: null, was: 0, is: 1 }, {}, {}] }
    }
  })
  t.same(await report('?version=1'), stored.body)
  t.equal((await admin('vera', `GET ${path}/report?version=9`)).status, 404)
  t.match((await admin('vera', `GET ${path}/report/versions`)).body, {
    items: [
      { version: 1, operator: 'olga', reason: 'the night is over' },
      { version: 2, final: true }
    ]
  })
  t.match((await admin('ada', 'GET /admin/v1/audit?target=campaign:night')).body.items[0], { action: 'report.final' })
})
