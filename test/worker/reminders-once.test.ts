import fc from 'fast-check'
import t from 'tap'
import type { Publisher } from '../../src/journal/publisher.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { MINUTE, OPENS, startReminders } from '../support/shop/reminded.ts'

const urls = await sharedServers(t)
const DUE = OPENS.am - 10 * MINUTE

/** What a worker that is killed leaves: of the page on its way some events are stored, any of them, and the place is not. */
function dyingPublisher(publisher: Publisher, stored: number): Publisher {
  return {
    ...publisher,
    async publishChain(events) {
      const some = events.filter((_, index) => (index * 7919) % events.length < stored)
      for (const event of some) await publisher.publish(event)
      throw new Error('killed')
    }
  }
}

t.test('each is told once, wherever workers die', async (t) => {
  const { state, driver, reserve, told, counts, publisher } = await startReminders(t, urls)
  await reserve('u', { count: 500 })
  state.now = DUE - MINUTE
  await driver().step()
  const random = fc.sample(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 8 })), 12)
  t.comment(JSON.stringify(random))
  for (const [dead, seconds] of random) {
    const alive = driver()
    for (let second = 0; second < seconds; second += 1) {
      await alive.step()
      state.now += 1000
    }
    const dying = driver({ publisher: dyingPublisher(publisher, dead) })
    await dying.step()
    state.now += 1000
    await t.rejects(dying.step(), /killed/)
  }
  const last = driver()
  while (((await counts())?.told ?? 0) < 500 && state.now < OPENS.am) {
    await last.step()
    state.now += 1000
  }
  const ids = (await told()).map(({ id }) => id)
  t.equal(ids.length, 500, 'nothing is stored twice')
  t.equal(new Set(ids).size, 500, 'nobody is left out')
  t.same(await counts(), { told: 500, missed: 0, withheld: 0 })
})

t.test('a worker that stood still and another one that took over count each reminder once', async (t) => {
  const { state, driver, reserve, stored, counts, publisher } = await startReminders(t, urls)
  await reserve('u', { count: 300 })
  state.now = DUE - MINUTE
  let goOn = () => {}
  const waited = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const still: Publisher = { ...publisher, publishChain: (events) => waited.then(() => publisher.publishChain(events)) }
  const former = driver({ publisher: still })
  await former.step()
  state.now += 20_000
  const standing = former.step()
  const next = driver()
  await next.step()
  state.now = DUE
  await next.step()
  goOn()
  await t.rejects(standing, { code: 'reminders-moved' })
  t.equal(await former.step(), 0, 'it looks at the place again and finds nothing left')
  t.equal(await stored(), 300)
  t.same(await counts(), { told: 300, missed: 0, withheld: 0 })
})

t.test('of a user who reserved a session and then all of them, one reservation reminds', async (t) => {
  const { state, driver, reserve, told } = await startReminders(t, urls)
  await reserve('u', { count: 2 })
  await reserve('u', { session: '', count: 3, part: 'all-' })
  state.now = DUE - MINUTE
  const reminders = driver()
  await reminders.step()
  state.now = DUE
  t.equal(await reminders.step(), 3)
  t.same((await told()).map(({ id, data }) => `${id} ${data.user}`).sort(), [
    'reminder.due:0-1-all-u3 u3',
    'reminder.due:0-1-u1 u1',
    'reminder.due:0-1-u2 u2'
  ])
})
