import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { type Test, test } from 'tap'
import type { Campaign } from '../../src/client/campaigns.ts'
import { createClient } from '../../src/client/client.ts'
import { applyChange } from '../../src/client/live.ts'
import { createParser } from '../../src/client/stream.ts'
import { waitFor } from '../support/wait.ts'

const sale = (id: string, remaining: number) => ({
  id,
  kind: 'sale' as const,
  title: id,
  sort: 0,
  paused: false,
  currentSession: 'am',
  nextOpensAt: null,
  price: 100,
  currency: 'CNY',
  unitsPerUser: null,
  payWithinSeconds: null,
  remaining,
  sessions: [{ id: 'am', opensAt: '', closesAt: '', paused: false, total: 10, remaining }]
})
const wheel = (remaining: number) => ({
  id: 'wheel',
  kind: 'draw' as const,
  title: 'Wheel',
  sort: 1,
  paused: false,
  currentSession: null,
  nextOpensAt: null,
  limits: { perDay: null, perCampaign: null, winsPerCampaign: null, winsPerTier: {} },
  fallback: 'thanks',
  seedCommitment: null,
  algorithm: '1',
  remaining,
  prizes: [{ id: 'first', tier: 1, title: 'First', type: 'cash', quota: 3, weight: 1, odds: 1, remaining }],
  sessions: []
})

const campaignOf = (version: number, ...activities: Campaign['activities']): Campaign => ({
  id: 'launch',
  title: 'Launch',
  status: 'running',
  version,
  timezone: 'UTC',
  opensAt: '',
  closesAt: '',
  unitsPerUser: null,
  participants: 0,
  activities
})

const changeOf = (version: number, participants: number, ...activities: object[]) =>
  ({ status: 'running' as const, version, participants, activities }) as Parameters<typeof applyChange>[1]
const leftOf = (id: string, remaining: number) => ({
  id,
  kind: 'sale',
  paused: false,
  currentSession: 'am',
  nextOpensAt: null,
  price: 90,
  remaining,
  session: 'am'
})

/** A gateway on loopback that streams what a test says. */
async function streaming(t: Test) {
  const listeners: ServerResponse[] = []
  const state = { page: campaignOf(1, sale('phone', 10)), refusals: 0, asked: 0, reads: 0 }
  const server = createServer((request, response) => {
    if (!request.url?.endsWith('/live')) {
      state.reads += 1
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(state.page))
      return
    }
    state.asked += 1
    if (state.refusals > 0) {
      state.refusals -= 1
      response.writeHead(503, { 'retry-after': '3' }).end('{}')
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`retry: 2000\nevent: snapshot\ndata: ${JSON.stringify(state.page)}\n\n`)
    listeners.push(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const waits: number[] = []
  const client = createClient({
    baseUrl,
    random: () => 0,
    sleep: async (ms) => {
      waits.push(ms)
      await Promise.resolve()
    }
  })
  return { client, state, listeners, waits, server }
}

test('figures move as the gateway says, in one state', async (t) => {
  const { client, listeners, state } = await streaming(t)
  const seen: Campaign[] = []
  const stop = client.live('launch', (campaign) => seen.push(campaign))
  await waitFor(() => seen.length === 1)
  const text = `event: change\ndata: ${JSON.stringify(changeOf(1, 3, leftOf('phone', 7)))}\n\n: still here\n\n`
  // in pieces, as a network may bring it
  for (const piece of [text.slice(0, 9), text.slice(9, 40), text.slice(40)]) listeners[0]?.write(piece)
  await waitFor(() => seen.length === 2)
  t.match(seen[1], { participants: 3, title: 'Launch' })
  t.match(seen[1]?.activities[0], {
    remaining: 7,
    price: 90,
    title: 'phone',
    sessions: [{ id: 'am', remaining: 7, total: 10 }]
  })
  t.match(seen[0]?.activities[0], { remaining: 10 }, 'what was given before stays as it was')
  // what the change says too little of is read anew
  state.page = campaignOf(2, sale('phone', 6), sale('case', 5))
  listeners[0]?.write(
    `event: change\ndata: ${JSON.stringify(changeOf(2, 4, leftOf('phone', 6), leftOf('case', 5)))}\n\n`
  )
  await waitFor(() => seen.length === 3)
  t.equal(seen[2]?.activities.length, 2)
  t.equal(state.reads, 1)
  stop()
  await waitFor(() => listeners[0]?.destroyed === true, { what: 'the connection to be given up' })
})

test('a stream that ends is taken up again, later and later, as long as the campaign is there', async (t) => {
  const { client, listeners, state, waits, server } = await streaming(t)
  const states: string[] = []
  let calls = 0
  const stop = client.live('launch', () => calls++, { onState: (now) => states.push(now) })
  t.teardown(stop)
  await waitFor(() => calls === 1)
  state.refusals = 3
  listeners[0]?.destroy()
  await waitFor(() => calls === 2, { what: 'another snapshot' })
  t.equal(state.asked, 5)
  t.strictSame(waits, [2000, 6000, 12000, 24000])
  t.strictSame(states, ['watching', 'waiting', 'waiting', 'waiting', 'waiting', 'watching'])
  server.removeAllListeners('request')
  server.on('request', (_, response) => response.writeHead(404).end('{}'))
  listeners[1]?.end()
  await waitFor(() => states.at(-1) === 'gone')
  t.equal(calls, 2)
})

test('nobody watches while the page is hidden, if so asked', async (t) => {
  const { client, listeners, state } = await streaming(t)
  const page = Object.assign(new EventTarget(), { hidden: true })
  Object.assign(globalThis, { document: page })
  t.teardown(() => Reflect.deleteProperty(globalThis, 'document'))
  const turn = (hidden: boolean) => {
    page.hidden = hidden
    page.dispatchEvent(new Event('visibilitychange'))
  }
  const states: string[] = []
  let calls = 0
  const stop = client.live('launch', () => calls++, { pauseWhenHidden: true, onState: (now) => states.push(now) })
  await waitFor(() => states.at(-1) === 'hidden')
  t.equal(state.asked, 0)
  turn(false)
  await waitFor(() => calls === 1)
  turn(true)
  await waitFor(() => listeners[0]?.destroyed === true)
  turn(false)
  await waitFor(() => calls === 2)
  stop()
  await waitFor(() => listeners[1]?.destroyed === true)
  t.strictSame(states, ['hidden', 'watching', 'hidden', 'watching'])
})

test('a change names prizes and what is not known, and nothing else moves', async (t) => {
  const before = campaignOf(1, wheel(3), sale('phone', 4))
  const after = applyChange(
    before,
    changeOf(1, 9, {
      id: 'wheel',
      kind: 'draw',
      paused: true,
      currentSession: null,
      nextOpensAt: null,
      remaining: 2,
      session: null,
      prizes: [{ id: 'first', remaining: 2 }]
    })
  )
  t.match(after?.activities, [{ paused: true, remaining: 2, prizes: [{ remaining: 2, title: 'First' }] }])
  t.equal(after?.activities.length, 1, 'what a change no longer names is no longer seen')
  t.equal(applyChange(before, changeOf(2, 9)), undefined)
  t.equal(applyChange(before, changeOf(1, 9, leftOf('bag', 1))), undefined)
})

test('a notice comes in the language of the titles, in the other one where it has no other, and goes again', async (t) => {
  const notice = { en: 'Back at ten', 'zh-CN': '十点恢复' }
  const told = (said: object, language?: string) =>
    applyChange(campaignOf(1), { ...changeOf(1, 9), notice: said }, language)
  t.equal(told(notice, 'en')?.notice, 'Back at ten')
  t.equal(told(notice, 'zh-CN')?.notice, '十点恢复')
  t.equal(told({ 'zh-CN': '十点恢复' }, 'en')?.notice, '十点恢复')
  const before = { ...campaignOf(1), notice: 'Back at ten' }
  t.notOk('notice' in (applyChange(before, changeOf(1, 9)) ?? before))
})

test('messages are whole however a stream is cut', async () => {
  const data = fc.string({ unit: fc.constantFrom('a', '"', ':', ' ', '}', '中') })
  const message = fc.record({ event: fc.constantFrom('snapshot', 'change'), data })
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat({ max: 30 })), fc.boolean(), (messages, cuts, crlf) => {
      const end = crlf ? '\r\n' : '\n'
      const text = messages.map((one) => [`event: ${one.event}`, `data: ${one.data}`, '', ''].join(end)).join(end + end)
      const parse = createParser()
      const read = []
      let at = 0
      for (const length of [...cuts, text.length]) {
        read.push(...parse(text.slice(at, at + length)))
        at += length
      }
      const told = read.filter((one) => one.event !== 'message')
      return JSON.stringify(told) === JSON.stringify(messages)
    })
  )
})

test('the clock is set by the shortest round trip, and counts down to an opening', async (t) => {
  let now = 1000
  const offset = 5000
  const trips = [400, 20, 200]
  const client = createClient({
    baseUrl: 'http://gateway',
    now: () => now,
    sleep: async (ms) => {
      now += ms
      await Promise.resolve()
    },
    fetch: async () => {
      const trip = trips.shift() ?? 0
      now += trip / 2
      const serverTime = new Date(now + offset).toISOString()
      now += trip / 2
      return Response.json({ serverTime })
    }
  })
  const clock = await client.clock()
  t.equal(clock.offsetMs, offset)
  t.equal(clock.errorMs, 10)
  t.equal(clock.now(), now + offset)
  const opensAt = new Date(clock.now() + 2300).toISOString()
  t.equal(clock.until(opensAt), 2300)
  const left: number[] = []
  clock.countdown(opensAt, (ms) => left.push(ms))
  await waitFor(() => left.at(-1) === 0)
  t.strictSame(left, [2300, 2000, 1000, 0])
  const stop = clock.countdown(new Date(clock.now() + 5000).toISOString(), () => {
    left.push(-1)
    stop()
  })
  await waitFor(() => left.at(-1) === -1)
  t.strictSame(left, [2300, 2000, 1000, 0, -1])
})
