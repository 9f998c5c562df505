import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const { admin, publish } = await startMallShop(t)
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
const SHOP = '/admin/v1/campaigns/foreseen'
const PHONE = `${SHOP}/activities/phone`
const GRANTS = '/admin/v1/users/ann/grants'
const all = { id: 'all', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 50 }
await publish({
  id: 'foreseen',
  title: 'Foreseen',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + 3 * HOUR),
  units: { points: { scope: 'campaign' } },
  policies: { grantCap: { points: 100 } },
  activities: [
    { id: 'phone', kind: 'sale', title: 'Phone', price: 100, currency: 'CNY', payWithinSeconds: 900, sessions: [all] }
  ]
} as { readonly id: string })

const reason = 'asked by the merchant'
const state = async () => {
  const { body, headers } = await admin('vera', `GET ${SHOP}`)
  const { items } = (await admin('vera', 'GET /admin/v1/audit?limit=100')).body
  return { campaign: body, etag: headers.etag, audited: items.length }
}

const changes: ReadonlyArray<{ name: string; request: string; body: object; canBeTakenBack: boolean }> = [
  { name: 'more stock', request: `PATCH ${PHONE}`, body: { addStock: 20, session: 'all' }, canBeTakenBack: true },
  { name: 'a price', request: `PATCH ${PHONE}`, body: { price: 90 }, canBeTakenBack: true },
  {
    name: 'another session',
    request: `PATCH ${PHONE}`,
    body: { session: { id: 'later', opensAt: iso(now + HOUR), closesAt: iso(now + 2 * HOUR), stock: 5 } },
    canBeTakenBack: false
  },
  {
    name: 'the admission',
    request: `PATCH ${SHOP}`,
    body: { admission: { ratePerSecond: 10, burst: 20 } },
    canBeTakenBack: true
  },
  { name: 'a notice', request: `PATCH ${SHOP}`, body: { notice: { en: 'Back at 22:00' } }, canBeTakenBack: true },
  {
    name: 'limits and no notice',
    request: `PATCH ${SHOP}`,
    body: { limits: { unitsPerUser: 3 }, notice: null },
    canBeTakenBack: true
  },
  {
    name: 'a grant',
    request: `POST ${GRANTS}`,
    body: { campaign: 'foreseen', unit: 'points', amount: 60 },
    canBeTakenBack: true
  }
]
for (const { name, request, body, canBeTakenBack } of changes) {
  t.test(`what ${name} would change is told, and then changes`, async (t) => {
    const before = await state()
    const dry = await admin('olga', `${request}?dryRun=true`, { body: { ...body, reason }, key: '' })
    t.match(dry, { status: 200, body: { dryRun: true, canBeTakenBack, campaign: { id: 'foreseen' } } })
    t.strictSame(await state(), before, 'nothing is changed, and nothing audited')
    const asked = { body: { ...body, reason }, key: `really-${name.replaceAll(' ', '-')}` }
    const isDone = async () => (await admin('olga', request, asked)).status === 200
    await waitFor(isDone, { what: 'the change itself' })
    const [entry] = (await admin('vera', 'GET /admin/v1/audit?limit=1')).body.items
    t.strictSame({ before: dry.body.before, after: dry.body.after }, { before: entry.before, after: entry.after })
    t.not((await state()).audited, before.audited, 'the change itself is audited')
  })
}

t.test('a notice beside a pause stays when the campaign is adjusted, and is told with it', async (t) => {
  const notice = { en: 'Back soon' }
  const asked = { reason, notice, limits: { unitsPerUser: 4 } }
  t.match(await admin('olga', `PATCH ${SHOP}`, { body: asked }), { status: 200, body: { campaign: { notice } } })
  t.match(await admin('olga', `PATCH ${SHOP}`, { body: { reason, limits: { unitsPerUser: 5 } } }), {
    status: 200,
    body: { campaign: { notice } }
  })
})

t.test('what would be refused is refused', async (t) => {
  const dry = (request: string, body: object, by = 'olga') => admin(by, `${request}?dryRun=true`, { body, key: '' })
  const before = await state()
  t.match(await dry(`PATCH ${PHONE}`, { addStock: 5, session: 'none', reason }), { status: 400 })
  t.match(await dry(`PATCH ${PHONE}`, { addStock: 5, session: 'all' }), {
    status: 400,
    body: { errors: [{ pointer: '/reason' }] }
  })
  t.match(await dry(`PATCH ${SHOP}`, { reason }), { status: 400, body: { errors: [{ detail: 'asks for no change' }] } })
  t.match(await dry(`PATCH ${SHOP}`, { reason, closesAt: iso(now - HOUR) }), { status: 400 })
  t.match(await dry(`PATCH ${SHOP}`, { reason, notice: { fr: 'Bientôt' } }), { status: 400 })
  t.match(await dry(`PATCH ${SHOP}`, { reason, notice: null }, 'vera'), { status: 403 })
  t.match(await dry('PATCH /admin/v1/campaigns/nowhere', { reason, notice: null }), { status: 404 })
  const above = { campaign: 'foreseen', unit: 'points', amount: 41, reason }
  t.match(await dry(`POST ${GRANTS}`, above), { status: 409, body: { code: 'LIMIT_REACHED', limit: 100 } })
  t.match(await dry(`POST ${GRANTS}`, { ...above, amount: 40 }), { status: 200, body: { user: 'ann' } })
  t.strictSame(await state(), before)
})
