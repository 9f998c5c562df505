import { randomUUID } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { orderId, Shop } from '../support/http/storefront.ts'
import { startStack } from '../support/servers/stack.ts'
import { openSession, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

// Goals that Floodgate counts itself, from the decisions that Postgres has.

const stack = await startStack(t)
const shop = new Shop(stack)
const pool = new pg.Pool({ connectionString: stack.file().databaseUrl, max: 2 })
t.teardown(() => pool.end())

const campaign = 'goals'
const price = 299900
const goal = (id: string, wanted: object, points: number) => ({
  id,
  kind: 'task',
  title: id,
  per: 'campaign',
  goal: wanted,
  reward: { points }
})
const base = saleDefinition({ id: campaign, sales: { phone: { sessions: [openSession(100)] } } }) as {
  readonly id: string
  readonly activities: readonly object[]
}
const definition = {
  ...base,
  units: { points: { scope: 'campaign' } },
  activities: [
    ...base.activities,
    goal('three-units', { counter: 'order.paid', of: 'units', activity: 'phone', count: 3 }, 30),
    goal('spender', { counter: 'order.paid', of: 'amount', count: 3 * price }, 300),
    { id: 'daily', kind: 'task', title: 'daily', per: 'day', reward: { points: 1 } },
    goal('comes-back', { counter: 'checkin', count: 1 }, 5)
  ]
}
await stack.publish(definition)

async function pay(user: string, quantity = 1): Promise<string> {
  const id = orderId(await shop.buy(`${campaign}/phone`, user, { quantity })) ?? ''
  const paid = { amount: quantity * price, currency: 'CNY', reference: `pay-${randomUUID()}` }
  t.equal((await shop.operate('POST', `/orders/${id}/payment`, paid)).status, 201)
  return id
}

async function pointsOf(user: string): Promise<number> {
  const { body } = await shop.ask(`/v1/campaigns/${campaign}/me`, { user })
  return (body.balances as { points: number }).points
}

const reached = (user: string, points: number) =>
  waitFor(async () => (await pointsOf(user)) === points, { what: `${user} to have ${points} points` })

async function countsOf(user: string): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ task_id: string; count: string }>(
    'select task_id, count from task_counts where campaign_id = $1 and user_id = $2',
    [campaign, user]
  )
  return Object.fromEntries(rows.map(({ task_id, count }) => [task_id, Number(count)]))
}

t.test('paid orders count, and what comes back is taken off until the goal is reached', async (t) => {
  const first = await pay('alice', 2)
  await waitFor(async () => (await countsOf('alice'))['three-units'] === 2, { what: 'two units to count' })
  t.equal((await shop.operate('POST', `/orders/${first}/shipment`, { carrier: 'SF', trackingNumber: '1' })).status, 201)
  t.equal((await shop.operate('POST', `/orders/${first}/return`, { quantity: 1, kind: 'return' })).status, 201)
  await waitFor(async () => (await countsOf('alice'))['three-units'] === 1, {
    what: 'the returned unit to be taken off'
  })
  t.match(await countsOf('alice'), { spender: price })
  await pay('alice')
  t.equal(await pointsOf('alice'), 0, 'three were bought, two were kept')
  await pay('alice')
  await reached('alice', 330)
  const last = await pay('alice')
  t.equal((await shop.operate('POST', `/orders/${last}/cancellation`, {})).status, 201)
  await pay('alice')
  t.equal(await pointsOf('alice'), 330, 'each goal is rewarded once')
})

t.test('a check-in counts, and other systems cannot report what Floodgate counts', async (t) => {
  const path = `/v1/campaigns/${campaign}/tasks/daily/completions`
  t.equal((await shop.ask(path, { method: 'POST', user: 'ben', key: 'ben-checks-in', body: {} })).status, 201)
  await reached('ben', 6)
  const report = { user: 'ben', sourceEventId: 'e-1', amount: 1 }
  const { adminUrl, operators } = stack.file()
  const answer = await fetch(`${adminUrl}/service/v1/campaigns/${campaign}/tasks/three-units/progress`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${Object.values(operators)[0]}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID()
    },
    body: JSON.stringify(report)
  })
  t.equal(answer.status, 409)
  t.match(await answer.json(), { code: 'CONFLICT' })
})

t.test('a task that is added later counts what was before, also while the worker is killed', async (t) => {
  for (let n = 0; n < 5; n += 1) await pay('cleo')
  await pay('dora')
  const added = goal('three-orders', { counter: 'order.paid', count: 3 }, 1000)
  const killed = stack.kill('worker')
  await stack.publish({ ...definition, activities: [...definition.activities, added] } as typeof definition)
  await waitFor(() => stack.isReplaced('worker', killed), { what: 'the worker to run again' })
  await reached('cleo', 1330)
  t.match(await countsOf('dora'), { 'three-orders': 1 })
  await pay('dora', 1)
  await pay('dora', 1)
  await reached('dora', 1330)
  // whatever was counted twice would show here
  t.match(await countsOf('cleo'), { 'three-units': 5, 'three-orders': 5, spender: 5 * price })
  t.match(await countsOf('dora'), { 'three-units': 3, 'three-orders': 3 })
  const { rows } = await pool.query<{ count: string }>(
    `select count(*) as count from decisions where campaign_id = $1 and type = 'task.completed' and user_id = 'cleo'`,
    [campaign]
  )
  t.equal(Number(rows[0]?.count), 3)
})
