import t from 'tap'
import { middayTimezone } from '../../support/midday.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const shop = await startMallShop(t)
const { ask, admin, pool } = shop
const HOUR = 3_600_000
const now = Date.now()
const iso = (ms: number) => new Date(ms).toISOString()

await shop.publish({
  id: 'fair',
  title: 'Fair',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  units: { points: { scope: 'account' }, stars: { scope: 'campaign' } },
  policies: { releasedOrderReturnsLimit: true },
  levels: [{ id: 1, when: { points: 30 } }],
  activities: [
    {
      id: 'phone',
      kind: 'sale',
      title: 'Phone',
      price: 100,
      currency: 'CNY',
      unitsPerUser: 9,
      payWithinSeconds: 900,
      sessions: [{ id: 'all', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 50 }]
    },
    {
      id: 'wheel',
      kind: 'draw',
      title: 'Wheel',
      chances: { daily: 9, extraPerDay: 9 },
      fallback: 'thanks',
      prizes: [
        { id: 'mug', tier: 1, title: 'Mug', type: 'physical', quota: 9, weight: 1 },
        { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
      ]
    },
    { id: 'hello', kind: 'task', per: 'campaign', reward: { points: 30, chances: { wheel: 2 } } },
    { id: 'vip', kind: 'task', per: 'campaign', reward: { entitlement: 'vip' } },
    { id: 'shine', kind: 'task', per: 'campaign', reward: { stars: 20 } },
    { id: 'book', kind: 'redemption', title: 'Book', cost: { points: 25 }, stock: 9 },
    {
      id: 'friends',
      kind: 'invite',
      newUsers: false,
      qualifiesOn: 'participation:wheel',
      inviter: { on: 'qualified', reward: { points: 7 } }
    },
    { id: 'top', kind: 'board', metric: 'points', period: 'campaign', top: [{ upTo: 3, title: 'First' }] }
  ]
} as { id: string })

const post = (user: string, path: string, body: object = {}) => ask(user, `POST /v1/campaigns/fair/${path}`, { body })
const me = async (user: string) => (await ask(user, 'GET /v1/campaigns/fair/me')).body
const board = async () => (await ask('zoe', 'GET /v1/campaigns/fair/leaderboards/top')).body.items
const exclude = (user: string, body: object, { query = '', by = 'olga' } = {}) =>
  admin(by, `POST /admin/v1/users/${user}/disqualification${query}`, {
    body: { campaign: 'fair', reason: 'a bot', ...body }
  })
const dryRun = { query: '?dryRun=true' }
const everything = { revokeWins: true, revokeRewards: true, cancelOrders: true }

/** A user with something of everything: wins, points of which most are spent, a right, stars, orders, and a friend who came by them. */
async function busy(user: string) {
  await post(user, 'tasks/hello/completions')
  await post(user, 'tasks/vip/completions')
  await post(user, 'tasks/shine/completions')
  t.match(await post(user, 'redemptions/book/claims', { quantity: 1 }), { status: 201 })
  const win = (await post(user, 'draws/wheel/spins')).body.spin.win.id
  const open = (await post(user, 'sales/phone/orders', { quantity: 2 })).body.order.id
  const paid = (await post(user, 'sales/phone/orders', { quantity: 1 })).body.order.id
  const payment = { amount: 100, currency: 'CNY', reference: `pay-${user}` }
  t.match(await admin('olga', `POST /admin/v1/orders/${paid}/payment`, { body: payment }), { status: 201 })
  const { code } = (await post(user, 'invites')).body.invite
  t.match(await post(`friend-of-${user}`, `invites/${code}/acceptances`), { status: 201 })
  await post(`friend-of-${user}`, 'draws/wheel/spins')
  await waitFor(async () => (await me(user)).balances.points === 12, { what: 'the reward for the friend' })
  return { win, open, paid }
}

await shop.publish({
  id: 'mall',
  title: 'Mall',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  units: { points: { scope: 'account' } },
  activities: [{ id: 'hello', kind: 'task', per: 'campaign', reward: { points: 1 } }]
} as { id: string })

t.test('a dry run says what would go, and does nothing', async (t) => {
  const { win, open, paid } = await busy('eva')
  await waitFor(async () => (await board())[0]?.score === 37, { what: 'the board to count all' })
  const dry = await exclude('eva', everything, dryRun)
  t.match(dry, {
    status: 200,
    body: {
      dryRun: true,
      user: 'eva',
      disqualified: false,
      wins: [{ id: win, draw: 'wheel', prize: 'mug', status: 'won' }],
      rewards: [{ activity: 'friends', action: 'inviter', state: 'done' }],
      boards: [{ board: 'top', period: 'campaign', score: 37 }],
      canBeTakenBack: false
    }
  })
  t.same(
    dry.body.orders.map(({ id, status, refundDue }: Record<string, unknown>) => [id, status, refundDue]),
    [
      [paid, 'paid', 100],
      [open, 'accepted', 0]
    ]
  )
  const balances = dry.body.balances.toSorted((a: { unit: string }, b: { unit: string }) => (a.unit < b.unit ? -1 : 1))
  t.same(balances, [
    { unit: 'chances:wheel', amount: 2, there: 2, shortfall: 0 },
    { unit: 'entitlement:vip', amount: 1, there: 1, shortfall: 0 },
    { unit: 'points', amount: 30, there: 12, shortfall: 18 },
    { unit: 'stars', amount: 20, there: 20, shortfall: 0 }
  ])
  t.match((await exclude('eva', {}, dryRun)).body, { wins: [], rewards: [], orders: [], balances: [] })
  t.match(await exclude('eva', everything, { ...dryRun, by: 'vera' }), { status: 403 })
  t.match(await exclude('eva', { campaign: 'nowhere' }, dryRun), { status: 404 })
  t.match(await me('eva'), { disqualified: false, balances: { points: 12, stars: 20 } })
})

t.test(
  'who is excluded with everything loses wins, rewards, balances, open orders and the place on boards',
  async (t) => {
    const { win, open, paid } = await busy('max')
    await waitFor(async () => (await board()).length === 2, { what: 'the board to show two' })
    await waitFor(async () => (await me('max')).level === 1, { what: 'the level that the points lead to' })
    const answer = await exclude('max', everything)
    t.match(answer, { status: 200, body: { outcome: 'confirmed', revokedWins: [win], job: /^disqualification-\d+$/ } })
    t.match((await admin('vera', `GET /admin/v1/jobs/${answer.body.job}`)).body, {
      kind: 'disqualification',
      state: 'done',
      done: 5,
      left: 0,
      failed: [],
      requestedBy: 'olga',
      reason: 'a bot'
    })
    for (const [path, body] of [
      ['draws/wheel/spins', {}],
      ['sales/phone/orders', { quantity: 1 }],
      ['redemptions/book/claims', { quantity: 1 }]
    ] as const)
      t.match(await post('max', path, body), { status: 403, body: { code: 'DISQUALIFIED' } }, path)
    t.match((await ask('max', `GET /v1/wins/${win}`)).body, { status: 'revoked' })
    t.match((await ask('max', `GET /v1/orders/${open}`)).body, { status: 'cancelled' })
    t.match((await ask('max', `GET /v1/orders/${paid}`)).body, { status: 'cancelled', refundDue: 100 })
    await waitFor(
      async () => {
        const { rows } = await pool.query("select 1 from credits where user_id = 'max' and state = 'taken-back'")
        return rows.length === 1
      },
      { what: 'the reward for the friend to be taken back' }
    )
    t.match(await me('max'), { disqualified: true, balances: { points: 0, stars: 0 }, entitlements: [] })
    t.match((await me('max')).chances.wheel, { extra: 0 })
    await waitFor(async () => (await me('max')).level === 0, { what: 'the level that nothing leads to any more' })
    const counted = "select points from level_counts where user_id = 'max'"
    await waitFor(async () => (await pool.query(counted)).rows[0]?.points === 0, {
      what: 'each point to be voided once'
    })
    await waitFor(async () => (await board()).length === 1, { what: 'the board to drop them' })
    const { body: trail } = await admin('ada', 'GET /admin/v1/audit?target=user:max')
    const debit = trail.items.find(({ action }: { action: string }) => action === 'balance.debited')
    t.match(
      debit.after.balances.find(({ unit }: { unit: string }) => unit === 'points'),
      { asked: -30, shortfall: Number }
    )
    t.match(trail.items, [{}, { action: 'user.disqualified', after: { revoked: { wins: true, orders: true } } }])
    t.match((await admin('ada', `GET /admin/v1/audit?target=order:${paid}`)).body.items[0], {
      action: 'order.cancellation',
      after: { refundDue: { amount: 100, reference: 'pay-max' } }
    })
    const { body: timeline } = await admin('vera', 'GET /admin/v1/users/max/timeline?campaign=fair&limit=100')
    const types = new Set(timeline.items.map(({ type }: { type: string }) => type))
    for (const type of ['user.disqualified', 'win.revoked', 'order.cancelled', 'balance.debited', 'reward.taken-back'])
      t.ok(types.has(type), type)
  }
)

t.test('who is let in again is shown again, with nothing of what was revoked', async (t) => {
  t.match(await admin('olga', 'DELETE /admin/v1/users/max/disqualification?campaign=fair'), { status: 200 })
  await waitFor(async () => (await board()).length === 2, { what: 'the board to show them again' })
  t.match(await me('max'), { disqualified: false, balances: { points: 0, stars: 0 } })
  t.match(await post('max', 'draws/wheel/spins'), { status: 201 })
})

t.test('who is excluded once more does not lose the same again', async (t) => {
  await post('lea', 'tasks/hello/completions')
  t.match(await exclude('lea', { revokeRewards: true }), { status: 200, body: { outcome: 'confirmed' } })
  t.equal((await me('lea')).balances.points, 0)
  t.match(await admin('olga', 'DELETE /admin/v1/users/lea/disqualification?campaign=fair'), { status: 200 })
  const body = { campaign: 'mall', unit: 'points', amount: 50, reason: 'of another campaign' }
  t.match(await admin('olga', 'POST /admin/v1/users/lea/grants', { body }), { status: 200 })
  t.match(await post('lea', 'tasks/shine/completions'), { status: 201 })
  t.same((await exclude('lea', { revokeRewards: true }, dryRun)).body.balances, [
    { unit: 'stars', amount: 20, there: 20, shortfall: 0 }
  ])
  t.match(await exclude('lea', { revokeRewards: true }), { status: 200, body: { outcome: 'confirmed' } })
  t.match((await me('lea')).balances, { points: 50, stars: 0 })
  const voided = async () => {
    const debits =
      "select request #> '{earned,points}' as points from decisions where user_id = 'lea' and type = 'balance.debited'"
    return (await pool.query(`${debits} order by epoch, sequence`)).rows.map(({ points }) => points)
  }
  await waitFor(async () => (await voided()).length === 2, { what: 'both debits to be stored' })
  t.same(await voided(), [30, null], 'each point is voided once')
})

t.test('what a worker that died had begun is done by the next one, once', async (t) => {
  const { win } = await busy('kim')
  await shop.stopWorker()
  const asked = exclude('kim', everything)
  await waitFor(async () => (await pool.query("select 1 from jobs where asked ->> 'user' = 'kim'")).rowCount === 1, {
    what: 'the job to be noted'
  })
  shop.startWorker()
  t.match(await asked, { status: 200, body: { revokedWins: [win] } })
  const done = async () => {
    const { rows } = await pool.query(
      `select type, count(*)::int as n from decisions where user_id = 'kim' and key like 'x:%' and type in
         ('win.revoked', 'order.cancelled', 'balance.debited', 'user.disqualified') group by 1 order by 1`
    )
    return rows
  }
  // the reward for the friend is taken back once Postgres has that it was given
  await waitFor(async () => (await done()).length === 4, { what: 'all to be taken back' })
  t.same(await done(), [
    { type: 'balance.debited', n: 1 },
    { type: 'order.cancelled', n: 2 },
    { type: 'user.disqualified', n: 1 },
    { type: 'win.revoked', n: 1 }
  ])
})

t.test('who is excluded loses also what is stored later than the exclusion, but was decided before', async (t) => {
  const late = { body: {}, key: 'late-spin-of-ira' }
  const spun = 'POST /v1/campaigns/fair/draws/wheel/spins'
  t.match(await shop.askLate('ira', spun, late), { status: 202 })
  t.match(await shop.askLate('ira', 'POST /v1/campaigns/fair/tasks/hello/completions', { body: {} }), { status: 202 })
  t.match(await exclude('ira', everything), { status: 200, body: { outcome: 'confirmed', revokedWins: { length: 1 } } })
  const { win } = (await ask('ira', spun, late)).body.spin
  t.match((await ask('ira', `GET /v1/wins/${win.id}`)).body, { status: 'revoked' })
  t.match(await me('ira'), { disqualified: true, balances: { points: 0 } })
  t.match((await me('ira')).chances.wheel, { extra: 0 })
})
