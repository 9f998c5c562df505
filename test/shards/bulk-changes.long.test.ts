import pg from 'pg'
import t from 'tap'
import { orderId, Shop } from '../support/http/storefront.ts'
import { assertEvents } from '../support/judging/assert-events.ts'
import { shardsEnv } from '../support/servers/servers.ts'
import { startStack } from '../support/servers/stack.ts'
import { openSession, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

// Orders are cancelled in bulk and a user is excluded while workers are killed.
const SHARDS = 4
const stack = await startStack(t, { env: shardsEnv(SHARDS) })
const shop = new Shop(stack)
const pool = new pg.Pool({ connectionString: stack.file().databaseUrl, max: 2 })
t.teardown(() => pool.end())

const PATIENT = { deadlineMs: 180_000, everyMs: 100 }
const ORDERS = 300
const base = saleDefinition({ id: 'wrong', sales: { phone: { sessions: [openSession(ORDERS * 2)] } } }) as {
  id: string
  activities: object[]
}
await stack.publish({
  ...base,
  activities: [
    { ...base.activities[0], payWithinSeconds: 3600 },
    { id: 'hello', kind: 'task', per: 'campaign', reward: { points: 5 } }
  ]
} as { id: string })

const job = async (id: string) => (await shop.operate('GET', `/jobs/${id}`)).body
const done = (id: string) =>
  waitFor(async () => (await job(id)).state === 'done', { ...PATIENT, what: `${id} to be done` })

/**
 * Kills the worker again and again, each time once another one runs and has done some more, until the job is done.
 * @param first the one that was killed before the job was asked for
 */
async function killMeanwhile(id: string, first: number): Promise<number> {
  const killed = [first]
  let before = -1
  await waitFor(
    async () => {
      const { state, done: now } = await job(id)
      if (state === 'done') return true
      const mayKill = killed.length < 4 && Number(now) > before && stack.isReplaced('worker', killed.at(-1) ?? 0)
      if (!mayKill) return false
      before = Number(now)
      killed.push(stack.kill('worker'))
      return false
    },
    { ...PATIENT, what: `${id} to be done` }
  )
  return killed.length
}

t.test('orders at a wrong price are cancelled once each, and sold again, whoever dies', async (t) => {
  const users = Array.from({ length: ORDERS }, (_, at) => `buyer-${at}`)
  const bought = await Promise.all(users.map((user) => shop.buy('wrong/phone', user)))
  const orders = bought.map(orderId)
  const reference = (order: string | undefined) => ({ amount: 299900, currency: 'CNY', reference: `pay-${order}` })
  for (const order of orders.slice(0, 5))
    t.match(await shop.operate('POST', `/orders/${order}/payment`, reference(order)), { status: 201 })
  await shop.operate('PATCH', '/campaigns/wrong/activities/phone', { reason: 'wrong', paused: true })
  await shop.operate('PATCH', '/campaigns/wrong/activities/phone', { reason: 'right', price: 399900 })
  const body = { activity: 'phone', price: 299900, reason: 'a wrong price' }
  // a quick one would be done before anybody could kill it
  const first = stack.kill('worker')
  const asked = await stack.admin({
    method: 'POST',
    path: '/admin/v1/campaigns/wrong/affected-orders/cancellation',
    body
  })
  t.equal(asked.status, 202)
  const { id } = (asked.body as { job: { id: string } }).job
  t.comment(`${await killMeanwhile(id, first)} workers were killed`)
  t.match(await job(id), { done: ORDERS, left: 0, failedCount: 0 })
  const cancelled = async () => {
    const { rows } = await pool.query(
      `select count(*)::int as decisions, count(distinct entity || shard)::int as orders from decisions where type = 'order.cancelled'`
    )
    return rows[0] as { decisions: number; orders: number }
  }
  // an item is done once the journal has its decision
  await waitFor(async () => (await cancelled()).decisions >= ORDERS, { ...PATIENT, what: 'all to be stored' })
  const ofShards = await pool.query(`select distinct shard from decisions where type = 'order.cancelled'`)
  t.equal(ofShards.rowCount, SHARDS, 'every shard had some')
  t.same(await cancelled(), { decisions: ORDERS, orders: ORDERS })
  const { rows: audited } = await pool.query(`select count(*)::int as n from audit where action = 'order.cancellation'`)
  t.same(audited, [{ n: ORDERS }], 'each is audited once')
  const { body: state } = await shop.operate('GET', '/campaigns/wrong/state')
  t.match(state, { activities: [{ id: 'phone', sessions: [{ remaining: ORDERS * 2, held: 0, paid: 0 }] }, {}] })
  t.match((await shop.operate('GET', `/orders/${orders[0]}`)).body, { refundDue: [{ amount: 299900 }] })
})

t.test('who is excluded loses all of it once, and is refused by every gateway', async (t) => {
  await shop.operate('PATCH', '/campaigns/wrong/activities/phone', { reason: 'go on', paused: false })
  for (const user of ['max', 'moritz']) {
    await waitFor(async () => (await shop.buy('wrong/phone', user)).status === 201, { ...PATIENT, what: 'a purchase' })
    const path = '/v1/campaigns/wrong/tasks/hello/completions'
    t.match(await shop.ask(path, { method: 'POST', user, key: `hello-of-${user}`, body: {} }), { status: 201 })
    stack.kill('worker')
    const body = { campaign: 'wrong', reason: 'a bot', revokeWins: true, revokeRewards: true, cancelOrders: true }
    const answer = await shop.operate('POST', `/users/${user}/disqualification`, body)
    t.match(answer, { status: 200, body: { job: String } })
    await done(String(answer.body.job))
    t.match(await shop.buy('wrong/phone', user), { status: 403, body: { code: 'DISQUALIFIED' } })
    const me = await shop.ask('/v1/campaigns/wrong/me', { user })
    t.match(me.body, { disqualified: true, balances: { points: 0 } })
  }
  const types = await assertEvents(t, stack.file())
  for (const type of ['order.cancelled', 'order.refund-due', 'user.disqualified', 'balance.debited'])
    t.ok(types.has(`floodgate.${type}`), type)
})
