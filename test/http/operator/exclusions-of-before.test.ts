import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'

const { ask, admin, pool, publish } = await startMallShop(t)
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()

const campaign = (id: string, points: number, activities: object[] = []) => ({
  id,
  title: id,
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  units: { points: { scope: 'account' } },
  activities: [{ id: 'hello', kind: 'task', per: 'campaign', reward: { points } }, ...activities]
})
const sessions = [{ id: 'all', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 50 }]
const phone = { id: 'phone', kind: 'sale', title: 'Phone', price: 100, currency: 'CNY', unitsPerUser: 9, sessions }
await publish(campaign('fair', 30, [phone]))
await publish(campaign('mall', 1))

const greet = (user: string, id: string) => ask(user, `POST /v1/campaigns/${id}/tasks/hello/completions`, { body: {} })
const me = async (user: string) => (await ask(user, 'GET /v1/campaigns/fair/me')).body
const exclude = (user: string, id: string, key = `exclude-${user}-${id}`) =>
  admin('olga', `POST /admin/v1/users/${user}/disqualification`, {
    key,
    body: { campaign: id, reason: 'a bot', revokeRewards: true }
  })

t.test('an exclusion is no other one, also in a Postgres that has just gone back to a backup', async (t) => {
  for (const id of ['fair', 'mall']) await greet('ria', id)
  const { last } = (await pool.query('select last_value as last from jobs_job_id_seq')).rows[0]
  const { job } = (await exclude('ria', 'fair')).body
  t.match(await me('ria'), { balances: { points: 1 } })
  const lost = job.split('-')[1]
  await pool.query('delete from job_items where job_id = $1', [lost])
  await pool.query('delete from jobs where job_id = $1', [lost])
  await pool.query("select setval('jobs_job_id_seq', $1)", [last])
  t.match(await exclude('ria', 'mall'), { body: { outcome: 'confirmed' } })
  t.match(await me('ria'), { balances: { points: 0 } })
})

t.test('an exclusion under the key of a cancellation is refused as a whole', async (t) => {
  await greet('pia', 'fair')
  const key = 'once-a-cancellation'
  const cancel = () =>
    admin('olga', 'POST /admin/v1/campaigns/fair/affected-orders/cancellation', {
      key,
      body: { activity: 'phone', price: 7, reason: 'a wrong price' }
    })
  const { status, body } = await cancel()
  t.ok(status === 200 || status === 202, JSON.stringify(body))
  // an earlier version forgot keys after a week
  const forget = () => pool.query('delete from admin_requests where key = $1', [key])
  await forget()
  t.match(await exclude('pia', 'fair', key), { status: 422, body: { code: 'KEY_REUSED' } })
  t.match(await me('pia'), { disqualified: false, balances: { points: 30 } })
  await forget()
  t.match(await cancel(), { status: 422, body: { code: 'KEY_REUSED' } }, 'nor is another cancellation that one')
})
