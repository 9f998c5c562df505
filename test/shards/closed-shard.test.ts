import pg from 'pg'
import t from 'tap'
import { shardNumbers, shardOf } from '../../src/base/shards.ts'
import type { CatalogueCampaign } from '../../src/campaign/carrying/catalogue.ts'
import { findActivity } from '../../src/campaign/definition/rules.ts'
import { packSessions } from '../../src/campaign/parts/packed.ts'
import { campaignView, liveView } from '../../src/http/campaigns/campaign-view.ts'
import { LiveFigures } from '../../src/http/campaigns/live-figures.ts'
import { createShardMetrics } from '../../src/http/server/shard-metrics.ts'
import { Pace } from '../../src/http/watching/live-pace.ts'
import { operatorLive } from '../../src/http/watching/live-view.ts'
import { SignalTotals } from '../../src/http/watching/signal-totals.ts'
import { openDefinition } from '../campaign/at-the-gate.ts'
import { aDraw, rulesOf, withActivities } from '../campaign/example-kinds.ts'
import { aCampaign, aCatalogue } from '../support/http/http-app.ts'
import { ScriptedGate } from '../support/http/scripted-gate.ts'
import { startMallShop } from '../support/shop/mall-shop.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 4
const numbers = shardNumbers(COUNT)

type Hashes = Record<string, Record<string, string>>

/** Ten units in each shard, of which so many are left. */
const stockOf = (remaining: number, total = 10) => ({ 'am:total': String(total), 'am:remaining': String(remaining) })
const selling = (remaining: number): Hashes => ({
  'c:launch': { participants: String(10 - remaining) },
  's:launch:phone': stockOf(remaining)
})

/** A gate of four shards in memory: one that is away says so at once, one that hangs says nothing. */
function fourShards(hashesOf: (shard: number) => Hashes) {
  const hashes = numbers.map(hashesOf)
  const state = { hashes, away: new Set<number>(), hanging: new Map<number, Promise<void>>(), reads: 0 }
  const gate = {
    numbers,
    async read(keys: readonly string[], shard = 0) {
      state.reads += 1
      await state.hanging.get(shard)
      if (state.away.has(shard)) throw new Error('away')
      return keys.map((key) => hashes[shard]?.[key] ?? {})
    }
  }
  return { ...state, state, gate }
}

/** Figures over a gate, read once for each call of `read`. */
function figuresOver(gate: ConstructorParameters<typeof LiveFigures>[0]['gate'], campaign = aCampaign()) {
  let now = Date.parse('2026-11-11T00:10:00+08:00')
  const figures = new LiveFigures({ gate, catalogue: aCatalogue([campaign]), now: () => now })
  const read = async () => {
    now += 1000
    await figures.refresh()
  }
  const context = () => ({ campaign, now, figures: figures.of('launch') })
  const watched = () =>
    operatorLive({
      ...{ campaign, now, figures: figures.seen('launch'), pace: new Pace(), conditions: [], counted: null },
      signals: new SignalTotals({ pool: new pg.Pool() }),
      shards: numbers.map((shard) => ({ shard, state: 'open', epoch: 1, outbox: 0, kept: 0, eventsBehind: 0 }))
    })
  return { figures, read, context, watched }
}

const phone = { id: 'phone' }

t.test('figures of open shards go on while one is closed, whose last ones count', async (t) => {
  const { gate, hashes, away } = fourShards(() => selling(4))
  const { read, context, watched } = figuresOver(gate)
  await read()
  t.match(liveView(context()), { participants: 24, activities: [{ ...phone, remaining: 16 }] })
  away.add(2)
  hashes[0] = selling(1)
  await read()
  t.match(liveView(context()), { participants: 27, activities: [{ ...phone, remaining: 13 }] })
  const [before] = watched().shards.filter(({ shard }) => shard === 2)
  hashes[1] = selling(0)
  hashes[2] = selling(3)
  await read()
  t.match(liveView(context()), { activities: [{ ...phone, remaining: 9 }] }, 'what the closed one has is not known')
  const [now0, , now2] = watched().shards
  t.equal(now2?.asOf, before?.asOf, 'operators see since when')
  t.ok((now0?.asOf ?? '') > (now2?.asOf ?? ''))
  away.clear()
  await read()
  await waitFor(() => context().figures?.stock.get('phone/am')?.remaining === 8, { what: 'what it has now' })
})

t.test('nobody waits for a shard that hangs, and it is asked once at a time', async (t) => {
  const { gate, hashes, state } = fourShards(() => selling(4))
  const { read, context } = figuresOver(gate)
  await read()
  state.away.add(3)
  await read()
  state.hanging.set(3, new Promise(() => {}))
  hashes[0] = selling(3)
  const before = state.reads
  for (const _ of [1, 2, 3]) await read()
  t.match(liveView(context()), { activities: [{ ...phone, remaining: 15 }] })
  t.equal(state.reads - before, 3 * 3 + 1)
})

t.test(
  'a gateway that never saw a closed shard says nothing to the public, and all it knows to operators',
  async (t) => {
    const { gate, away } = fourShards((shard) => selling(shard === 2 ? 4 : 0))
    away.add(2)
    const { read, context, watched } = figuresOver(gate)
    await read()
    t.match(campaignView({ ...context(), language: 'en' }), {
      participants: null,
      activities: [{ ...phone, sessions: [{ id: 'am', total: null, remaining: null }] }]
    })
    t.match(liveView(context()), { participants: null, activities: [{ ...phone, remaining: null }] })
    const isNull = { soldOutInSeconds: null }
    t.match(watched(), {
      participants: 30,
      activities: [{ ...phone, total: 30, remaining: 0, ...isNull, sessions: [{ id: 'am', remaining: 0, ...isNull }] }],
      shards: [{ asOf: String }, { asOf: String }, { shard: 2, asOf: null }, { asOf: String }]
    })
    away.clear()
    await read()
    await waitFor(() => context().figures?.stock.get('phone/am')?.remaining === 4, { what: 'the shard to be read' })
    t.match(watched(), { shards: [{}, {}, { shard: 2, asOf: String }, {}] })
  }
)

t.test('a draw is over when every shard says so, also one that is closed: it draws on by what it has', async (t) => {
  const closesAt = '2026-11-11T20:00:00+08:00'
  const rules = rulesOf(withActivities([aDraw({ closesAt })]))
  const wheel = findActivity(rules, 'wheel')?.sessions ?? []
  const hashesOf = (ended: string, later = 0): Hashes => ({
    'c:launch': { ended, closes_at: String(rules.closesAt + later) },
    'a:launch:wheel': { sessions: packSessions(wheel.map((one) => ({ ...one, closesAt: one.closesAt + later }))) }
  })
  const campaign: CatalogueCampaign = { ...aCampaign(), rules, ended: true }
  const { gate, hashes, away } = fourShards((shard) => hashesOf('0', shard === 1 ? 60_000 : 0))
  const { figures, read } = figuresOver(gate, campaign)
  await read()
  t.equal(figures.of('launch')?.closings.get('wheel'), Date.parse(closesAt) + 60_000, 'the latest of all')
  away.add(2)
  for (const shard of [0, 1, 3]) hashes[shard] = hashesOf('1')
  await read()
  t.equal(figures.of('launch')?.ended, false)
  hashes[2] = hashesOf('1')
  away.clear()
  await read()
  await waitFor(() => figures.of('launch')?.ended === true, { what: 'the end to have reached all' })
  const late = fourShards(() => hashesOf('1'))
  late.away.add(0)
  const unseen = figuresOver(late.gate, campaign)
  await unseen.read()
  t.match(unseen.figures.seen('launch'), { ended: false })
  t.equal(unseen.figures.seen('launch')?.closings.size, 0)
})

t.test('metrics have the depths of all shards but the one that is away', async (t) => {
  const gate = Object.assign(new ScriptedGate(), {
    numbers,
    depths: async (shard: number) => {
      if (shard === 1) throw new Error('away')
      // slower than the one that is away at once
      for (const _ of [1, 2, 3]) await new Promise(setImmediate)
      return { outbox: shard, kept: 7 }
    }
  })
  const nobody = async () => {
    throw new Error('away')
  }
  const pool = { query: nobody } as unknown as Parameters<typeof createShardMetrics>[0]['pool']
  const text = await createShardMetrics({ gate, pool, health: { report: nobody } }).metrics()
  const shown = [...text.matchAll(/^floodgate_kept_frames\{shard="(\d)"\} 7$/gm)].map(([, shard]) => Number(shard))
  t.same(shown, [0, 2, 3])
})

t.test('one closed shard hides no figures of the others from anybody', async (t) => {
  const shop = await startMallShop(t, { SHARDS: String(COUNT) })
  const { activities, ...rest } = openDefinition('sold')
  const stocked = activities.map((sale) => ({ ...sale, sessions: sale.sessions.map((one) => ({ ...one, stock: 40 })) }))
  const definition = { ...rest, activities: stocked }
  await shop.publish(definition)
  const left: number[] = []
  const page = async () => {
    const { body } = await shop.ask('ann', 'GET /v1/campaigns/sold')
    left.push(body.activities[0].sessions[0].remaining)
    return left.at(-1)
  }
  const buyIn = async (shard: number, nth: number) => {
    const users = Array.from({ length: 100 }, (_, n) => `user-${n}`).filter((user) => shardOf(user, COUNT) === shard)
    const bought = await shop.ask(users[nth] ?? '', 'POST /v1/campaigns/sold/sales/phone/orders', {
      body: { quantity: 1 }
    })
    t.equal(bought.status, 201)
  }
  for (const shard of numbers) await buyIn(shard, 0)
  await waitFor(async () => (await page()) === 36, { what: 'what all of them sold' })
  await shop.stopWorker()
  const closed = shop.shards[2]
  await closed?.redis.hset(`${closed.prefix}shard`, 'open', '0')
  await buyIn(0, 1)
  await waitFor(async () => (await page()) === 35, { what: 'the page to go on' })
  t.ok(left.every((one) => one >= 35))
  const headers = { authorization: 'Bearer token-of-vera' }
  const state = async () => {
    const answer = await shop.adminApp.inject({ url: '/admin/v1/campaigns/sold/state', headers })
    return { status: answer.statusCode, body: answer.json() }
  }
  // the admin port has not seen the closed one: it shares no figures with the public port here
  t.match(await state(), {
    status: 200,
    body: {
      participants: 4,
      activities: [{ total: 30, taken: 4, sessions: [{ id: 'am', total: 30, remaining: 26 }] }],
      shards: [{ state: 'open', asOf: String }, { state: 'open' }, { shard: 2, state: 'unknown', asOf: null }, {}]
    }
  })
  shop.startWorker()
  await waitFor(async () => (await state()).body.shards[2].asOf !== null, { what: 'the shard to be open again' })
  t.match(await state(), { body: { participants: 5, activities: [{ total: 40, remaining: 35 }] } })
  const other = shop.shards[1]
  await shop.stopWorker()
  await other?.redis.hset(`${other.prefix}shard`, 'open', '0')
  await waitFor(async () => (await state()).body.shards[1].state === 'unknown', { what: 'another one to be closed' })
  t.match(await state(), { body: { activities: [{ total: 40, remaining: 35 }], shards: [{}, { asOf: String }] } })
})
