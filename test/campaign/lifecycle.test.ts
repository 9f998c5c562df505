import t from 'tap'
import { Catalogue, statusOf } from '../../src/campaign/catalogue.ts'
import { driveIntents } from '../../src/campaign/driver.ts'
import { Campaigns } from '../../src/campaign/lifecycle.ts'
import type { Rules } from '../../src/campaign/rules.ts'
import type { Gate } from '../../src/gate/gate.ts'
import type { Outcome } from '../../src/gate/outcomes.ts'
import { listAudit } from '../../src/store/audit.ts'
import { withCarrier } from '../../src/store/intents.ts'
import { buy, startCore } from '../support/core.ts'
import { sharedServers } from '../support/servers.ts'
import { waitFor } from '../support/wait.ts'
import { exampleDefinition, exampleSale } from './example.ts'

const HOUR = 3_600_000
const ada = { operator: 'ada', reason: 'a test' }
const ben = { operator: 'ben', reason: 'a test' }

const iso = (moment: number) => new Date(moment).toISOString()

/** A campaign that is open now, with one session `am` of its only sale `phone`. */
function openDefinition(id: string, sale: Record<string, unknown> = {}, changes: Record<string, unknown> = {}) {
  const now = Date.now()
  const [opensAt, closesAt] = [iso(now - HOUR), iso(now + HOUR)]
  const { requires: _requires, ...rest } = exampleSale()
  const sessions = [{ id: 'am', opensAt, closesAt, stock: 5 }]
  return exampleDefinition({ id, opensAt, closesAt, activities: [{ ...rest, sessions, ...sale }], ...changes })
}

/** A gate that can be taken away: nothing it is asked then is done. */
function interruptible(gate: Gate) {
  const state = { away: false }
  const unavailable: Outcome = { kind: 'unavailable', reason: 'taken away', retryAfterMs: 1 }
  const submit: Gate['submit'] = async (command) => (state.away ? unavailable : gate.submit(command))
  return { state, gate: { submit, read: gate.read.bind(gate) } }
}

const core = await startCore(t, await sharedServers(t))
core.worker()
const { gate: realGate, redis, prefix } = await core.gateway()
await realGate.ready()
const { state, gate } = interruptible(realGate)
const deps = { pool: core.pool, gate }
const campaigns = new Campaigns(deps, { carryMs: 1500 })

/** Saves, submits, approves and publishes, by two operators. */
async function publish(definition: { id: string }) {
  await campaigns.save({ id: definition.id, input: definition }, ada)
  await campaigns.submit(definition.id, ada)
  await campaigns.approve(definition.id, ben)
  return campaigns.publish(definition.id, ben)
}

const stockOf = async (id: string) => (await realGate.read([`s:${id}:phone`]))[0] ?? {}
const rulesOf = async (id: string) => (await campaigns.get(id)).rules as Rules
const purchase = (campaign: string, user: string, key = `u:${campaign}-${user}`) =>
  realGate.submit(buy({ campaign, sale: 'phone' }, user, { key }))

t.test('a campaign goes from draft through the review of another operator into the gate', async (t) => {
  const id = 'review'
  await t.rejects(campaigns.get(id), { code: 'NOT_FOUND' })
  const saved = await campaigns.save({ id, input: openDefinition(id) }, ada)
  t.match(saved, { version: 1, review: 'draft', author: 'ada' })
  await t.rejects(campaigns.approve(id, ben), { code: 'CONFLICT' }, 'a draft is not approved')
  await t.rejects(campaigns.publish(id, ben), { code: 'CONFLICT' }, 'nor published')
  await t.rejects(campaigns.pause(id, ben), { code: 'CONFLICT' }, 'nor paused')
  await campaigns.submit(id, ada)
  await t.rejects(campaigns.approve(id, ada), { code: 'CONFLICT', message: /ada wrote version 1/ })
  await campaigns.approve(id, ben)
  t.notMatch(await purchase(id, 'early'), { kind: 'confirmed' }, 'nothing of it can be bought before')
  const { campaign, intent } = await campaigns.publish(id, ben)
  t.match(campaign, { review: 'published', publishedVersion: 1 })
  t.match(intent, { state: 'applied', type: 'campaign.published' })
  t.match(await realGate.read([`c:${id}`, `a:${id}:phone`, `s:${id}:phone`]), [
    { ready: '1', paused: '0', ended: '0', version: '1', units_per_user: '2' },
    { price: '299900', currency: 'CNY', sessions: /am {30}$/ },
    { 'am:total': '5', 'am:remaining': '5' }
  ])
  t.match(await purchase(id, 'alice'), { kind: 'confirmed', decision: { order: { unitPrice: 299900 } } })
  t.match(await campaigns.publish(id, ben), { campaign: { publishedVersion: 1 } }, 'publishing again changes nothing')
  t.match(await stockOf(id), { 'am:total': '5', 'am:remaining': '4' })
})

t.test('a wrong definition is refused with all errors, and saves nothing', async (t) => {
  const wrong = openDefinition('wrong', { price: 500000, currency: 'x' })
  const errors = [{ pointer: '/activities/0/currency' }, { pointer: '/activities/0/price' }]
  await t.rejects(campaigns.save({ id: 'wrong', input: wrong }, ada), { code: 'VALIDATION', members: { errors } })
  await t.rejects(campaigns.save({ id: 'other', input: openDefinition('wrong') }, ada), {
    code: 'VALIDATION',
    members: { errors: [{ pointer: '/id' }] }
  })
  await t.rejects(campaigns.get('wrong'), { code: 'NOT_FOUND' })
  t.same(await campaigns.dryRun('wrong', openDefinition('wrong')), { sessions: 1, conflicts: [] })
  await t.rejects(campaigns.get('wrong'), { code: 'NOT_FOUND' })
  const over = exampleDefinition({ id: 'over', opensAt: '2020-01-01T00:00:00Z', closesAt: '2020-01-02T00:00:00Z' })
  const { requires: _requires, sessions: _sessions, ...sale } = exampleSale()
  const past = { ...over, activities: [{ ...sale, daily: [{ from: '10:00', to: '11:00', stock: 1 }] }] }
  await t.rejects(publish(past), { code: 'VALIDATION', members: { errors: [{ pointer: '/closesAt' }] } })
})

t.test('what was read back differs from the definition: the campaign stays shut until it is the same', async (t) => {
  const id = 'differs'
  await redis.hset(`${prefix}s:${id}:phone`, 'am:remaining', '3', 'am:total', '3')
  await t.rejects(publish(openDefinition(id)), {
    code: 'CONFLICT',
    members: { differences: [{ key: `s:${id}:phone`, field: 'am:remaining', expected: '5', found: '8' }] }
  })
  t.match(await purchase(id, 'alice'), { kind: 'refused', code: 'NOT_FOUND' })
  await t.rejects(campaigns.save({ id, input: openDefinition(id) }, ada), { message: /being published/ })
  await redis.hset(`${prefix}s:${id}:phone`, 'am:remaining', '5', 'am:total', '5')
  t.match(await campaigns.publish(id, ben), { campaign: { review: 'published' } })
  t.match(await purchase(id, 'alice'), { kind: 'confirmed' })
})

t.test('stock is added and taken; taking takes what is left and tells how much that was', async (t) => {
  const id = 'restock'
  await publish(openDefinition(id))
  for (const user of ['a', 'b', 'c', 'd', 'e']) t.match(await purchase(id, user), { kind: 'confirmed' })
  t.match(await purchase(id, 'late'), { kind: 'refused', code: 'SOLD_OUT' })
  const patch = (body: object) => campaigns.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'more came', ...body }, ada)
  t.match(await patch({ addStock: 3 }), { intent: { state: 'applied', applied: [3] } })
  t.match(await purchase(id, 'late'), { kind: 'confirmed' }, 'sold out reopens')
  t.match(await patch({ addStock: -10, session: 'am' }), { intent: { state: 'applied', applied: [-2] } })
  t.match(await stockOf(id), { 'am:total': '6', 'am:remaining': '0' })
  t.equal((await rulesOf(id)).activities[0]?.sessions[0]?.stock, 6, 'the rules in force say what is really there')
  t.match(await purchase(id, 'later'), { kind: 'refused', code: 'SOLD_OUT' })
})

t.test('pause, resumption, end and settlement reach the gate and every catalogue', async (t) => {
  const id = 'flags'
  const catalogue = new Catalogue({ pool: core.pool, refreshMs: 100 })
  await catalogue.start()
  t.teardown(() => catalogue.stop())
  t.equal(catalogue.get(id), undefined)
  await publish(openDefinition(id))
  const shows = (status: string) =>
    waitFor(() => {
      const campaign = catalogue.get(id)
      return campaign !== undefined && statusOf(campaign, Date.now()) === status
    }, { deadlineMs: 1000, what: `the catalogue to show ${status}` })
  await shows('running')
  t.equal(catalogue.findSale(id, 'phone')?.sale.price, 299900)
  t.match(await campaigns.pause(id, ada), { intent: { type: 'campaign.paused', state: 'applied' } })
  t.match(await purchase(id, 'a'), { kind: 'refused', code: 'PAUSED' })
  await shows('paused')
  t.notOk((await campaigns.pause(id, ada)).intent, 'a pause of what is paused changes nothing')
  await campaigns.resume(id, ada)
  t.match(await purchase(id, 'a'), { kind: 'confirmed' })
  await t.rejects(campaigns.settle(id, ben), { code: 'CONFLICT', message: /is running/ })
  await campaigns.end(id, ada)
  t.match(await purchase(id, 'b'), { kind: 'refused', code: 'ENDED' })
  await shows('ended')
  await t.rejects(campaigns.resume(id, ada), { code: 'CONFLICT' })
  await t.rejects(campaigns.patchCampaign(id, { reason: 'x', closesAt: iso(Date.now() + 2 * HOUR) }, ada), { code: 'CONFLICT' })
  await campaigns.settle(id, ben)
  await shows('settled')
})

t.test('price, limit, window and pause of a sale change while it runs; an order keeps its price', async (t) => {
  const id = 'adjusted'
  await publish(openDefinition(id))
  const target = { campaign: id, activity: 'phone' }
  const patch = (body: object) => campaigns.patchActivity(target, { reason: 'a test', ...body }, ada)
  const first = await purchase(id, 'alice')
  await patch({ price: 199900 })
  t.match(await purchase(id, 'bob'), { decision: { order: { unitPrice: 199900 } } })
  t.same(await purchase(id, 'alice'), { ...first, replayed: true })
  t.match(await purchase(id, 'alice', `u:${id}-second`), { code: 'LIMIT_REACHED', members: { scope: 'activity', limit: 1 } })
  await patch({ limits: { unitsPerUser: 2 } })
  t.match(await purchase(id, 'alice', `u:${id}-second`), { kind: 'confirmed' })
  await patch({ session: { id: 'am', paused: true } })
  t.match(await purchase(id, 'carol'), { code: 'PAUSED' })
  await patch({ session: { id: 'am', paused: false } })
  await patch({ paused: true })
  t.match(await purchase(id, 'carol'), { code: 'PAUSED' })
  await patch({ paused: false })
  t.match(await purchase(id, 'carol'), { kind: 'confirmed' })
  await t.rejects(patch({ price: 399900 }), { code: 'VALIDATION', members: { errors: [{ pointer: '/price' }] } })
  await t.rejects(campaigns.patchActivity({ campaign: id, activity: 'none' }, { reason: 'x', price: 1 }, ada), { code: 'NOT_FOUND' })
  const end = iso(Date.now() + 5 * HOUR)
  await campaigns.patchCampaign(id, { reason: 'longer', closesAt: end }, ada)
  t.match((await realGate.read([`c:${id}`]))[0], { closes_at: String(Date.parse(end)) })
})

t.test('adjustments at the same time are each counted once, and a repeated key is the same adjustment', async (t) => {
  const id = 'crowded'
  await publish(openDefinition(id))
  const add = (actor: object) =>
    campaigns.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'one more', addStock: 1 }, { ...ada, ...actor })
  const changes = await Promise.all(Array.from({ length: 12 }, () => add({})))
  t.ok(changes.every(({ intent }) => intent?.state === 'applied'))
  t.match(await stockOf(id), { 'am:total': '17' })
  const key = { key: 'operator-key-1', hash: 'h1' }
  const [one, two] = await Promise.all([add(key), add(key)])
  t.equal(one?.intent?.id, two?.intent?.id)
  t.equal((await add(key)).intent?.id, one?.intent?.id)
  t.match(await stockOf(id), { 'am:total': '18' })
  await t.rejects(add({ ...key, hash: 'h2' }), { code: 'KEY_REUSED' })
})

t.test('what cannot be carried out yet stays open, and is carried out later, once and in order', async (t) => {
  const id = 'waiting'
  await publish(openDefinition(id))
  const quick = new Campaigns(deps, { carryMs: 50 })
  // as long as somebody else is at it, nobody carries out anything of this campaign
  await withCarrier(core.pool, id, async () => {
    const first = await quick.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'x', addStock: 2 }, ada)
    const second = await quick.pause(id, ada)
    const third = await quick.resume(id, ada)
    t.same([first, second, third].map(({ intent }) => intent?.state), ['open', 'open', 'open'])
    await driveIntents(deps)
    t.match(await stockOf(id), { 'am:total': '5' })
  })
  await Promise.all([driveIntents(deps), driveIntents(deps)])
  await waitFor(async () => (await stockOf(id))['am:total'] === '7', { what: 'the stock to be added' })
  const decided = async () => {
    const { rows } = await core.pool.query<{ type: string }>(
      'select type from decisions where campaign_id = $1 order by epoch, sequence',
      [id]
    )
    return rows.map(({ type }) => type)
  }
  await waitFor(async () => (await decided()).includes('campaign.resumed'), { what: 'the decisions to be projected' })
  t.same((await decided()).slice(-3), ['campaign.adjusted', 'campaign.paused', 'campaign.resumed'])
  t.match((await realGate.read([`c:${id}`]))[0], { paused: '0' })
})

t.test('a change asked for while the gate is away is carried out once it is back, exactly once', async (t) => {
  const id = 'away'
  await publish(openDefinition(id))
  const quick = new Campaigns(deps, { carryMs: 50 })
  state.away = true
  await quick.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'x', addStock: 2 }, ada)
  state.away = false
  await waitFor(async () => {
    await driveIntents(deps)
    return (await stockOf(id))['am:total'] === '7'
  }, { what: 'the stock to be added' })
  await driveIntents(deps)
  t.match(await stockOf(id), { 'am:total': '7', 'am:remaining': '7' })
})

t.test('a publication that stopped half-way is finished by the driver', async (t) => {
  const id = 'halfway'
  const quick = new Campaigns(deps, { carryMs: 50 })
  await quick.save({ id, input: openDefinition(id) }, ada)
  await quick.submit(id, ada)
  await quick.approve(id, ben)
  await withCarrier(core.pool, id, async () => {
    t.match(await quick.publish(id, ben), { campaign: { review: 'publishing', publishedVersion: null } })
    t.notMatch(await purchase(id, 'early'), { kind: 'confirmed' })
  })
  await waitFor(async () => {
    await driveIntents(deps)
    return (await purchase(id, 'alice')).kind === 'confirmed'
  }, { what: 'the campaign to open' })
  t.match(await campaigns.get(id), { review: 'published', publishedVersion: 1 })
  t.match(await stockOf(id), { 'am:total': '5', 'am:remaining': '4' })
})

t.test('a later version brings sessions and activities into a running campaign, and nothing else', async (t) => {
  const id = 'grown'
  const definition = openDefinition(id)
  await publish(definition)
  await purchase(id, 'alice')
  const [sale] = definition.activities
  const later = { id: 'pm', opensAt: iso(Date.now() + 59 * 60_000), closesAt: definition.closesAt, stock: 9 }
  const shorter = { ...definition, activities: [{ ...sale, price: 1 }] }
  await t.rejects(publish(shorter), { code: 'CONFLICT', members: { errors: [{ pointer: '/activities/0/price' }] } })
  t.match((await campaigns.dryRun(id, shorter)).conflicts, [{ pointer: '/activities/0/price' }])
  const earbuds = { ...sale, id: 'earbuds', title: 'Earbuds', price: 5, listPrice: 10 }
  t.match(await publish({ ...definition, activities: [sale, earbuds] } as { id: string }), { campaign: { publishedVersion: 3 } })
  t.match(await realGate.submit(buy({ campaign: id, sale: 'earbuds' }, 'bob', { key: 'u:earbuds-of-bob' })), { kind: 'confirmed' })
  t.match(await stockOf(id), { 'am:total': '5', 'am:remaining': '4' }, 'what existed is not stocked twice')
  t.match(await realGate.read([`c:${id}`, `a:${id}:earbuds`]), [{ version: '3', ready: '1' }, { paused: '0' }])
  await campaigns.patchActivity(
    { campaign: id, activity: 'phone' },
    { reason: 'room for the evening', closesAt: later.opensAt, session: 'am' },
    ada
  )
  await campaigns.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'evening', session: later }, ada)
  t.match(await stockOf(id), { 'pm:total': '9', 'pm:remaining': '9' })
})

t.test('a disqualified user is refused at once, and an entitlement is granted once for each grant', async (t) => {
  const id = 'persons'
  await publish(openDefinition(id, { requires: { entitlement: 'vip' } }))
  t.match(await purchase(id, 'alice'), { code: 'NOT_ELIGIBLE' })
  const grant = { campaign: id, user: 'alice', entitlement: 'vip', amount: 1 }
  t.match(await campaigns.grant(grant, { ...ada, key: 'grant-1', hash: 'h' }), { intent: { state: 'applied' } })
  await campaigns.grant(grant, { ...ada, key: 'grant-1', hash: 'h' })
  t.match(await purchase(id, 'alice'), { kind: 'confirmed' })
  t.match(await purchase(id, 'alice', `u:${id}-second`), { kind: 'refused' })
  await campaigns.grant({ ...grant, user: 'mallory' }, ada)
  await campaigns.disqualify({ campaign: id, user: 'mallory' }, ada)
  t.match(await purchase(id, 'mallory'), { code: 'DISQUALIFIED' })
  await t.rejects(campaigns.disqualify({ campaign: 'nowhere', user: 'bob' }, ada), { code: 'NOT_FOUND' })
})

t.test('a change is refused where If-Match names another state', async (t) => {
  const id = 'matched'
  const { campaign } = await publish(openDefinition(id))
  const etag = `"${campaign.version}.${campaign.revision}"`
  await t.rejects(campaigns.pause(id, { ...ada, ifMatch: '"1.1"' }), { code: 'VERSION_MISMATCH', members: { version: 1 } })
  await campaigns.pause(id, { ...ada, ifMatch: etag })
  await t.rejects(campaigns.resume(id, { ...ada, ifMatch: etag }), { code: 'VERSION_MISMATCH' })
  await campaigns.resume(id, { ...ada, ifMatch: '*' })
})

t.test('every change is in the audit trail, which nobody can rewrite', async (t) => {
  const id = 'audited'
  await publish(openDefinition(id))
  await campaigns.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'a better price', price: 5 }, ada)
  const trail = await listAudit(core.pool, { limit: 20, target: `campaign:${id}` })
  t.same(
    trail.map(({ action, operator }) => `${action} by ${operator}`),
    ['campaign.adjusted by ada', 'campaign.published by ben', 'campaign.approved by ben', 'campaign.submitted by ada', 'campaign.saved by ada']
  )
  t.match(trail[0], { reason: 'a better price', before: { price: 299900 }, after: { price: 5 } })
  await t.rejects(core.pool.query('update audit set operator = $1', ['eve']), /append-only/)
  await t.rejects(core.pool.query('delete from audit'), /append-only/)
  await t.rejects(core.pool.query('truncate audit'), /append-only/)
  await t.rejects(core.pool.query(`update campaign_versions set author = 'eve'`), /append-only/)
})
