import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const shop = await startMallShop(t)
const { ask } = shop
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
const campaign = 'autumn'
const mine = `GET /v1/campaigns/${campaign}/me/shares`

await shop.publish({
  id: campaign,
  title: 'Autumn',
  timezone: middayTimezone,
  opensAt: iso(now - 3_600_000),
  closesAt: iso(now + 3_600_000),
  activities: [
    {
      id: 'sharing',
      kind: 'share',
      title: 'Share',
      link: 'https://shop.example/s/{share}',
      subjects: ['campaign', 'experience'],
      verifiedBy: 'visit',
      channels: { wechat: {}, community: {} }
    },
    { id: 'help', kind: 'assist', title: 'Help', thresholds: [{ count: 1, reward: { points: 5 } }] }
  ]
} as { readonly id: string })

async function share(user: string, channel: string, subject: object = { type: 'campaign', id: campaign }) {
  const body = { channel, subject }
  const answer = await ask(user, `POST /v1/campaigns/${campaign}/shares`, { body })
  t.equal(answer.status, 201, JSON.stringify(answer.body))
  return (answer.body.share as { readonly id: string }).id
}
const list = async (user: string, query = '') => (await ask(user, mine + query)).body
const idsOf = (body: Awaited<ReturnType<typeof list>>) =>
  (body.items as Array<{ readonly id: string }>).map(({ id }) => id)

await t.test('own shares are there from their 201 on, newest first, page by page, stored or not', async (t) => {
  await shop.stopWorker()
  const ids = [await share('ann', 'wechat'), await share('ann', 'community'), await share('ann', 'wechat')].toReversed()
  await share('bob', 'wechat')
  t.match(await list('ann'), { nextCursor: null })
  t.strictSame(idsOf(await list('ann')), ids, 'of Redis alone')
  shop.startWorker()
  const isStored = async () =>
    (await shop.pool.query(`select 1 from shares where user_id = 'ann'`)).rowCount === ids.length
  await waitFor(isStored, { what: 'the shares to be stored' })
  const first = await list('ann', '?limit=2')
  const rest = await list('ann', `?limit=2&cursor=${first.nextCursor}`)
  t.strictSame([...idsOf(first), ...idsOf(rest)], ids)
  t.equal(rest.nextCursor, null)
  t.match(first, { items: [{ channel: 'wechat', status: 'created', clicks: 0, verifiedAt: null, conversions: 0 }] })
  t.equal((await ask('ann', 'GET /v1/campaigns/none/me/shares')).status, 404)
  t.equal((await ask('ann', `${mine}?channel=wechat`)).status, 400)
  t.strictSame(idsOf(await list('cid')), [])
})

await t.test('each says who looked and helped, and when it was verified', async (t) => {
  const id = await share('dan', 'wechat')
  t.equal((await ask('eve', `GET /v1/campaigns/${campaign}/shares/${id}`)).status, 200)
  t.equal((await ask('eve', `POST /v1/campaigns/${campaign}/shares/${id}/assists`, { body: {} })).status, 201)
  const isTold = async () => {
    const [found] = (await list('dan')).items as Array<{
      clicks: number
      verifiedAt: string | null
      assists: { count: number }
    }>
    return found?.clicks === 1 && found.verifiedAt !== null && found.assists.count === 1
  }
  await waitFor(isTold, { what: 'the look and the assist to be counted' })
  t.match(await list('dan'), {
    items: [
      { id, url: `https://shop.example/s/${id}`, status: 'verified', assists: { thresholds: [{ reached: true }] } }
    ]
  })
})
