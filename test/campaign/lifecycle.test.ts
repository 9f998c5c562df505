import t from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { Campaigns } from '../../src/campaign/lifecycle/lifecycle.ts'
import { driveIntents } from '../../src/campaign/lifecycle/unfinished.ts'
import { SYSTEM_USER } from '../../src/gate/batch/commands.ts'
import type { Gate } from '../../src/gate/gate.ts'
import { findIntent, withCarrier } from '../../src/store/campaigns/intents.ts'
import { buy, insist } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'
import { ada, ben, iso, openDefinition, setUp } from './at-the-gate.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

const { campaigns, core, deps, prefix, publish, purchase, realGate, redis, shards, state, stockOf } = await setUp(t)

/** Several shards may be lending each other units, which none of them has meanwhile. */
const hasStock = (id: string, expected: Record<string, string>) =>
  waitFor(
    async () => {
      const stock = await stockOf(id)
      return Object.entries(expected).every(([field, units]) => stock[field] === units)
    },
    { what: `the stock of ${id} to be ${JSON.stringify(expected)}` }
  )

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
  await hasStock(id, { 'am:total': '5', 'am:remaining': '4' })
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
  t.same(await campaigns.dryRun('wrong', openDefinition('wrong')), {
    sessions: 1,
    warnings: [],
    conflicts: []
  })
  await t.rejects(campaigns.get('wrong'), { code: 'NOT_FOUND' })
  const over = exampleDefinition({ id: 'over', opensAt: '2020-01-01T00:00:00Z', closesAt: '2020-01-02T00:00:00Z' })
  const { requires: _requires, sessions: _sessions, ...sale } = exampleSale()
  const past = { ...over, activities: [{ ...sale, daily: [{ from: '10:00', to: '11:00', stock: 1 }] }] }
  await t.rejects(publish(past), { code: 'VALIDATION', members: { errors: [{ pointer: '/closesAt' }] } })
})

/** Preload and opening as `Campaigns.publish` does them, while the worker opens the campaign right before the first reading. */
async function overtaken(id: string) {
  await campaigns.save({ id, input: openDefinition(id) }, ada)
  await campaigns.submit(id, ada)
  await campaigns.approve(id, ben)
  let isFirst = true
  const read: Gate['read'] = async (keys) => {
    if (isFirst) await driveIntents(deps)
    isFirst = false
    return deps.gate.read(keys)
  }
  const slow = new Campaigns({ ...deps, gate: { ...deps.gate, read } }, { carryMs: 20_000 })
  return slow.publish(id, ben)
}

t.test('a publication succeeds although a worker opens the campaign while it is compared', async (t) => {
  const { campaign, intent } = await overtaken('overtaken')
  t.match(campaign, { review: 'published', publishedVersion: 1 })
  t.match(intent, { state: 'applied', type: 'campaign.published' }, 'and it is open when the answer comes')
  t.match(await purchase('overtaken', 'alice'), { kind: 'confirmed' })
})

t.test('a campaign stays closed for as long as what Redis holds differs from its definition', async (t) => {
  const id = 'differs'
  // what the first shard has of five
  const part = Math.ceil(5 / shards.length)
  await redis.hset(`${prefix}s:${id}:phone`, 'am:remaining', '3', 'am:total', '3')
  await t.rejects(publish(openDefinition(id)), {
    code: 'CONFLICT',
    members: {
      differences: [{ key: `s:${id}:phone`, field: 'am:remaining', expected: `${part}`, found: `${part + 3}` }]
    }
  })
  t.match(await purchase(id, 'alice'), { kind: 'refused', code: 'NOT_FOUND' })
  await t.rejects(campaigns.save({ id, input: openDefinition(id) }, ada), { message: /being published/ })
  await redis.hset(`${prefix}s:${id}:phone`, 'am:remaining', `${part}`, 'am:total', `${part}`)
  t.match(await campaigns.publish(id, ben), { campaign: { review: 'published' } })
  // the worker may have been at the opening already: then it is carried out a moment later
  const bought = async () => (await purchase(id, 'alice')).kind === 'confirmed'
  await waitFor(bought, { what: 'the sale to open' })
})

/** Works while nobody else carries out anything of a campaign: a worker may be at it for a moment after its last change. */
async function held(id: string, work: () => Promise<void>): Promise<void> {
  const done = async () =>
    (await withCarrier(core.pool, id, async () => {
      await work()
      return true
    })) === true
  await waitFor(done, { what: `the right to carry out the changes of ${id}` })
}

t.test('a change that cannot be carried out yet waits, and is carried out later, once and in order', async (t) => {
  const id = 'waiting'
  await publish(openDefinition(id))
  const quick = new Campaigns(deps, { carryMs: 50 })
  // as long as somebody else is at it, nobody carries out anything of this campaign
  await held(id, async () => {
    const first = await quick.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'x', addStock: 2 }, ada)
    const second = await quick.pause(id, ada)
    const third = await quick.resume(id, ada)
    t.same(
      [first, second, third].map(({ intent }) => intent?.state),
      ['open', 'open', 'open']
    )
    await driveIntents(deps)
    t.match(await stockOf(id), { 'am:total': '5' })
  })
  await Promise.all([driveIntents(deps), driveIntents(deps)])
  await waitFor(async () => (await stockOf(id))['am:total'] === '7', { what: 'the stock to be added' })
  const decided = async () => {
    const { rows } = await core.pool.query<{ type: string }>(
      'select type from decisions where campaign_id = $1 and shard = 0 order by epoch, sequence',
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
  await waitFor(
    async () => {
      await driveIntents(deps)
      return (await stockOf(id))['am:total'] === '7'
    },
    { what: 'the stock to be added' }
  )
  await driveIntents(deps)
  t.match(await stockOf(id), { 'am:total': '7', 'am:remaining': '7' })
})

t.test('a publication that stopped half-way is finished by the driver', async (t) => {
  const id = 'halfway'
  const quick = new Campaigns(deps, { carryMs: 50 })
  await quick.save({ id, input: openDefinition(id) }, ada)
  await quick.submit(id, ada)
  await quick.approve(id, ben)
  await held(id, async () => {
    t.match(await quick.publish(id, ben), { campaign: { review: 'publishing', publishedVersion: null } })
    t.notMatch(await purchase(id, 'early'), { kind: 'confirmed' })
  })
  await waitFor(
    async () => {
      await driveIntents(deps)
      return (await purchase(id, 'alice')).kind === 'confirmed'
    },
    { what: 'the campaign to open' }
  )
  t.match(await campaigns.get(id), { review: 'published', publishedVersion: 1 })
  await hasStock(id, { 'am:total': '5', 'am:remaining': '4' })
})

t.test(
  'an intent decided long ago and never closed is closed by what Postgres knows, without a second decision',
  async (t) => {
    const id = 'forgotten'
    await publish(openDefinition(id))
    const target = { campaign: id, activity: 'phone' }
    const { intent } = await campaigns.patchActivity(target, { reason: 'x', addStock: -9 }, ada)
    const projected = () => core.pool.query('select 1 from decisions where key = $1', [`x:adj:${intent?.id}`])
    await waitFor(async () => (await projected()).rowCount === shards.length, { what: 'the decision to be projected' })
    for (const { redis, prefix } of shards) await redis.hdel(`${prefix}u:${SYSTEM_USER}`, `x:adj:${intent?.id}`)
    await core.pool.query(
      `update intents set state = 'open', closed_at = null, decision_id = null, applied = null,
       created_at = now() - interval '2 days' where intent_id = $1`,
      [intent?.id]
    )
    // the worker may be at it, and then nobody else is
    const isClosed = async () => {
      await driveIntents(deps)
      return (await findIntent(core.pool, intent?.id ?? 0))?.state !== 'open'
    }
    await waitFor(isClosed, { what: 'the change to be closed' })
    t.match(await findIntent(core.pool, intent?.id ?? 0), {
      state: 'applied',
      decision: intent?.decision,
      applied: [-5]
    })
    t.match(await stockOf(id), { 'am:total': '0', 'am:remaining': '0' })
  }
)

t.test('a campaign can be paused although the data of one user cannot be read', async (t) => {
  const id = 'unreadable'
  await publish(openDefinition(id))
  const hash = `${shards[shardOf('broken', shards.length)]?.prefix}u:broken`
  await redis.set(hash, 'not a hash')
  const quick = new Campaigns(deps, { carryMs: 200 })
  t.match(await quick.disqualify({ campaign: id, user: 'broken' }, ada), { intent: { state: 'open' } })
  t.match(await campaigns.pause(id, ada), { intent: { state: 'applied' } })
  await redis.del(hash)
  await waitFor(
    async () => {
      await driveIntents(deps)
      return (await realGate.read(['u:broken']))[0]?.[`dq:${id}`] === '1'
    },
    { what: 'the disqualification to be carried out' }
  )
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
  t.match(await publish({ ...definition, activities: [sale, earbuds] } as { id: string }), {
    campaign: { publishedVersion: 3 }
  })
  t.match(
    await insist(() => realGate.submit(buy({ campaign: id, sale: 'earbuds' }, 'bob', { key: 'u:earbuds-of-bob' }))),
    {
      kind: 'confirmed'
    }
  )
  // what existed is not stocked twice
  await hasStock(id, { 'am:total': '5', 'am:remaining': '4' })
  t.match(await realGate.read([`c:${id}`, `a:${id}:earbuds`]), [{ version: '3', ready: '1' }, { paused: '0' }])
  await campaigns.patchActivity(
    { campaign: id, activity: 'phone' },
    { reason: 'room for the evening', closesAt: later.opensAt, session: 'am' },
    ada
  )
  await campaigns.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'evening', session: later }, ada)
  t.match(await stockOf(id), { 'pm:total': '9', 'pm:remaining': '9' })
})

t.test('a campaign of a thousand sessions is published, and sells', async (t) => {
  const id = 'thousand'
  const start = Date.now() - 30_000
  const sessions = Array.from({ length: 1000 }, (_, index) => ({
    id: `s${index}`,
    opensAt: iso(start + index * 60_000),
    closesAt: iso(start + (index + 1) * 60_000),
    stock: 1000 + index
  }))
  const definition = openDefinition(id, { sessions, shipWithin: { businessDays: 7, from: 'acceptance' } })
  await publish({ ...definition, opensAt: iso(start), closesAt: iso(start + 1000 * 60_000) } as { id: string })
  t.match(await purchase(id, 'alice'), { kind: 'confirmed', decision: { order: { session: /^s[01]$/, position: 1 } } })
  t.match(await stockOf(id), { 's999:total': '1999', 's999:remaining': '1999' })
})

t.test('a change is refused where If-Match names another state', async (t) => {
  const id = 'matched'
  const { campaign } = await publish(openDefinition(id))
  const etag = `"${campaign.version}.${campaign.revision}"`
  await t.rejects(campaigns.pause(id, { ...ada, ifMatch: '"1.1"' }), {
    code: 'VERSION_MISMATCH',
    members: { version: 1 }
  })
  await campaigns.pause(id, { ...ada, ifMatch: etag })
  await t.rejects(campaigns.resume(id, { ...ada, ifMatch: etag }), { code: 'VERSION_MISMATCH' })
  await campaigns.resume(id, { ...ada, ifMatch: '*' })
})
