import pg from 'pg'
import t from 'tap'
import { dayNumber } from '../../src/base/day.ts'
import { carryOut } from '../../src/campaign/carrying/carry-out.ts'
import type { Decider } from '../../src/gate/gate.ts'
import { StepGate } from '../../src/gate/step-gate.ts'
import { assignCodes, codesOf, loadCodes } from '../../src/store/campaigns/codes.ts'
import { countImports, insertImports } from '../../src/store/campaigns/imports.ts'
import { insertIntent } from '../../src/store/campaigns/intents.ts'
import { progressOfUser, recordProgress } from '../../src/store/campaigns/progress.ts'
import { balancesOfUser, ledgerOfUser } from '../../src/store/reading/ledger.ts'
import { ImportDriver } from '../../src/worker/drivers/apply-imports.ts'
import { TaskDriver } from '../../src/worker/drivers/complete-tasks.ts'
import { middayMinutes } from '../support/midday.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { insist } from '../support/shop/core.ts'
import { type ActivitySpec, credit, openActivity, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

const buyer: ActivitySpec = {
  campaign: 'c',
  activity: 'buyer',
  kind: 'task',
  rules: { per: 'campaign', per_campaign: '1', goal: '1', after: 'check-in', reward: 'points b:points 20 0 0' }
}
const checkIn: ActivitySpec = {
  campaign: 'c',
  activity: 'check-in',
  kind: 'task',
  rules: { per: 'day', per_day: '1', reward: 'points b:points 5 0 0' }
}
const viewer: ActivitySpec = {
  campaign: 'c',
  activity: 'viewer',
  kind: 'task',
  rules: { per: 'day', per_day: '1', goal: '1', reward: 'points b:points 3 0 0' }
}

/** The shop with these activities open too. */
async function fair(...activities: ActivitySpec[]): Promise<Shop> {
  const shop = await openShop(t, urls)
  for (const activity of activities) decisionOf(await shop.gate.submit(openActivity(activity)))
  return shop
}

async function points({ core }: Shop, user: string): Promise<number> {
  const [balance] = await balancesOfUser(core.pool, user)
  return balance?.balance ?? 0
}

t.test('a goal that is reached is completed once, also when it has to wait for another task', async (t) => {
  const shop = await fair(buyer, checkIn)
  const { pool } = shop.core
  const report = { campaign: 'c', task: 'buyer', period: '', source: 'shop', amount: 1, goal: 2 }
  for (const user of ['ann', 'ben']) {
    for (const sourceEventId of [`${user}-1`, `${user}-2`])
      await recordProgress(pool, { ...report, user, sourceEventId })
  }
  decisionOf(await shop.gate.submit(takePart(checkIn, 'ann')))
  const stateOf = async (user: string) => (await progressOfUser(pool, user, 'c'))[0]?.state
  await waitFor(async () => (await stateOf('ann')) === 'completed', {
    what: "Ann's task to be completed"
  })
  t.equal(await stateOf('ben'), 'due', 'what comes first is not done')
  decisionOf(await shop.gate.submit(takePart(checkIn, 'ben')))
  await pool.query('update task_counts set next_attempt_at = now()')
  await waitFor(async () => (await stateOf('ben')) === 'completed', { what: "Ben's task to be completed" })
  await assertWhole(t, shop)
  t.equal(await points(shop, 'ann'), 25)
  t.equal(await points(shop, 'ben'), 25)
})

const catalogue = { refresh: async () => {}, get: () => undefined, findActivity: () => undefined }

t.test('a row that a driver left open when it died is closed with the decision that was made', async (t) => {
  const shop = await fair(viewer)
  const { pool } = shop.core
  const today = dayNumber(Date.now(), middayMinutes)
  const report = { campaign: 'c', task: 'viewer', source: 'app', amount: 1, goal: 1 }
  for (const day of [today - 1, today]) {
    await recordProgress(pool, { ...report, user: 'ann', sourceEventId: `seen-${day}`, period: `${day}` })
  }
  const completed = async () =>
    (await progressOfUser(pool, 'ann', 'c')).filter(({ state }) => state === 'completed').length
  await waitFor(async () => (await completed()) === 2, { what: 'both days to be completed' })
  await atRest(shop)
  const before = await pool.query('select period, decision_id from task_counts order by period')
  await shop.stopWorker()
  const gate = { submit: () => Promise.reject(new Error('the gate is not asked again')) }
  const driver = new TaskDriver({ pool, gate, catalogue })
  await pool.query("update task_counts set state = 'due', next_attempt_at = now()")
  t.equal(await driver.step(), 2)
  const after = await pool.query('select period, decision_id from task_counts order by period')
  t.same(after.rows, before.rows)
  shop.core.worker()
  await assertWhole(t, shop)
  t.equal(await points(shop, 'ann'), 6, 'once a day')
})

t.test('a goal that the gate refuses for good is closed, and one that only has to wait is tried again', async (t) => {
  const { pool } = await freshDatabase(t, urls.databaseUrl)
  const report = { campaign: 'x', task: 'y', period: '', source: 'shop', amount: 1, goal: 1 }
  const outcomes = {
    ended: { kind: 'refused', code: 'ENDED', members: {} },
    paused: { kind: 'refused', code: 'PAUSED', members: {} },
    away: { kind: 'unavailable', reason: 'closed', retryAfterMs: 1 }
  } as const
  const users = Object.keys(outcomes) as Array<keyof typeof outcomes>
  for (const user of users) await recordProgress(pool, { ...report, user, sourceEventId: user })
  const gate: Decider = { submit: async ({ user }) => outcomes[user as keyof typeof outcomes] }
  const driver = new TaskDriver({ pool, gate, catalogue })
  const begun = (await pool.query('select now() as at')).rows[0]?.at
  await driver.step()
  const states = await Promise.all(users.map(async (user) => (await progressOfUser(pool, user, 'x'))[0]?.state))
  t.same(states, ['refused', 'due', 'due'])
  // a second after the step, however long ago that was
  const later = `select 1 from task_counts where state = 'due' and next_attempt_at >= $1::timestamptz + interval '1 second'`
  t.equal((await pool.query(later, [begun])).rowCount, 2, 'not at once')
})

t.test('imported balances are credited once, each in the journal of its user, and become events', async (t) => {
  const shop = await openShop(t, urls)
  const { pool } = shop.core
  const lines = Array.from({ length: 600 }, (_, index) => ({
    reference: `r${index}`,
    user: `user-${index % 50}`,
    amount: index + 1
  }))
  const started = performance.now()
  await insertImports(pool, { unit: 'points', by: 'ops', lines })
  await waitFor(async () => (await countImports(pool, 'points')).open === 0, {
    what: 'the imports'
  })
  t.comment(`600 imports credited in ${Math.round(performance.now() - started)} ms`)
  t.same(await countImports(pool, 'points'), { open: 0, applied: 600, refused: 0, amount: (600 * 601) / 2 })
  await assertWhole(t, shop)
  const own = lines.filter(({ user }) => user === 'user-7')
  t.equal(
    await points(shop, 'user-7'),
    own.reduce((sum, { amount }) => sum + amount, 0)
  )
  t.match((await ledgerOfUser(pool, 'user-7', { limit: 100 })).length, own.length)
  await shop.stopWorker()
  await pool.query("update imports set state = 'open', closed_at = null where amount <= 10")
  const driver = new ImportDriver(pool, { submit: () => Promise.reject(new Error('the gate is not asked again')) })
  t.equal(await driver.step(), 10, 'a second attempt finds the decisions that stand')
})

t.test('imports that cannot be credited now stay open and do not hold up the others', async (t) => {
  const { pool } = await freshDatabase(t, urls.databaseUrl)
  const lines = Array.from({ length: 300 }, (_, index) => ({ reference: `r${index}`, user: `u${index}`, amount: 1 }))
  await insertImports(pool, { unit: 'coins', by: 'ops', lines })
  const asked: string[] = []
  const driver = new ImportDriver(pool, {
    submit: async ({ user, key }) => {
      asked.push(key)
      const kind = Number(user.slice(1)) < 200 ? 'unavailable' : 'refused'
      return kind === 'refused' ? { kind, code: 'LIMIT_REACHED', members: {} } : { kind, reason: '', retryAfterMs: 1 }
    }
  })
  for (let steps = 0; steps < 3; steps += 1) await driver.step()
  t.same(await countImports(pool, 'coins'), { open: 200, applied: 0, refused: 100, amount: 0 })
  t.ok(asked.includes('x:imp:coins:r299'))
})

t.test('a claim whose gateway died gets its codes, and a gateway that asks later gets the same ones', async (t) => {
  const ticket: ActivitySpec = {
    campaign: 'c',
    activity: 'ticket',
    kind: 'redemption',
    rules: { cost_unit: 'points', cost_field: 'b:points', cost: '10', pool: 'tickets' },
    stock: { all: 5 },
    codes: 3
  }
  const shop = await fair(ticket)
  const { pool } = shop.core
  await loadCodes(pool, { campaign: 'c', pool: 'tickets', codes: ['A', 'B', 'C'] })
  decisionOf(await shop.gate.submit(credit('ann', 'b:points', 100)))
  const claim = decisionOf(await shop.gate.submit(takePart(ticket, 'ann', { quantity: 2, pool: 'tickets' })))
  const waiting = () => pool.query('select 1 from claims where codes_due')
  const given = async () => (await codesOf(pool, claim.id)).length === 2 && (await waiting()).rowCount === 0
  await waitFor(given, { what: 'the codes of the claim' })
  t.same(await codesOf(pool, claim.id), ['A', 'B'])
  const late = await assignCodes(pool, { campaign: 'c', pool: 'tickets', claim: claim.id, quantity: 2 })
  t.same(late, ['A', 'B'])
  await assertWhole(t, shop)
})

t.test('a new owner acts on nothing that the journal says was done, before that is read', async (t) => {
  const shop = await openShop(t, urls)
  const { pool, config } = shop.core
  await shop.stopWorker()
  const key = 'x:imp:points:r1'
  decisionOf(await insist(() => shop.gate.submit({ ...credit('ann', 'b:points', 5), key })))
  // long ago, and forgotten since; the Postgres that knew was exchanged for a backup, in which the line is open
  await shop.redis.hdel(`${shop.prefix}u:ann`, key)
  await pool.query(
    "insert into imports (unit, reference, user_id, amount, created_by) values ('points', 'r1', 'ann', 5, 'ops')"
  )
  const lock = new pg.Client(config.DATABASE_URL)
  await lock.connect()
  await lock.query(`set search_path to ${config.NAMESPACE}`)
  await lock.query('begin; lock table decisions in exclusive mode')
  shop.core.worker()
  const isHeldUp = async () => {
    const found = await pool.query("select 1 from pg_locks where relation = 'decisions'::regclass and not granted")
    return (found.rowCount ?? 0) > 0
  }
  await waitFor(isHeldUp, { what: 'the projection to wait' })
  await lock.end()
  const isClosed = async () => (await pool.query("select 1 from imports where state = 'applied'")).rowCount === 1
  await waitFor(isClosed, { what: 'the line to be closed' })
  await atRest(shop)
  t.equal(await points(shop, 'ann'), 5, 'credited once')
})

t.test('a driver that stood still asks for nothing that was done and forgotten meanwhile', async (t) => {
  const shop = await openShop(t, urls)
  const { pool } = shop.core
  await shop.stopWorker()
  await pool.query(
    "insert into imports (unit, reference, user_id, amount, created_by) values ('points', 'r1', 'ann', 5, 'ops')"
  )
  const key = 'x:imp:points:r1'
  const other = async () => {
    t.equal(await new ImportDriver(pool, shop.gate).step(), 1)
    await shop.redis.hdel(`${shop.prefix}u:ann`, key)
  }
  // it has looked up what is decided, and stands still before it asks
  const late: Decider = {
    submit: async (command) => {
      await other()
      return shop.gate.submit(command)
    }
  }
  const anHourAgo = new StepGate(late, () => Date.now() - 3_600_000)
  await anHourAgo.step(() => new ImportDriver(pool, anHourAgo).step())
  shop.core.worker()
  await atRest(shop)
  t.equal(await points(shop, 'ann'), 5, 'credited once')
  const now = new StepGate(shop.gate)
  t.match(await now.step(() => now.submit({ ...credit('ann', 'b:points', 1), key: 'u:now' })), { kind: 'confirmed' })
})

t.test('a gateway that stood still asks for no change that was made and forgotten meanwhile', async (t) => {
  const shop = await openShop(t, urls)
  const { pool } = shop.core
  await shop.stopWorker()
  const adds = [['u:ann', 'b:points', 5]] as const
  const grant = { type: 'user.granted', puts: [], adds, request: '{}', by: 'ops' }
  const { campaign } = shop.sale
  await pool.query("insert into campaigns (campaign_id, author) values ($1, 'ada')", [campaign])
  const id = await insertIntent(pool, { campaign, activity: '', user: 'ann', ...grant })
  await pool.query("update intents set created_at = now() - interval '2 days'")
  // it has listed what is open, and stands still before it asks
  const submit: Decider['submit'] = async ({ until, ...command }) => {
    t.match(await shop.gate.submit(command), { kind: 'confirmed' })
    await shop.redis.hdel(`${shop.prefix}u:ann`, `x:adj:${id}`)
    return shop.gate.submit({ ...command, ...(until !== undefined && { until }) })
  }
  const deps = { pool, gate: { ...shop.gate, submit } }
  await carryOut({ ...deps, now: () => Date.now() - 1_800_000 }, campaign)
  shop.core.worker()
  await atRest(shop)
  t.equal(await points(shop, 'ann'), 5, 'granted once')
})
