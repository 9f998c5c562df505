import t from 'tap'
import { shardNumbers } from '../../../src/base/shards.ts'
import { exportJournal } from '../../../src/export/journal.ts'
import type { CampaignReport } from '../../../src/export/report/report.ts'
import { growthCampaign } from '../../end-to-end/growth-campaign.ts'
import { testShards } from '../../support/servers/servers.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

// What others wrote, and a report shows: reasons, origins, references.

const { ask, admin, adminApp, publish, pool, config } = await startMallShop(t)
const growth = growthCampaign('night', Date.now())
const many = growth.activities.map((one) =>
  one.id === 'case' && 'sessions' in one
    ? { ...one, supplier: 'acme', sessions: one.sessions?.map((session) => ({ ...session, stock: 400 })) }
    : one
)
await publish({ ...growth, activities: many } as typeof growth)

const path = '/admin/v1/campaigns/night'
const FORMULA = '=HYPERLINK("http://evil.example","see")'
const GUARDED = `"'=HYPERLINK(""http://evil.example"",""see"")"`
const report = async () => (await admin('vera', `GET ${path}/report`)).body as CampaignReport
const figureOf = ({ figures }: CampaignReport, id: string, of: string | null = null) =>
  figures.find((figure) => figure.id === id && figure.of === of)
const csv = async (page: string) => {
  const headers = { authorization: 'Bearer token-of-vera' }
  return (await adminApp.inject({ url: `${path}/${page}`, headers })).body.split('\r\n')
}

async function paid(user: string, { quantity, reference }: { quantity: number; reference: string }): Promise<string> {
  const bought = await ask(user, 'POST /v1/campaigns/night/sales/case/orders', { body: { quantity } })
  const { id } = bought.body.order
  const body = { amount: 100 * quantity, currency: 'CNY', reference }
  t.match(await admin('olga', `POST /admin/v1/orders/${id}/payment`, { body }), { status: 201 })
  return id
}

/** Returns by their reasons, as the exported journal has them. */
async function recount(): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const shard of shardNumbers(testShards)) {
    const options = { namespace: config.NAMESPACE, shard, campaign: 'night', mask: false, now: Date.now() }
    for await (const { text } of exportJournal(pool, options)) {
      for (const line of text.trim().split('\n')) {
        const { type, request } = JSON.parse(line)
        if (type === 'order.returned') found.set(request.reason, (found.get(request.reason) ?? 0) + 1)
      }
    }
  }
  return found
}

t.test('new users are not known until a service reports who registered, which is not 0', async (t) => {
  const asked = {
    body: { channel: 'community', subject: { type: 'campaign', id: 'night' } },
    registeredAt: Math.floor(Date.now() / 1000)
  }
  t.match(await ask('ann', 'POST /v1/campaigns/night/shares', asked), { status: 201 })
  await waitFor(async () => figureOf(await report(), 'participants.all')?.value === 1, { what: 'ann to be stored' })
  t.match(figureOf(await report(), 'participants.new'), { value: null, exact: false, note: /no service reported/ })
  t.ok(
    (await csv('report?format=csv')).includes(
      'participants.new,New users among them,,,,false,,,,not known: no service reported who registered'
    )
  )
  const html = (await csv('report?format=html')).join('')
  t.match(html, /<td>New users among them<\/td><td>not known<\/td>/)
  const body = { sourceEventId: 'r-1', registeredAt: new Date().toISOString(), source: FORMULA }
  const told = await admin('counter', 'POST /service/v1/campaigns/night/users/ann/registration', { body })
  t.match(told, { status: 200, body: { new: true } })
  t.match(figureOf(await report(), 'participants.new'), { value: 1, exact: true, note: null })
})

t.test('a text that a spreadsheet would run as a formula is a text in the table', async (t) => {
  t.equal(figureOf(await report(), 'registrations.all', FORMULA)?.value, 1, 'as it was told')
  const lines = await csv('report?format=csv')
  t.ok(lines.includes(`registrations.all,Registrations by source,${GUARDED},,1,true,,,,`), lines.join('\n'))
})

t.test('a reference stands in the list of payments as it was reported, so that programs find it', async (t) => {
  const [plain, formula] = [
    await paid('ann', { quantity: 1, reference: '0012' }),
    await paid('ben', { quantity: 1, reference: '@SUM(1,2)' })
  ]
  const list = () => csv('supplier-settlement?supplier=acme&format=csv')
  await waitFor(async () => (await list()).length === 4, { what: 'both payments to be stored' })
  const lines = await list()
  t.ok(lines.includes(`0012,${plain},case,acme,paid,1,CNY,100,0`), lines.join('\n'))
  t.ok(lines.includes(`"'@SUM(1,2)",${formula},case,acme,paid,1,CNY,100,0`), lines.join('\n'))
})

t.test('returns are counted by their reasons, the rarest together, as a recount of the journal says', async (t) => {
  const order = await paid('eve', { quantity: 60, reference: 'p-1' })
  const shipped = { body: { carrier: 'SF', trackingNumber: '1' } }
  t.match(await admin('olga', `POST /admin/v1/orders/${order}/shipment`, shipped), { status: 201 })
  const rare = Array.from({ length: 52 }, (_, at) => `reason ${at + 10}`)
  for (const reason of ['broken', FORMULA, 'broken', FORMULA, 'broken', ...rare]) {
    const body = { quantity: 1, kind: 'return', reason }
    t.match(await admin('olga', `POST /admin/v1/orders/${order}/return`, { body }), { status: 201 })
  }
  await waitFor(async () => figureOf(await report(), 'sales.returns')?.value === 57, { what: 'all to be stored' })
  const { figures } = await report()
  const shown = figures.flatMap(({ id, of, value }) => (id === 'sales.returns' && of !== null ? [[of, value]] : []))
  const reasons = await recount()
  const frequent = ['broken', FORMULA, ...rare.slice(0, 48)]
  const expected = [...frequent.map((reason) => [`reason:${reason}`, reasons.get(reason)]), ['others', 4]]
  t.same(new Map(shown as [string, number][]), new Map(expected as [string, number][]))
  t.equal(figures.find(({ id, of }) => id === 'sales.returnedUnits' && of === null)?.value, 57)
  const lines = await csv('report?format=csv')
  t.ok(lines.includes('sales.returns,"Returns, by reason",reason:broken,,3,true,,,,'), lines.join('\n'))
})
