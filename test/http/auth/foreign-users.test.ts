import t from 'tap'
import { shardNumbers } from '../../../src/base/shards.ts'
import { insideUser } from '../../../src/store/connection/user-name.ts'
import { decisionsOfUsers } from '../../../src/store/projection/reconcile.ts'
import { nextUsers } from '../../../src/store/projection/users.ts'
import { testShards } from '../../support/servers/servers.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

// Subjects as issuers give them out: each is one user everywhere, and is shown as issued wherever people look.
const subjects = ['auth0|5f7c', '手机用户|1', '=YQ', "o'brien {s0}:u:alice <x>%2F", 'a'.repeat(255)]

const { admin, ask, pool, publish } = await startMallShop(t)
const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()
await publish({
  id: 'foreign',
  title: 'Foreign users',
  timezone: 'Asia/Shanghai',
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  units: { points: { scope: 'account' } },
  activities: [
    {
      id: 'phone',
      kind: 'sale',
      title: 'Phone',
      price: 100,
      currency: 'CNY',
      sessions: [{ id: 'all', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 100 }]
    },
    {
      id: 'wheel',
      kind: 'draw',
      title: 'Wheel',
      chances: { daily: 5 },
      fallback: 'thanks',
      prizes: [
        {
          id: 'points',
          tier: 1,
          title: 'Points',
          type: 'points',
          value: 5,
          reward: { points: 5 },
          quota: 90,
          weight: 1
        },
        { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
      ]
    },
    { id: 'reader', kind: 'task', per: 'day', goal: { counter: 'pages', count: 3 }, reward: { points: 7 } }
  ]
} as { id: string })

const of = (subject: string) => `/admin/v1/users/${encodeURIComponent(subject)}`
const balance = async (subject: string) => (await ask(subject, 'GET /v1/campaigns/foreign/me')).body.balances?.points

t.test('users with any subject take part, and Postgres and operators see the subject as issued', async (t) => {
  for (const subject of subjects) {
    const bought = await ask(subject, 'POST /v1/campaigns/foreign/sales/phone/orders', { body: { quantity: 1 } })
    t.equal(bought.status, 201, subject)
    const spun = await ask(subject, 'POST /v1/campaigns/foreign/draws/wheel/spins', { body: {} })
    t.match(spun, { status: 201, body: { spin: { prize: { id: 'points' } } } })
    const grant = { campaign: 'foreign', unit: 'points', amount: 10, reason: 'a gift' }
    t.equal((await admin('olga', `POST ${of(subject)}/grants`, { body: grant })).status, 200)
    const progress = { user: subject, sourceEventId: `read ${subject.length}`.replaceAll(' ', '-'), amount: 3 }
    const path = 'POST /service/v1/campaigns/foreign/tasks/reader/progress'
    t.match(await admin('counter', path, { body: progress }), { status: 200, body: { completed: true } })
    await waitFor(async () => (await balance(subject)) === 5 + 10 + 7, { what: `the points of ${subject}` })
    const { id } = bought.body.order
    t.match(await admin('vera', `GET /admin/v1/orders/${id}`), { body: { id, user: subject } })
    t.match(await admin('vera', `GET /admin/v1/wins/${spun.body.spin.id}`), { body: { user: subject } })
    t.match((await ask(subject, 'GET /v1/me/orders')).body, { items: [{ id }] })
    const listed = async () =>
      (await admin('vera', `GET /admin/v1/orders?user=${encodeURIComponent(subject)}`)).body.items
    await waitFor(async () => (await listed()).length === 1, { what: 'the order to be listed' })
    t.match(await listed(), [{ id, user: subject }])
    t.equal((await ask('alice', `GET /v1/orders/${id}`)).status, 404)
  }
  for (const table of ['orders', 'wins', 'ledger', 'decisions', 'balances', 'intents', 'task_counts', 'task_sources']) {
    const seen = async () => {
      const { rows } = await pool.query(`select distinct user_id from ${table} where user_id not like '$%'`)
      return rows.map(({ user_id }) => String(user_id))
    }
    await waitFor(async () => (await seen()).length >= subjects.length, { what: `rows in ${table}` })
    t.same((await seen()).sort(), [...subjects].sort(), table)
  }
  const { rows } = await pool.query(`select distinct target from audit where target like 'user:%'`)
  t.same(rows.map(({ target }) => target).sort(), subjects.map((subject) => `user:${subject}`).sort())
  for (const subject of subjects) {
    const { body } = await admin('vera', `GET ${of(subject)}/timeline`)
    const types = (body.items as Array<{ type: string }>).map(({ type }) => type).sort()
    t.same(types, ['balance.credited', 'order.accepted', 'spin.won', 'task.completed'], subject)
  }
})

t.test('files name users as issued, and a subject that cannot be a user is refused with the reason', async (t) => {
  const path = 'POST /admin/v1/units/points/imports'
  const body = `user,amount,reference\nauth0|5f7c,100,first\n"\u0007bell",5,second\n`
  const answer = await admin('ada', path, { body, type: 'text/csv' })
  t.match(answer, { status: 200, body: { accepted: 1, rejected: 1, errors: [{ line: 3, detail: /as issued/ }] } })
  await waitFor(async () => (await balance('auth0|5f7c')) === 122, { what: 'the import to be credited' })
  for (const nobody of ['$system', 'x\u0007', 'a'.repeat(256)]) {
    t.equal((await admin('vera', `GET ${of(nobody)}/timeline`)).status, 404, nobody.slice(0, 9))
    t.equal((await ask(nobody, 'GET /v1/me/orders')).status, 401)
  }
})

t.test('a recovery and a comparison use the internal names of users', async (t) => {
  const inside = subjects.map((subject) => insideUser(subject) ?? '')
  const known: string[] = []
  const decided: string[] = []
  for (const shard of shardNumbers(testShards)) {
    known.push(...(await nextUsers(pool, { shard, prefix: 'u:', most: 100 }, undefined)).users)
    const decisions = await decisionsOfUsers(pool, inside, { upTo: { shard, epoch: 2_000_000_000, batch: 1 } })
    decided.push(...decisions.map(({ user }) => user))
  }
  for (const user of inside) {
    t.match(user, /^=[\w-]+$/)
    t.ok(known.includes(user))
  }
  t.ok(known.includes('$system'), 'and what is decided for nobody by its own')
  t.same(new Set(decided), new Set(inside))

  const reconciliation = '/admin/v1/campaigns/foreign/reconciliation'
  type Shard = { readonly state: string; readonly epoch: number }
  const shards = async (): Promise<Shard[]> =>
    (await admin('vera', 'GET /admin/v1/campaigns/foreign/state')).body.shards ?? []
  const before = await shards()
  for (const shard of shardNumbers(testShards)) {
    const repair = { body: { reason: 'written again from Postgres' }, key: `repair-foreign-${shard}` }
    t.equal((await admin('olga', `POST ${reconciliation}/repair?shard=${shard}`, repair)).status, 202)
  }
  const reopened = async () => {
    const now = await shards()
    return before.every(({ epoch }, shard) => now[shard]?.state === 'open' && now[shard].epoch > epoch)
  }
  await waitFor(reopened, { what: 'every shard to be opened again' })
  await waitFor(async () => (await balance('auth0|5f7c')) === 122, { what: 'the balance, out of Postgres' })
  for (const shard of shardNumbers(testShards)) {
    const asked = { body: {}, key: `compare-foreign-${shard}` }
    const compare = () => admin('olga', `POST ${reconciliation}?shard=${shard}`, asked)
    await waitFor(async () => (await compare()).status === 200, { what: 'the comparison' })
    t.match((await compare()).body, { shard, state: 'done', result: { differences: [] } })
  }
})
