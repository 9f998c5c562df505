import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

// What operators hide or void may be decided and not journaled: its message was lost, and the relay publishes it a second later.

const shop = await startMallShop(t)
const { ask, askLate, admin, pool, unpublished } = shop
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()
await shop.publish({
  id: 'late',
  title: 'Late',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  activities: [
    { id: 'sharing', kind: 'share', verifiedBy: 'service', channels: { wechat: {} } },
    { id: 'help', kind: 'assist', thresholds: [{ count: 1, reward: { points: 5 } }] },
    { id: 'talk', kind: 'discussion', subjects: ['topic'], topics: [{ id: 'news', title: 'News' }], perDay: 9 }
  ]
} as { id: string })

/** The id of a decision that has no answer yet, as the timeline of its user shows it. */
async function unanswered(user: string, type: string): Promise<string> {
  const { items } = (await admin('olga', `GET /admin/v1/users/${user}/timeline`)).body
  const isIt = (entry: { readonly type: string; readonly pending?: true }) => entry.type === type && entry.pending
  return items.find(isIt).eventId
}
const rowsOf = async (table: string, where: string, id: string) =>
  (await pool.query(`select * from ${table} where ${where} = $1`, [id])).rows

t.test('a comment that is hidden before it is journaled is hidden when it is stored', async (t) => {
  await shop.stopWorker()
  const body = { subject: { type: 'topic', id: 'news' }, text: 'buy here' }
  t.match(await askLate('ann', 'POST /v1/campaigns/late/discussions/talk/comments', { body }), { status: 202 })
  const id = await unanswered('ann', 'comment.posted')
  const hidden = { visible: false, reason: 'an advertisement' }
  const path = `POST /admin/v1/campaigns/late/discussions/talk/comments/${id}/visibility`
  t.match(await admin('olga', path, { body: hidden }), { status: 201 })
  shop.startWorker()
  await waitFor(async () => (await rowsOf('comments', 'comment_id', id))[0]?.status === 'hidden', {
    what: 'the comment to be stored and hidden'
  })
  t.match(await rowsOf('subject_counts', 'campaign_id', 'late'), [{ comments: 0 }])
})

t.test('of two words about a comment the last one counts, although the first one is stored later', async (t) => {
  const body = { subject: { type: 'topic', id: 'news' }, text: 'hello' }
  const { id } = (await ask('dan', 'POST /v1/campaigns/late/discussions/talk/comments', { body })).body.comment
  const statuses = async () => (await rowsOf('comments', 'comment_id', id)).map(({ status }) => status)
  await waitFor(async () => (await statuses())[0] === 'shown', { what: 'the comment to be stored' })
  await shop.stopWorker()
  const say = (visible: boolean) =>
    admin('olga', `POST /admin/v1/campaigns/late/discussions/talk/comments/${id}/visibility`, {
      body: { visible, reason: 'second thoughts' }
    })
  t.match(await unpublished(() => say(false)), { status: 202 })
  t.match(await say(true), { status: 201 })
  shop.startWorker()
  await waitFor(
    async () => {
      const said = await rowsOf('decisions', "type in ('comment.hidden', 'comment.restored') and user_id", 'dan')
      return said.length === 2
    },
    { what: 'both to be stored' }
  )
  t.strictSame(await statuses(), ['shown'])
  t.match(await rowsOf('subject_counts', 'campaign_id', 'late'), [{ comments: 1 }])
})

t.test('an assist that is voided before it is journaled gives nothing', async (t) => {
  const sharing = { channel: 'wechat', subject: { type: 'campaign', id: 'late' } }
  const share = (await ask('bea', 'POST /v1/campaigns/late/shares', { body: sharing })).body.share.id
  await waitFor(async () => (await rowsOf('shares', 'share_id', share)).length === 1, {
    what: 'the share to be stored'
  })
  await shop.stopWorker()
  t.match(await askLate('cem', `POST /v1/campaigns/late/shares/${share}/assists`, { body: {} }), { status: 202 })
  const id = await unanswered('cem', 'assist.given')
  t.match(await admin('olga', `DELETE /admin/v1/campaigns/late/assists/${id}?reason=bots`), { status: 200 })
  shop.startWorker()
  await waitFor(async () => (await rowsOf('assists', 'assist_id', id))[0]?.voided_at != null, {
    what: 'the assist to be stored and voided'
  })
})
