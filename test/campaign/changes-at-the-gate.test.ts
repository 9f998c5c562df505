import type pg from 'pg'
import t from 'tap'
import { UnavailableError } from '../../src/base/errors.ts'
import { Catalogue, statusOf } from '../../src/campaign/carrying/catalogue.ts'
import { Campaigns } from '../../src/campaign/lifecycle/lifecycle.ts'
import { readBackAndOpen } from '../../src/campaign/lifecycle/read-back.ts'
import { replayField } from '../../src/record/replay.ts'
import { listAudit } from '../../src/store/operators/audit.ts'
import { sharedServers, testShards } from '../support/servers/servers.ts'
import { startCore } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'
import { ada, ben, HOUR, iso, openDefinition, setUp } from './at-the-gate.ts'

const { campaigns, core, publish, purchase, realGate, rulesOf, stockOf } = await setUp(t)

t.test('stock is added and taken; taking takes what is left and tells how much that was', async (t) => {
  const id = 'restock'
  await publish(openDefinition(id))
  for (const user of ['a', 'b', 'c', 'd', 'e']) t.match(await purchase(id, user), { kind: 'confirmed' })
  t.match(await purchase(id, 'late'), { kind: 'refused', code: 'SOLD_OUT' })
  const patch = (body: object) =>
    campaigns.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'more came', ...body }, ada)
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
  // an order that may still be paid would put the settlement off
  await publish(openDefinition(id, { payWithinSeconds: undefined }))
  const shows = (status: string) =>
    waitFor(
      () => {
        const campaign = catalogue.get(id)
        return campaign !== undefined && statusOf(campaign, Date.now()) === status
      },
      { what: `the catalogue to show ${status}` }
    )
  await shows('running')
  t.match(catalogue.findActivity(id, 'phone'), { activity: { price: 299900 } })
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
  await t.rejects(campaigns.patchCampaign(id, { reason: 'x', closesAt: iso(Date.now() + 2 * HOUR) }, ada), {
    code: 'CONFLICT'
  })
  await campaigns.settle(id, ben)
  await shows('settled')
})

t.test('a pause is a pause, also in a Postgres that has just gone back to a backup', async (t) => {
  const id = 'gone-back'
  await publish(openDefinition(id))
  const { pool } = core
  const last = async () => (await pool.query('select last_value as last from intents_intent_id_seq')).rows[0]?.last
  const backup = await last()
  const { intent } = await campaigns.patchActivity(
    { campaign: id, activity: 'phone' },
    { reason: 'more came', addStock: 7 },
    ada
  )
  const key = replayField.intent(intent?.id ?? 0)
  const ofShards = async () => (await pool.query('select from decisions where key = $1', [key])).rowCount
  await waitFor(async () => (await ofShards()) === testShards, { what: 'the addition to be stored, of every shard' })
  await pool.query('delete from intents where intent_id = $1', [intent?.id])
  await pool.query("select setval('intents_intent_id_seq', $1)", [backup])
  t.match(await campaigns.pause(id, ada), { intent: { type: 'campaign.paused', state: 'applied' } })
  t.match(await purchase(id, 'a'), { kind: 'refused', code: 'PAUSED' })
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
  t.match(await purchase(id, 'alice', `u:${id}-second`), {
    code: 'LIMIT_REACHED',
    members: { scope: 'activity', limit: 1 }
  })
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
  await t.rejects(campaigns.patchActivity({ campaign: id, activity: 'none' }, { reason: 'x', price: 1 }, ada), {
    code: 'NOT_FOUND'
  })
  const end = iso(Date.now() + 5 * HOUR)
  await campaigns.patchCampaign(id, { reason: 'longer', closesAt: end }, ada)
  t.match((await realGate.read([`c:${id}`]))[0], { closes_at: String(Date.parse(end)) })
})

t.test(
  'added days sell what their daily sessions say, also of a campaign that an older version published',
  async (t) => {
    for (const isOld of [false, true]) {
      const id = isOld ? 'daily-old' : 'daily'
      const closesAt = Date.now() + 30 * HOUR
      const daily = [{ from: '10:00', to: '10:10', stock: 7 }]
      const definition = { ...openDefinition(id, { sessions: undefined, daily }), closesAt: iso(closesAt) }
      await publish(definition)
      if (isOld) {
        await core.pool.query("update campaigns set rules = rules #- '{activities,0,daily}' where campaign_id = $1", [
          id
        ])
      }
      const before = (await rulesOf(id)).activities[0]?.sessions.length ?? 0
      const longer = { reason: 'one more day', closesAt: iso(closesAt + 24 * HOUR) }
      const { intent } = await campaigns.patchCampaign(id, longer, ada)
      t.match(intent, { state: 'applied', applied: [7] })
      const sessions = (await rulesOf(id)).activities[0]?.sessions ?? []
      t.equal(sessions.length, before + 1)
      t.match(await stockOf(id), { [`${sessions.at(-1)?.id}:total`]: '7', [`${sessions.at(-1)?.id}:remaining`]: '7' })
    }
  }
)

t.test('adjustments at the same time count once each, and a repeated key is the same adjustment', async (t) => {
  const id = 'crowded'
  await publish(openDefinition(id))
  const add = (actor: object) =>
    campaigns.patchActivity(
      { campaign: id, activity: 'phone' },
      { reason: 'one more', addStock: 1 },
      { ...ada, ...actor }
    )
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

t.test('a disqualified user is refused at once, and an entitlement is granted once for each grant', async (t) => {
  const id = 'persons'
  await publish(openDefinition(id, { requires: { entitlement: 'vip' } }))
  t.match(await purchase(id, 'alice'), { code: 'NOT_ELIGIBLE' })
  const grant = { campaign: id, user: 'alice', unit: 'entitlement:vip', amount: 1 }
  t.match(await campaigns.grant(grant, { ...ada, key: 'grant-1', hash: 'h' }), { intent: { state: 'applied' } })
  await campaigns.grant(grant, { ...ada, key: 'grant-1', hash: 'h' })
  t.match(await purchase(id, 'alice'), { kind: 'confirmed' })
  t.match(await purchase(id, 'alice', `u:${id}-second`), { kind: 'refused' })
  await campaigns.grant({ ...grant, user: 'mallory' }, ada)
  await campaigns.disqualify({ campaign: id, user: 'mallory' }, ada)
  t.match(await purchase(id, 'mallory'), { code: 'DISQUALIFIED' })
  await t.rejects(campaigns.disqualify({ campaign: 'nowhere', user: 'bob' }, ada), { code: 'NOT_FOUND' })
})

t.test('every change is in the audit trail, which nobody can rewrite', async (t) => {
  const id = 'audited'
  await publish(openDefinition(id))
  await campaigns.patchActivity({ campaign: id, activity: 'phone' }, { reason: 'a better price', price: 5 }, ada)
  const trail = await listAudit(core.pool, { limit: 20, target: `campaign:${id}` })
  t.same(
    trail.map(({ action, operator }) => `${action} by ${operator}`),
    [
      'campaign.adjusted by ada',
      'campaign.published by ben',
      'campaign.approved by ben',
      'campaign.submitted by ada',
      'campaign.saved by ada'
    ]
  )
  t.match(trail[0], { reason: 'a better price', before: { price: 299900 }, after: { price: 5 } })
  await t.rejects(core.pool.query('update audit set operator = $1', ['eve']), /append-only/)
  await t.rejects(core.pool.query('delete from audit'), /append-only/)
  await t.rejects(core.pool.query('truncate audit'), /append-only/)
  await t.rejects(core.pool.query(`update campaign_versions set author = 'eve'`), /append-only/)
})

t.test('a publication that the worker finishes meanwhile is not taken for one that still preloads', async (t) => {
  // without a worker, which would go on by itself
  const core = await startCore(t, await sharedServers(t))
  const stopWorker = core.worker()
  const { gate } = await core.gateway()
  await gate.ready()
  await stopWorker()
  const id = 'two'
  const blind: typeof gate.read = async () => {
    throw new UnavailableError('Redis is away')
  }
  const campaigns = new Campaigns({
    pool: core.pool,
    gate: { numbers: gate.numbers, submit: gate.submit.bind(gate), look: gate.look.bind(gate), read: blind }
  })
  await campaigns.save({ id, input: openDefinition(id) }, ada)
  await campaigns.submit(id, ada)
  await campaigns.approve(id, ben)
  t.match(await campaigns.publish(id, ben), { campaign: { review: 'publishing' } }, 'preloaded, and not read back')

  /** Right after the first look at the campaign another process reads back, and writes the intent that opens it. */
  let looks = 0
  const query = async (...asked: [string, unknown[]]) => {
    const found = await core.pool.query(...asked)
    looks += 1
    if (looks === 1) t.match(await readBackAndOpen({ pool: core.pool, gate }, id), { step: 'opening' })
    return found
  }
  const overtaken = { query } as unknown as pg.Pool
  t.same(await readBackAndOpen({ pool: overtaken, gate }, id), { step: 'none' })
})
