import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const { ask, admin, publicApp, publish } = await startMallShop(t)
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
const campaign = (id: string) => ({
  id,
  title: { en: 'Launch', 'zh-CN': '首发' },
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  activities: [
    {
      ...{ id: 'phone', kind: 'sale', title: 'Phone', price: 1, currency: 'CNY', payWithinSeconds: 900 },
      sessions: [{ id: 'all', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 50 }]
    }
  ]
})
await publish(campaign('launch'))

const MARKUP = '<b onclick="alert(1)">Back at 22:00</b> & not before'
const both = { en: MARKUP, 'zh-CN': '22:00 恢复' }
const post = (step: string, body: object, by = 'olga') => admin(by, `POST /admin/v1/campaigns/launch/${step}`, { body })

async function shown(language = 'en', path = '/v1/campaigns/launch') {
  const answer = await publicApp.inject({ url: path, headers: { 'accept-language': language } })
  return answer.json()
}
/** Gateways read campaigns again within a second. */
const isTold = (notice: string | undefined, language = 'en') =>
  waitFor(async () => (await shown(language)).notice === notice, { what: `the notice to be ${notice}` })

const trail = async (limit: number) =>
  (await admin('vera', `GET /admin/v1/audit?target=campaign:launch&limit=${limit}`)).body.items

t.test('a pause tells visitors why, in their language, as text', async (t) => {
  t.notOk('notice' in (await shown()), 'nothing is told before')
  t.match(await post('pause', { reason: 'the payment provider is away', notice: both }), {
    status: 200,
    body: { campaign: { state: 'paused', notice: both } }
  })
  await isTold(MARKUP)
  await isTold('22:00 恢复', 'zh-CN')
  t.match(await shown('zh-CN', '/v1/campaigns'), { items: [{ id: 'launch', notice: '22:00 恢复' }] })
  t.match(await ask('ann', 'POST /v1/campaigns/launch/sales/phone/orders', { body: { quantity: 1 } }), {
    status: 409,
    body: { code: 'PAUSED', notice: MARKUP }
  })
  t.match(await trail(1), [
    {
      action: 'campaign.paused',
      operator: 'olga',
      reason: 'the payment provider is away',
      before: { paused: false, notice: null },
      after: { paused: true, notice: both }
    }
  ])
})

t.test('what is told can be changed, taken away and said in one language, with no pause', async (t) => {
  t.match(await post('notice', { reason: 'later than thought', notice: { 'zh-CN': '23:00 恢复' } }), {
    status: 200,
    body: { outcome: 'confirmed', campaign: { state: 'paused', notice: { 'zh-CN': '23:00 恢复' } } }
  })
  await isTold('23:00 恢复', 'en')
  t.match(await post('pause', { reason: 'paused already', notice: { en: 'Back at 23:00' } }), { status: 200 })
  await isTold('Back at 23:00', 'zh-CN')
  const told = { action: 'campaign.notice', after: { notice: { en: 'Back at 23:00' } } }
  t.match(await trail(2), [
    { ...told, reason: 'paused already', before: { notice: { 'zh-CN': '23:00 恢复' } } },
    { ...told, reason: 'later than thought', before: { notice: both }, after: { notice: { 'zh-CN': '23:00 恢复' } } }
  ])
  t.match(await post('pause', { reason: 'a third time' }), { body: { campaign: { notice: { en: 'Back at 23:00' } } } })
  t.equal((await trail(1))[0].reason, 'paused already', 'what changes nothing is not audited')
})

t.test('a resumption takes it away, and what is told while it runs stays', async (t) => {
  t.match(await post('resumption', { reason: 'all well' }), { body: { campaign: { state: 'running', notice: null } } })
  await isTold(undefined)
  t.match(await trail(1), [
    { action: 'campaign.resumed', before: { notice: { en: 'Back at 23:00' } }, after: { notice: null } }
  ])
  await post('notice', { reason: 'many are here', notice: { en: 'Parcels leave on Monday' } })
  await isTold('Parcels leave on Monday')
  t.match(await post('resumption', {}), { body: { campaign: { notice: { en: 'Parcels leave on Monday' } } } })
  t.match(await post('notice', { reason: 'they left', notice: null }), { body: { campaign: { notice: null } } })
  await isTold(undefined)
})

t.test(
  'it is bounded, needs a reason and an operator, and is for campaigns that are published and not over',
  async (t) => {
    const reason = 'why'
    const refused = async (notice: unknown) => {
      for (const step of ['pause', 'notice']) {
        t.match(
          await post(step, { reason, notice }),
          { status: 400, body: { errors: [{ pointer: /^\/notice/ }] } },
          step
        )
      }
    }
    await refused({})
    await refused('Back soon')
    await refused({ en: ' ' })
    await refused({ en: 'x'.repeat(201) })
    await refused({ fr: 'Bientôt' })
    t.match(await post('notice', { notice: null }), { status: 400, body: { errors: [{ pointer: '/reason' }] } })
    t.match(await post('notice', { reason }), { status: 400 })
    t.match(await post('notice', { reason, notice: both }, 'vera'), { status: 403 })
    t.match(await post('pause', { reason, notice: both }, 'vera'), { status: 403 })
    t.match(await post('notice', { reason, notice: { en: 'x'.repeat(200) } }), { status: 200 })
    await admin('ada', 'PUT /admin/v1/campaigns/draft', { body: campaign('draft') })
    t.match(await admin('olga', 'POST /admin/v1/campaigns/draft/notice', { body: { reason, notice: both } }), {
      status: 409,
      body: { detail: /not published/ }
    })
    await post('end', { reason: 'over' })
    await isTold(undefined)
    t.match(await post('notice', { reason, notice: both }), { status: 409, body: { detail: /has ended/ } })
  }
)
