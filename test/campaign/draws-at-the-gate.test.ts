import { createHash } from 'node:crypto'
import t from 'tap'
import { Catalogue } from '../../src/campaign/carrying/catalogue.ts'
import { findActivity } from '../../src/campaign/definition/rules.ts'
import type { Draw } from '../../src/campaign/kinds/draw/rules.ts'
import { movesOf } from '../../src/record/reports/moves.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { readSeeds } from '../../src/store/campaigns/draws.ts'
import { middayTimezone } from '../support/midday.ts'
import { testShards } from '../support/servers/servers.ts'
import { insist } from '../support/shop/core.ts'
import { takePart } from '../support/shop/participation.ts'
import { decisionOf } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'
import { ada, ben, openDefinition, setUp } from './at-the-gate.ts'
import { aDraw, aPrize, aRedemption, aTask, thanks } from './example-kinds.ts'

const { campaigns, core, publish, realGate, rulesOf } = await setUp(t)

const base = openDefinition('base')

/** A campaign that is open now, with a sale and these activities; its window is always the same. */
const open = (id: string, ...activities: object[]) => ({ ...base, id, activities: [...base.activities, ...activities] })

const seedsOf = async (id: string) => (await readSeeds(core.pool, [id])).get(id) ?? new Map()

t.test('a campaign of all kinds is published: rules, stock and local days are in Redis', async (t) => {
  const id = 'kinds'
  t.match(await publish(open(id, aDraw(), aTask(), aRedemption())), { campaign: { review: 'published' } })
  const keys = [`c:${id}`, `a:${id}:wheel`, `s:${id}:wheel`, `a:${id}:check-in`, `a:${id}:ticket`, `s:${id}:ticket`]
  t.match(await realGate.read(keys), [
    { ready: '1', zone: '0000000000000+0480' },
    { kind: 'draw', prizes: 'first,thanks', weights: '0:1,80', 'prize:first': '1;physical;1;0;0;0;0;;' },
    { 'first:remaining': '3', 'first:total': '3' },
    { kind: 'task', reward: 'points b:points 5 0 1', sessions: /all {29}$/ },
    { kind: 'redemption', cost: '500', cost_field: 'b:points' },
    { 'all:remaining': '200', 'all:total': '200' }
  ])
})

t.test(
  'a draw gets its seed when its publication begins, once, and its commitment is what the seed hashes to',
  async (t) => {
    const id = 'seeds'
    await campaigns.save({ id, input: open(id, aDraw(), aTask()) }, ada)
    await campaigns.submit(id, ada)
    await campaigns.approve(id, ben)
    t.equal((await seedsOf(id)).size, 0, 'nothing is drawn for what may never be published')
    await campaigns.publish(id, ben)
    const seeds = await seedsOf(id)
    t.same([...seeds.keys()], ['wheel'])
    const first = seeds.get('wheel')
    t.equal(first?.seed.length, 32)
    t.equal(
      first?.commitment,
      createHash('sha256')
        .update(first?.seed ?? '')
        .digest('hex')
    )
    await publish(open(id, aDraw(), aTask(), aDraw({ id: 'second' })))
    const later = await seedsOf(id)
    t.same(later.get('wheel'), first, 'a later version keeps it')
    t.not(later.get('second')?.commitment, first?.commitment)
    const rows = (await core.pool.query('select count(*)::int as count from draw_seeds where campaign_id = $1', [id]))
      .rows
    t.same(rows, [{ count: 2 }])
    const other = Buffer.alloc(32)
    await t.rejects(
      core.pool.query('update draw_seeds set seed = $1', [other]),
      { code: '23001' },
      'nobody exchanges one'
    )
    await t.rejects(core.pool.query('delete from draw_seeds'), { code: '23001' })
  }
)

t.test('the catalogue holds the seeds of a campaign and finds activities of every kind', async (t) => {
  const id = 'listed'
  const catalogue = new Catalogue({ pool: core.pool })
  await publish(open(id, aDraw(), aTask()))
  await catalogue.refresh()
  const seeds = await seedsOf(id)
  t.same(catalogue.get(id)?.seeds, seeds)
  t.match(catalogue.findActivity(id, 'wheel'), { campaign: { id }, activity: { kind: 'draw' } })
  t.match(catalogue.findActivity(id, 'phone'), { activity: { kind: 'sale' } })
  t.equal(catalogue.findActivity(id, 'none'), undefined)
  await campaigns.pause(id, ada)
  await catalogue.refresh()
  t.match(catalogue.get(id), { paused: true, seeds })
})

t.test('prizes are added and taken; taking takes what is left and tells how much that was', async (t) => {
  const id = 'quota'
  await publish(open(id, aDraw()))
  const target = { campaign: id, activity: 'wheel' }
  const patch = (body: object) => campaigns.patchActivity(target, { reason: 'more', prize: 'first', ...body }, ada)
  const stock = async () => (await realGate.read([`s:${id}:wheel`]))[0]
  t.match(await patch({ addStock: 4 }), { intent: { state: 'applied', applied: [4] } })
  t.match(await stock(), { 'first:total': '7', 'first:remaining': '7' })
  t.match(await patch({ addStock: -10 }), { intent: { state: 'applied', applied: [-7] } })
  t.match(await stock(), { 'first:total': '0', 'first:remaining': '0' })
  const draw = findActivity(await rulesOf(id), 'wheel') as Draw
  t.equal(draw.prizes[0]?.quota, 0, 'the rules in force say what is really there')
  await campaigns.patchActivity(target, { reason: 'fewer', weights: { thanks: 8 } }, ada)
  t.match((await realGate.read([`a:${id}:wheel`]))[0], { weights: '0:1,8' })
  const { rows } = await core.pool.query<{ after: unknown }>(
    `select after from audit where target = $1 order by audit_id desc limit 1`,
    [`campaign:${id}`]
  )
  t.match(rows[0], { after: { prizes: [{ id: 'thanks', weight: 8 }] } }, 'the audit tells what was changed')
})

t.test('a later version brings a prize that is in stock before it can be drawn', async (t) => {
  const id = 'prizes'
  await publish(open(id, aDraw()))
  const second = aPrize({ id: 'second', quota: 10, weight: 4 })
  await publish(open(id, aDraw({ prizes: [aPrize(), second, thanks] })))
  t.match(await realGate.read([`a:${id}:wheel`, `s:${id}:wheel`]), [
    { prizes: 'first,second,thanks', weights: '0:1,4,80', 'prize:second': '1;physical;1;0;0;0;0;;' },
    { 'first:total': '3', 'second:total': '10', 'second:remaining': '10' }
  ])
  await t.rejects(publish(open(id, aDraw({ cost: { points: 5 }, prizes: [aPrize(), second, thanks] }))), {
    code: 'CONFLICT',
    members: { errors: [{ pointer: '/activities/1/cost' }] }
  })
})

t.test('a pool with fewer codes than prizes causes a warning, and no prize is won without its code', async (t) => {
  const id = 'codes'
  const card = aPrize({ id: 'card', type: 'e-card', quota: 5, pool: 'cards' })
  const draft = open(id, aDraw({ prizes: [card, { ...thanks, weight: 0 }] }))
  const pointer = '/activities/1/prizes/0/pool'
  t.same((await campaigns.dryRun(id, draft)).warnings, [
    {
      pointer,
      detail: 'pool cards has 0 free codes for 5: without a code nothing is given. Codes can be loaded at any time'
    }
  ])
  await campaigns.save({ id, input: draft }, ada)
  const load = async (...codes: string[]) => {
    const sent = (async function* () {
      yield* codes
    })()
    return campaigns.loadPool({ campaign: id, pool: 'cards', codes: sent, actor: ada })
  }
  await load('A', 'B')
  t.match(await publish(draft), { warnings: [{ pointer, detail: /2 free codes for 5/ }] })
  const spin = async (key: string) => {
    const command = takePart({ campaign: id, activity: 'wheel' }, 'ann', { key: `u:${key}`, pool: 'cards' })
    return decodeSpin(decisionOf(await insist(() => realGate.submit(command))).report).prize
  }
  t.same([await spin('1'), await spin('2'), await spin('3')], ['card', 'card', 'thanks'])
  await load('C', 'D', 'E')
  // one of several shards believes for a second that no other one has any
  let spins = 4
  const wins = async () => (await spin(`${spins++}`)) === 'card'
  if (testShards > 1) await waitFor(wins, { what: 'the shard to hear of more codes', everyMs: 100 })
  else t.ok(await wins(), 'codes that are loaded later raise what may be won')
  t.notOk((await campaigns.publish(id, ada)).warnings, 'five were loaded for five')
  // as when their winners look
  await core.pool.query(
    `update codes set claim_id = code, nth = 1 where campaign_id = $1 and code in ('A', 'B', 'C')`,
    [id]
  )
  t.notOk((await campaigns.publish(id, ada)).warnings, 'two are free for the two that are left')
  const patch = (body: object, key?: string) =>
    campaigns.patchActivity({ campaign: id, activity: 'wheel' }, { reason: 'more', ...body }, { ...ada, key })
  const more = await patch({ addStock: 1, prize: 'card' }, 'one-more')
  t.match(more.warnings, [{ pointer, detail: /2 free codes for 3/ }])
  t.same((await patch({ addStock: 1, prize: 'card' }, 'one-more')).warnings, more.warnings, 'a retry is told the same')
  t.notOk((await patch({ paused: true })).warnings, 'what needs no more codes says nothing of them')
})

t.test(
  'what was compiled is what the gate decides by: tasks, chances, sub-prizes, levels, doublers, costs',
  async (t) => {
    const id = 'played'
    const lucky = { ...thanks, type: 'points', subPrizes: [{ id: 'two', title: 'Two', reward: { points: 2 } }] }
    const card = aPrize({ id: 'card', type: 'doubler', quota: null, weight: 0 })
    const wheel = aDraw({
      chances: { daily: 0, extraPerDay: 2 },
      prizes: [card, lucky],
      weightsByLevel: [{ level: 5, weights: { card: 1, thanks: 0 } }]
    })
    const activities = [
      wheel,
      aTask(),
      aTask({ id: 'more', per: 'campaign', after: ['check-in'], reward: { chances: { wheel: 3 } } }),
      aTask({ id: 'late', per: 'campaign', reward: { points: 5 } }),
      aRedemption({ cost: { points: 17 } })
    ]
    const definition = { ...open(id, ...activities), timezone: middayTimezone }
    await publish(definition)
    let count = 0
    const play = (activity: string, more: Parameters<typeof takePart>[2] = {}) =>
      realGate.submit(takePart({ campaign: id, activity }, 'ann', { key: `u:play-${count++}`, ...more }))
    const moved = async (activity: string, more: Parameters<typeof takePart>[2] = {}) =>
      movesOf(decisionOf(await play(activity, more)).report)
    t.match(await play('more'), { code: 'PREREQUISITE', members: { after: ['check-in'] } })
    t.match(await play('wheel', { random: 'r' }), { code: 'INSUFFICIENT_BALANCE' })
    t.same(await moved('check-in'), [{ unit: 'points', delta: 5, balance: 5 }])
    t.match(await play('check-in'), { code: 'ALREADY_DONE' })
    t.same(await moved('more'), [{ unit: 'chances:wheel', delta: 2, balance: 2 }], 'cut at the cap of the day')
    t.match(await moved('wheel', { random: 'r' }), [
      { unit: 'chances:wheel', delta: -1 },
      { unit: 'points', delta: 2, balance: 7 }
    ])
    t.match(await moved('wheel', { random: 'r', level: 6 }), [
      { unit: 'chances:wheel', balance: 0 },
      { unit: 'doubler' }
    ])
    t.same(await moved('late'), [{ unit: 'points', delta: 10, balance: 17 }])
    t.same(await moved('ticket'), [{ unit: 'points', delta: -17, balance: 0 }])
  }
)
