import t from 'tap'
import type { CampaignReport } from '../../../src/export/report/report.ts'
import { growthCampaign } from '../../end-to-end/growth-campaign.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

// What others wrote, and a report shows: reasons, origins, references.

const { ask, admin, adminApp, publish } = await startMallShop(t)
const growth = growthCampaign('night', Date.now())
await publish(growth)

const path = '/admin/v1/campaigns/night'
const FORMULA = '=HYPERLINK("http://evil.example","see")'
const report = async () => (await admin('vera', `GET ${path}/report`)).body as CampaignReport
const figureOf = ({ figures }: CampaignReport, id: string, of: string | null = null) =>
  figures.find((figure) => figure.id === id && figure.of === of)
const csv = async (page: string) => {
  const headers = { authorization: 'Bearer token-of-vera' }
  return (await adminApp.inject({ url: `${path}/${page}`, headers })).body.split('\r\n')
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
