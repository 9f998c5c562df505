import { randomUUID } from 'node:crypto'
import t from 'tap'
import { Shop } from '../../support/http/storefront.ts'
import { startStack } from '../../support/servers/stack.ts'
import { waitFor } from '../../support/wait.ts'
import { growthCampaign } from '../growth-campaign.ts'

const stack = await startStack(t)
const shop = new Shop(stack)

t.test('after the end a visit verifies no share, and after the settlement no service does', async (t) => {
  const id = 'brief'
  const definition = growthCampaign(id, Date.now())
  const [, , sharing] = definition.activities
  await stack.publish({ ...definition, ...{ activities: [sharing] } })
  const at = `/v1/campaigns/${id}`
  const shareIt = async (channel: string) => {
    const body = { channel, subject: { type: 'campaign', id } }
    const made = await shop.ask(`${at}/shares`, { method: 'POST', user: 'lea', key: randomUUID(), body })
    return (made.body.share as { id: string }).id
  }
  const [seen, told, late] = [await shareIt('wechat'), await shareIt('weibo'), await shareIt('weibo')]
  const operate = (path: string, body: object) => stack.operate({ method: 'POST', path, body })
  const verify = (share: string) =>
    operate(`/service/v1${at.slice(3)}/shares/${share}/verification`, { sourceEventId: share, verified: true })
  t.equal((await operate(`/admin${at}/end`, { reason: 'over' })).status, 200)
  const page = async (share: string, user: string) => (await shop.ask(`${at}/shares/${share}`, { user })).body
  const isEnded = async () => (await shop.ask(at)).body.status === 'ended'
  await waitFor(isEnded, { what: 'the gateway to know of the end' })
  await page(seen, 'ben')
  await waitFor(async () => (await page(seen, 'lea')).clicks === 1, { what: 'the look to count' })
  t.match(await page(seen, 'lea'), { status: 'created' }, 'whoever looks later proves nothing for the campaign')
  t.match(await verify(told), { status: 200 }, 'what was shared in time may be found genuine later')
  const settled = async () => (await operate(`/admin${at}/settlement`, {})).status === 200
  await waitFor(settled, { what: 'the campaign to be settled' })
  await waitFor(async () => (await verify(late)).status === 410, { what: 'the gateway to know' })
  t.match(await verify(late), { status: 410, body: { code: 'ENDED' } })
})
