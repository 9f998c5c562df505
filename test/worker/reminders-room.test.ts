import { Writable } from 'node:stream'
import { DiscardPolicy } from 'nats'
import t from 'tap'
import type { Publisher } from '../../src/journal/publisher.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { MINUTE, OPENS, startReminders } from '../support/shop/reminded.ts'

const urls = await sharedServers(t)
const DUE = OPENS.am - 10 * MINUTE

function logged(): { readonly log: Writable; readonly alarms: () => Array<Readonly<Record<string, unknown>>> } {
  let text = ''
  const write = (line: Buffer, _encoding: string, done: () => void) => {
    text += line
    done()
  }
  const alarms = () =>
    text
      .split('\n')
      .filter((line) => line.includes('"alarm"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { log: new Writable({ write }), alarms }
}

t.test('an alarm says before the first is told that reminders do not fit into the public stream', async (t) => {
  const { log, alarms } = logged()
  const { state, driver, reserve, stream, told } = await startReminders(t, urls, { log, streamBytes: 300_000 })
  await reserve('u', { count: 500 })
  state.now = DUE - 12 * MINUTE
  const reminders = driver()
  await reminders.step()
  t.same(alarms(), [], 'not a day before')
  state.now = DUE - 11 * MINUTE
  await reminders.step()
  await reminders.step()
  const session = { campaign: 'launch', activity: 'remind', session: 'am' }
  t.match(alarms(), [{ alarm: 'REMINDERS_ROOM', ...session, reminders: 500, most: 300_000 }])
  t.match(alarms()[0]?.msg, /cannot hold all/)
  // each is told all the same: readers that keep up get them
  await reserve('v')
  state.now = DUE - MINUTE
  await reminders.step()
  state.now = DUE - MINUTE + 20_000
  await reminders.step()
  const { state: after } = await stream()
  const bytes = Number(alarms()[0]?.bytes) / 500
  const each = after.bytes / after.messages
  t.ok(Math.abs(bytes - each) < 0.05 * each, `${bytes} bytes each were said, and it were ${each}`)
  t.ok((await told()).length > 100)
})

t.test(
  'a stream that refuses what does not fit keeps room for other events, and missed reminders are counted',
  async (t) => {
    const { log, alarms } = logged()
    const world = await startReminders(t, urls, { log, streamBytes: 300_000, discard: DiscardPolicy.New })
    const { state, driver, reserve, counts, stored, publisher, names } = world
    await reserve('u', { count: 1500 })
    state.now = DUE - MINUTE
    // the stream is looked at every two seconds of the process: each worker here looks anew
    for (let second = 0; second < 60; second += 2) {
      const reminders = driver()
      await reminders.step()
      state.now += 2000
      await reminders.step()
    }
    const before = await stored()
    t.ok(before > 200 && before < 500, `${before} stored`)
    const order = { subject: names.eventSubject('launch', 'order.created'), stream: names.publicStream }
    const answer = await publisher.publish({ ...order, id: 'an order', payload: '{}' })
    t.equal(answer.acked, true, 'an order is told')
    state.now = OPENS.am
    await driver().step()
    t.same(await counts(), { told: before, missed: 1500 - before, withheld: 0 })
    const last = alarms().at(-1)
    t.match(last, { alarm: 'REMINDERS_MISSED', campaign: 'launch', session: 'am', missed: 1500 - before })
  }
)

t.test('what a stream refuses or does not ack is told again until the session opens, and then counted', async (t) => {
  const { log, alarms } = logged()
  const { state, driver, reserve, counts, told, publisher } = await startReminders(t, urls, { log })
  await reserve('u', { count: 200 })
  state.now = DUE - MINUTE
  let taken = 0
  const full = { acked: false, reason: 'full' } as const
  const sparse: Publisher = {
    ...publisher,
    publishChain: async () => full,
    publish: (event) => (++taken % 50 === 0 ? Promise.resolve(full) : publisher.publish(event))
  }
  const reminders = driver({ publisher: sparse })
  await reminders.step()
  state.now = DUE
  t.equal(await reminders.step(), 49, 'those before the first that was refused')
  t.equal(await reminders.step(), 49, 'and then from that one on')
  t.same(await counts(), { told: 98, missed: 0, withheld: 0 })
  const away = driver({ publisher: { ...publisher, publishChain: async () => full, publish: async () => full } })
  for (let minute = 0; minute < 10; minute += 1) {
    t.equal(await away.step(), 0)
    state.now += MINUTE
  }
  await away.step()
  t.same(await counts(), { told: 98, missed: 102, withheld: 0 })
  t.match(alarms(), [{ alarm: 'REMINDERS_MISSED', missed: 102 }])
  t.equal(await away.step(), 0)
  t.equal(alarms().length, 1, 'said once')
  const opening = new Date(OPENS.am).toISOString()
  t.ok(
    (await told()).every(({ time }) => time < opening),
    'none after the opening'
  )
})
