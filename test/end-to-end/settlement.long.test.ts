import { randomUUID } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { shardNumbers } from '../../src/base/shards.ts'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import { lockLevels } from '../../src/store/following/levels.ts'
import { orderId, Shop } from '../support/http/storefront.ts'
import { testShards } from '../support/servers/servers.ts'
import { startStack } from '../support/servers/stack.ts'
import { openSession, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

// A campaign is settled once nothing is left to do, whoever is killed in between.

const stack = await startStack(t)
const shop = new Shop(stack)
const pool = new pg.Pool({ connectionString: stack.file().databaseUrl, max: 2 })
t.teardown(() => pool.end())

const price = 299900
const goal = { counter: 'order.paid', of: 'units', count: 2 }

/** Time enough to pay for the phone, on any machine, and little for the case. */
const payWithin: Readonly<Record<string, number>> = { phone: 3600, case: 20 }

function definition(id: string) {
  const sales = { phone: { sessions: [openSession(50)] }, case: { sessions: [openSession(50)] } }
  const base = saleDefinition({ id, sales }) as {
    readonly id: string
    readonly activities: ReadonlyArray<{ readonly id: string }>
  }
  return {
    ...base,
    units: { points: { scope: 'campaign' } },
    activities: [
      ...base.activities.map((sale) => ({ ...sale, payWithinSeconds: payWithin[sale.id] })),
      { id: 'two', kind: 'task', title: 'Two', per: 'campaign', goal, reward: { points: 20 } },
      {
        id: 'top',
        kind: 'board',
        title: 'Top',
        metric: 'units',
        period: 'campaign',
        top: [{ upTo: 3, reward: { points: 100 }, title: 'Champion' }]
      }
    ]
  }
}

async function buyAndPay(campaign: string, user: string): Promise<void> {
  const id = orderId(await shop.buy(`${campaign}/phone`, user, { quantity: 2 }))
  const paid = { amount: 2 * price, currency: 'CNY', reference: `pay-${randomUUID()}` }
  t.equal((await shop.operate('POST', `/orders/${id}/payment`, paid)).status, 201)
}

const pointsOf = async (campaign: string, user: string) =>
  ((await shop.ask(`/v1/campaigns/${campaign}/me`, { user })).body.balances as { points: number }).points

const stateOf = async (campaign: string) => (await shop.operate('GET', `/campaigns/${campaign}`)).body.state

/** Asks once, for an answer that may be 202. */
const settle = async (campaign: string, query = '') => {
  const { status, body } = await stack.admin({
    method: 'POST',
    path: `/admin/v1/campaigns/${campaign}/settlement${query}`,
    body: {}
  })
  return { status, body: body as Record<string, unknown> }
}

t.test('a settlement waits for orders and goals, and says for what; nothing is done by a dry run', async (t) => {
  const campaign = 'waits'
  await stack.publish(definition(campaign))
  t.match(await settle(campaign), { status: 409, body: { code: 'CONFLICT' } }, 'a running campaign is not settled')
  const open = orderId(await shop.buy(`${campaign}/phone`, 'ann'))
  await buyAndPay(campaign, 'ben')
  t.equal((await shop.operate('POST', `/campaigns/${campaign}/end`, { reason: 'over' })).status, 200)
  await waitFor(
    async () => {
      const { body } = await settle(campaign, '?dryRun=true')
      const left = body.left as Array<{ step: string; left: number }>
      return left.every(({ step, left }) => left === (step === 'orders' || step === 'boards' ? 1 : 0))
    },
    { what: 'the dry run to say that one order is left' }
  )
  t.equal(await stateOf(campaign), 'ended')
  t.match(await settle(campaign), { status: 202, body: { waitsFor: { step: 'orders', left: 1 } } })
  t.equal((await shop.operate('POST', `/orders/${open}/cancellation`, {})).status, 201)
  await waitFor(async () => (await stateOf(campaign)) === 'settled', { what: 'the campaign to be settled' })
  t.match(await settle(campaign), { status: 200, body: { outcome: 'confirmed', campaign: { state: 'settled' } } })
  t.equal(await pointsOf(campaign, 'ben'), 120, 'the goal, and the first place')
  const { rows } = await pool.query(
    'select operator, action from audit where target = $1 order by audit_id desc limit 3',
    [`campaign:${campaign}`]
  )
  t.match(rows, [{ action: 'campaign.settled' }, { action: 'campaign.settlement' }, { action: 'campaign.ended' }])
})

t.test('a settlement waits until levels were counted and changed', async (t) => {
  const campaign = 'counted'
  const sharing = { id: 'sharing', kind: 'share', verifiedBy: 'visit', channels: { wechat: {} } }
  await stack.publish({
    ...definition(campaign),
    levels: [{ id: 1, when: { shares: 1 } }],
    activities: [sharing]
  } as { id: string })
  const shared = await shop.ask(`/v1/campaigns/${campaign}/shares`, {
    method: 'POST',
    user: 'ann',
    key: 'a-share-of-ann',
    body: { channel: 'wechat', subject: { type: 'campaign', id: campaign } }
  })
  t.equal(shared.status, 201)
  const levelOf = async (user: string) => (await shop.ask(`/v1/campaigns/${campaign}/me`, { user })).body.level
  await inTransaction(pool, async (session) => {
    // nobody can count meanwhile
    for (const shard of shardNumbers(testShards)) await lockLevels(session, shard)
    const { id } = shared.body.share as { id: string }
    t.equal((await shop.ask(`/v1/campaigns/${campaign}/shares/${id}`, { user: 'cat' })).status, 200)
    const isAsked = async () => (await pool.query('select from level_recounts')).rowCount !== 0
    await waitFor(isAsked, { what: 'the visit to be noted' })
    t.equal((await shop.operate('POST', `/campaigns/${campaign}/end`, { reason: 'over' })).status, 200)
    await settle(campaign)
    const waits = async () => {
      const { rows } = await pool.query('select waits_for from settlements where campaign_id = $1', [campaign])
      return rows[0]?.waits_for?.step === 'levels'
    }
    await waitFor(waits, { what: 'the settlement to wait for levels' })
    const { left } = (await settle(campaign, '?dryRun=true')).body as { left: Array<{ step: string; left: number }> }
    const levels = left.find(({ step }) => step === 'levels')
    t.match(levels, { means: String, left: Number })
    t.ok((levels?.left ?? 0) > 0, 'levels are left')
    t.equal(await levelOf('ann'), 0)
  })
  await waitFor(async () => (await stateOf(campaign)) === 'settled', { what: 'the campaign to be settled' })
  t.equal(await levelOf('ann'), 1)
})

t.test('killed while it settles, a campaign is settled all the same, and each goal is rewarded once', async (t) => {
  const campaign = 'killed'
  await stack.publish(definition(campaign))
  t.equal((await shop.buy(`${campaign}/case`, 'never-pays')).status, 201)
  const open = orderId(await shop.buy(`${campaign}/phone`, 'gives-back'))
  const users = Array.from({ length: 12 }, (_, n) => `buyer-${n}`)
  const buying = users.map((user) => buyAndPay(campaign, user))
  const first = stack.kill('worker')
  await Promise.all(buying)
  t.equal((await shop.operate('POST', `/campaigns/${campaign}/end`, { reason: 'over' })).status, 200)
  t.match(await settle(campaign), { status: 202 })
  await waitFor(() => stack.isReplaced('worker', first), { what: 'the worker to run again' })
  const second = stack.kill('worker')
  const gateway = stack.kill('gateway')
  await waitFor(() => stack.isReplaced('worker', second) && stack.isReplaced('gateway', gateway), {
    what: 'worker and gateway to run again'
  })
  // held until now, so that nothing was settled before the parts were killed
  t.equal((await shop.operate('POST', `/orders/${open}/cancellation`, {})).status, 201)
  const waitsForBoards = async () => {
    const { rows } = await pool.query('select waits_for, settled_at from settlements where campaign_id = $1', [
      campaign
    ])
    return rows[0]?.settled_at !== null || rows[0]?.waits_for?.step === 'boards'
  }
  await waitFor(waitsForBoards, { what: 'the settlement to wait for the board' })
  const third = stack.kill('worker')
  await waitFor(() => stack.isReplaced('worker', third), { what: 'the worker to run again' })
  const settled = async () => {
    const { rows } = await pool.query('select settled from campaigns where campaign_id = $1', [campaign])
    return rows[0]?.settled === true
  }
  await waitFor(settled, { what: 'the campaign to be settled' })
  const { body } = await shop.ask(`/v1/campaigns/${campaign}/leaderboards/top`)
  t.match(body, {
    frozen: true,
    items: [{ rank: 1, score: 2 }, { rank: 2 }, { rank: 3, title: 'Champion' }, { rank: 4 }]
  })
  const points = await Promise.all(users.map((user) => pointsOf(campaign, user)))
  t.same(
    points.sort((a, b) => b - a),
    [...Array(3).fill(120), ...Array(9).fill(20)]
  )
  const { rows } = await pool.query(
    `select count(*) as decided, count(distinct user_id) as users from decisions where campaign_id = $1 and activity_id = 'two'`,
    [campaign]
  )
  t.match(rows, [{ decided: '12', users: '12' }])
})
