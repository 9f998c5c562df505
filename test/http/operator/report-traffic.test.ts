import t from 'tap'
import type { CampaignReport } from '../../../src/export/report/report.ts'
import { connectJournal } from '../../../src/journal/connection.ts'
import { openSignalLine } from '../../../src/journal/signals.ts'
import { manager, streamInfo } from '../../../src/journal/streams.ts'
import { streamNames } from '../../../src/journal/subjects.ts'
import { attemptTotals, foldMinutes } from '../../../src/store/campaigns/attempts.ts'
import { growthCampaign } from '../../end-to-end/growth-campaign.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const shop = await startMallShop(t)
const { admin, adminApp, pool } = shop
await shop.publish(growthCampaign('night', Date.now()))

const path = '/admin/v1/campaigns/night'
const report = async (query = '') => (await admin('vera', `GET ${path}/report${query}`)).body as CampaignReport
const text = async (format: string, language = 'en') => {
  const headers = { authorization: 'Bearer token-of-vera', 'accept-language': language }
  return (await adminApp.inject({ url: `${path}/report?format=${format}`, headers })).body
}
const figureOf = ({ figures }: CampaignReport, id: string, of: string | null = null) =>
  figures.find((figure) => figure.id === id && figure.of === of)
const counted = (found: CampaignReport, id: string, of: string | null = null) => figureOf(found, id, of)?.value
const kept = async () => (await attemptTotals(pool, 'night')).reduce((sum, { times }) => sum + Number(times), 0)

const names = streamNames(shop.config.NAMESPACE)
const connection = await connectJournal({ url: shop.natsUrl, creds: '', name: 'report-traffic' })
t.teardown(() => connection.close())
const jsm = await manager(connection)
const line = openSignalLine(shop.natsUrl, { creds: '', names })
t.teardown(() => line.close())
const heard: string[] = []
line.hear((message) => heard.push(message))

const buy = (user: string) => shop.ask(user, 'POST /v1/campaigns/night/sales/case/orders', { body: { quantity: 1 } })

await t.test('what no gateway told of is not known, which is not 0', async (t) => {
  const found = await report()
  for (const id of ['traffic.attempts', 'traffic.confirmed', 'traffic.refused', 'traffic.peakMinute']) {
    t.match(figureOf(found, id), { value: null, exact: false, note: /^not known/ })
  }
  t.equal(figureOf(found, 'traffic.conversion'), undefined)
  t.match(await text('csv'), /\r\ntraffic\.attempts,Attempts,,,,false,,,,not known: no message/)
  t.match(await text('html'), /<td>Attempts ≈<\/td><td>not known<\/td>/)
  t.match(await text('html', 'zh-CN'), /<td>请求次数 ≈<\/td><td>未知<\/td>/)
})

await t.test('attempts that the worker kept stand in the report, marked as approximate', async (t) => {
  const phone = await shop.inOneGo(async (nth) => {
    for (const user of ['ann', 'ben', 'cid']) t.equal((await buy(`${user}-${nth}`)).status, 201)
    return shop.ask('ann', 'POST /v1/campaigns/night/sales/phone/orders', { body: { quantity: 1 } })
  })
  t.equal(phone.status, 403)
  shop.signals.tell()
  await waitFor(async () => (await streamInfo(jsm, names.signalsStream)) !== undefined, {
    what: 'the worker to listen'
  })
  // until the line is there what it sends is lost
  await waitFor(() => heard.length > 0 || (line.send('not signals') && heard.length > 0), { what: 'the line' })
  line.send(shop.toldSignals[0] ?? '')
  await waitFor(async () => (await kept()) > 0, { what: 'the message to be kept' })
  const found = await report()
  t.match(figureOf(found, 'traffic.attempts'), { value: 4, exact: false, note: /^approximate/ })
  t.equal(counted(found, 'traffic.attempts', 'case'), 3)
  t.equal(counted(found, 'traffic.confirmed'), 3)
  t.equal(counted(found, 'traffic.conversion'), 0.75)
  t.equal(counted(found, 'traffic.refused'), 1)
  t.equal(counted(found, 'traffic.refused', phone.body.code), 1)
  t.equal(counted(found, 'traffic.refusedIn', `phone/${phone.body.code}`), 1)
  t.equal(counted(found, 'traffic.peakMinute'), 4)
  t.match(await text('csv'), new RegExp(`traffic\\.refusedIn,"Refused[^"]*",phone/${phone.body.code},,1,false`))
  t.match(await text('html'), /<td>Attempts ≈<\/td><td>\d+<\/td>[\s\S]*their messages may be lost/)
  t.notOk(found.figures.some(({ exact, note }) => exact !== (note === null)))
})

await t.test('the fullest minute is known after minutes have become hours', async (t) => {
  const before = counted(await report(), 'traffic.peakMinute', 'case')
  await foldMinutes(pool, new Date(Date.now() + 3_600_000))
  t.equal((await pool.query('select 1 from attempt_times where seconds = 60')).rowCount, 0)
  t.equal(counted(await report(), 'traffic.peakMinute', 'case'), before)
  t.equal(await foldMinutes(pool, new Date(Date.now() + 3_600_000)), 0)
  t.equal(counted(await report(), 'traffic.peakMinute', 'case'), before)
})

await t.test('a final report keeps the attempts of its moment', async (t) => {
  await admin('ada', `POST ${path}/end`, { body: { reason: 'over' } })
  await waitFor(
    async () => (await admin('ada', `POST ${path}/settlement`, { body: {} })).body.outcome === 'confirmed',
    { what: 'the settlement', everyMs: 200 }
  )
  const stored = await admin('olga', `POST ${path}/report`, { body: { final: true, reason: 'over' } })
  t.equal(stored.status, 201)
  t.equal(counted(stored.body, 'traffic.attempts'), 4)
  t.equal((await shop.inOneGo(() => buy('dan'))).status, 410)
  shop.signals.tell()
  line.send(shop.toldSignals.at(-1) ?? '')
  await waitFor(async () => counted(await report(), 'traffic.attempts') === 5, { what: 'more attempts' })
  t.equal(counted(await report('?version=1'), 'traffic.attempts'), 4)
  t.strictSame(await report('?version=1'), stored.body)
})
