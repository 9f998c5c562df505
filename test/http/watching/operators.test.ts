import type { AddressInfo } from 'node:net'
import t from 'tap'
import { Value } from 'typebox/value'
import { type Operations, watchOperations } from '../../../src/client/client.ts'
import { Pace } from '../../../src/http/watching/live-pace.ts'
import { OperatorLive } from '../../../src/http/watching/live-schemas.ts'
import { percentileMs, SignalTotals } from '../../../src/http/watching/signal-totals.ts'
import type { Signals } from '../../../src/record/signals.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

/** What is sent is what the client shows; the status is a text in one and one of some in the other. */
export const sent = (figures: Omit<OperatorLive, 'status'>): Omit<Operations, 'status'> => figures
export const shown = (figures: Omit<Operations, 'status'>): Omit<OperatorLive, 'status'> => figures

const HOUR = 3_600_000
const shop = await startMallShop(t)
const now = Date.now()
const [opensAt, closesAt] = [now - HOUR, now + HOUR].map((at) => new Date(at).toISOString())
const definition = (id: string) => ({
  id,
  title: 'Launch',
  timezone: 'Asia/Shanghai',
  opensAt,
  closesAt,
  activities: [
    {
      id: 'phone',
      kind: 'sale',
      title: 'Phone',
      price: 100,
      currency: 'CNY',
      payWithinSeconds: 900,
      sessions: [
        { id: 'am', opensAt, closesAt: new Date(now + HOUR / 2).toISOString(), stock: 3 },
        { id: 'pm', opensAt: new Date(now + HOUR / 2).toISOString(), closesAt, stock: 5 }
      ]
    },
    {
      id: 'wheel',
      kind: 'draw',
      title: 'Wheel',
      chances: { daily: 1 },
      fallback: 'thanks',
      prizes: [
        { id: 'cup', tier: 1, title: 'Cup', type: 'physical', quota: 2, weight: 1 },
        { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }
      ]
    }
  ]
})
await shop.adminApp.listen({ port: 0, host: '127.0.0.1' })
const base = `http://127.0.0.1:${(shop.adminApp.server.address() as AddressInfo).port}`

/** the one that was sold out, and is watched */
let campaign = ''

async function watch(operator: string, watched = campaign) {
  const stop = new AbortController()
  const headers = { authorization: `Bearer token-of-${operator}` }
  const response = await fetch(`${base}/admin/v1/campaigns/${watched}/live`, { headers, signal: stop.signal })
  const watching = { response, messages: [] as OperatorLive[], events: [] as string[], ended: false, stop }
  const read = async () => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const part of response.body ?? []) {
      const blocks = (rest + decoder.decode(part, { stream: true })).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, event, data] = /event: (\w+)\ndata: (.*)/.exec(block) ?? []
        if (event === undefined || data === undefined) continue
        watching.events.push(event)
        watching.messages.push(JSON.parse(data))
      }
    }
  }
  const end = () => {
    watching.ended = true
  }
  void read().then(end, end)
  t.teardown(() => stop.abort())
  return watching
}

await t.test('operators see units, attempts and refusals of a campaign as they change', async (t) => {
  const { watching, orders } = await shop.inOneGo(async (nth) => {
    campaign = `launch-${nth}`
    await shop.publish(definition(campaign))
    const watching = await watch('vera')
    const isFull = () => watching.messages.at(-1)?.activities.find(({ id }) => id === 'phone')?.remaining === 8
    await waitFor(isFull, { what: 'the first figures' })
    const buy = (user: string) =>
      shop.ask(user, `POST /v1/campaigns/${campaign}/sales/phone/orders`, { body: { quantity: 1 } })
    const orders = []
    for (const user of ['ann', 'ben', 'cid', 'dan', 'eve']) orders.push(await buy(user))
    const spun = await shop.ask('ann', `POST /v1/campaigns/${campaign}/draws/wheel/spins`, { body: {} })
    t.equal(spun.status, 201)
    return { watching, orders }
  })
  t.equal(watching.response.status, 200)
  t.match(watching.response.headers.get('content-type'), /^text\/event-stream/)
  const last = () => watching.messages.at(-1)
  const phone = () => last()?.activities.find(({ id }) => id === 'phone')
  t.strictSame(
    orders.map(({ status }) => status),
    [201, 201, 201, 409, 409]
  )
  const body = { amount: 100, currency: 'CNY', reference: 'paid-1' }
  const paid = await shop.admin('olga', `POST /admin/v1/orders/${orders[0]?.body.order.id}/payment`, { body })
  t.equal(paid.status, 201)
  shop.signals.tell()
  await waitFor(() => phone()?.approximate.total.attempts === 5 && phone()?.paid === 1, { what: 'what was bought' })
  t.match(phone(), {
    kind: 'sale',
    title: 'Phone',
    currentSession: 'am',
    total: 8,
    remaining: 5,
    taken: 3,
    held: 2,
    paid: 1,
    sessions: [
      { id: 'am', total: 3, remaining: 0, taken: 3, soldOutInSeconds: 0 },
      { id: 'pm', total: 5, remaining: 5, taken: 0 }
    ],
    approximate: {
      total: { attempts: 5, confirmed: 3, replayed: 0, pending: 0, refused: { SOLD_OUT: 2 } },
      // of the last minute, and of the last ten seconds: a busy machine comes later than that
      lastMinute: { attempts: Number },
      perSecond: { attempts: Number, confirmed: Number, refused: Number }
    }
  })
  t.ok(Math.abs((phone()?.unpaidShare ?? 0) - 2 / 3) < 1e-9)
  t.match(
    last()?.activities.find(({ id }) => id === 'wheel'),
    { total: 2, taken: 1, prizes: [{ id: 'cup', tier: 1, total: 2, remaining: 1, taken: 1 }] }
  )
  t.match(last(), { campaign, status: 'running', participants: 3, shards: [{ shard: 0, state: 'open' }] })
  t.equal(last()?.approximate.total.attempts, 6)
  t.match(last()?.approximate.latency, { confirmed: { p50Ms: Number, p99Ms: Number } })
  await waitFor(() => (phone()?.perSecond ?? null) !== null, { what: 'a pace, after some seconds' })
  const counted = (id: string) =>
    last()?.counted?.figures.find((figure) => figure.id === id && figure.of === null)?.value
  await waitFor(() => counted('sales.orders') === 3 && counted('draws.spins') === 1, { what: 'what the report counts' })
  t.match([counted('sales.paidRate'), counted('draws.winRate')], [0.333333, 1])
  for (const message of watching.messages) {
    t.strictSame(
      Value.Errors(OperatorLive, message).map(({ instancePath, message }) => `${instancePath} ${message}`),
      []
    )
  }
  t.strictSame(new Set(watching.events), new Set(['snapshot', 'change']))
  watching.stop.abort()
})

await t.test('the client watches as an operator, and gives up where it may not', async (t) => {
  const figures: Operations[] = []
  const states: string[] = []
  const ask = (token: string) =>
    watchOperations({ baseUrl: base, token, onState: (state) => states.push(state) }, campaign, (each) =>
      figures.push(each)
    )
  const stop = ask('token-of-vera')
  await waitFor(() => figures.length >= 2, { what: 'a snapshot and a change' })
  t.match(figures[1], { campaign, participants: 3 })
  stop()
  t.strictSame(states, ['watching'])
  t.teardown(ask('token-of-counter'))
  await waitFor(() => states.at(-1) === 'gone')
})

await t.test('only people with a role watch, and nobody whose token was taken back', async (t) => {
  const watching = await watch('olga')
  await waitFor(() => watching.messages.length > 0)
  t.equal((await watch('nobody')).response.status, 401)
  t.equal((await watch('counter')).response.status, 403)
  t.equal((await watch('vera', 'gone')).response.status, 404)
  await shop.pool.query(`delete from operators where name = 'olga'`)
  await waitFor(() => watching.ended, { what: 'the stream to end' })
})

await t.test('the pace is that of the last minute, whatever operators add', async (t) => {
  const pace = new Pace()
  const stock = (total: number, remaining: number) => new Map([['phone/am', { total, remaining, held: 0, paid: 0 }]])
  pace.note({ asOf: 0, stock: stock(100, 100) })
  t.equal(pace.of(['phone/am']), null)
  pace.note({ asOf: 10_000, stock: stock(100, 80) })
  t.equal(pace.of(['phone/am']), 2)
  pace.note({ asOf: 20_000, stock: stock(200, 160) })
  t.equal(pace.of(['phone/am']), 2, 'a hundred were added, twenty more were taken')
  pace.note({ asOf: 20_000, stock: stock(200, 0) })
  t.equal(pace.of(['phone/am']), 2, 'the same moment twice')
  pace.note({ asOf: 75_000, stock: stock(200, 105) })
  t.equal(pace.of(['phone/am']), 55 / 55)
  pace.note({ asOf: 80_000, stock: stock(200, 200) })
  t.equal(pace.of(['phone/am']), 0, 'more came back than were taken')
  t.equal(pace.of(['phone/pm']), null)
  t.equal(pace.of([]), null)
})

await t.test('totals are the larger of what was heard and what was kept', async (t) => {
  const clock = { now: 1_000_000 }
  const totals = new SignalTotals({ pool: shop.pool, now: () => clock.now })
  const say = (times: number) => {
    const activity = {
      campaign: 'other',
      activity: 'phone',
      outcomes: { SOLD_OUT: times },
      confirmedIn: [],
      refusedIn: [0, times]
    }
    totals.take(JSON.stringify({ at: 0, activities: [activity], refusals: [] } satisfies Signals))
  }
  const sold = () => totals.of('other', ['phone', 'none'])
  totals.take('nonsense')
  say(3)
  await totals.refresh('other')
  t.equal(sold().total.get('SOLD_OUT'), 3)
  await shop.pool.query(
    `insert into attempt_totals values ('other', 'phone', 'SOLD_OUT', 10), ('other', 'phone', 'confirmed', 1)`
  )
  await totals.refresh('other')
  t.equal(sold().total.get('SOLD_OUT'), 3, 'not asked twice within ten seconds')
  clock.now += 11_000
  await totals.refresh('other')
  say(2)
  t.strictSame(
    [...sold().total],
    [
      ['SOLD_OUT', 12],
      ['confirmed', 1]
    ]
  )
  t.strictSame([...sold().lastMinute], [['SOLD_OUT', 5]])
  t.strictSame([...sold().perSecond], [['SOLD_OUT', 0.2]])
  t.equal(percentileMs(sold().refusedIn, 0.99), 2)
  t.equal(percentileMs(sold().confirmedIn, 0.5), null)
  clock.now += 60_001
  t.strictSame([...sold().lastMinute], [])
  t.equal(sold().total.get('SOLD_OUT'), 12)
})
