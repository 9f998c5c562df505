import { Writable } from 'node:stream'
import t from 'tap'
import { adjustActivity } from '../../src/campaign/change/adjust.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { MINUTE, OPENS, reservedCampaign, startReminders } from '../support/shop/reminded.ts'

const urls = await sharedServers(t)
const DUE = OPENS.am - 10 * MINUTE

type Told = Awaited<ReturnType<typeof startReminders>>

/** Steps once a second, as the clock of the test says. @returns how many were told */
async function tellFor(seconds: number, { state }: Pick<Told, 'state'>, reminders: ReturnType<Told['driver']>) {
  let told = await reminders.step()
  for (let second = 0; second < seconds; second += 1) {
    state.now += 1000
    told += await reminders.step()
  }
  return told
}

t.test('reminders are spread over the minute before they are due, each told once', async (t) => {
  const { state, driver, reserve, told, counts } = await startReminders(t, urls)
  const reminders = driver()
  await reserve('u', { count: 300 })
  state.now = DUE - MINUTE - 1
  t.equal(await reminders.step(), 0, 'not a moment too early')
  state.now += 1
  await reminders.step()
  const byPart: number[] = []
  for (let part = 1; part <= 6; part += 1) {
    state.now = DUE - MINUTE + part * 10_000
    byPart.push(await reminders.step())
  }
  t.equal(
    byPart.reduce((sum, count) => sum + count, 0),
    300,
    'all by the minute that was promised'
  )
  t.ok(
    byPart.every((count) => count >= 40 && count <= 60),
    `spread: ${byPart.join(' ')}`
  )
  for (const now of [DUE + MINUTE, OPENS.am, OPENS.am + 2 * MINUTE]) {
    state.now = now
    t.equal(await reminders.step(), 0)
  }
  const events = await told()
  t.equal(new Set(events.map(({ id }) => id)).size, 300)
  t.equal(events.length, 300)
  const [first] = events
  t.match(first, {
    id: /^reminder\.due:0-1-u\d+$/,
    type: 'floodgate.reminder.due',
    data: { campaign: 'launch', activity: 'remind', of: 'phone', session: 'am', opensAt: '2026-11-11T02:00:00.000Z' }
  })
  t.same(await counts(), { told: 300, missed: 0, withheld: 0 })
})

t.test('who reserves late is told at once, a session that is added later once more, all and one once', async (t) => {
  const { state, driver, reserve, told } = await startReminders(t, urls)
  const reminders = driver()
  await reserve('all', { session: '' })
  await reserve('both', {})
  await reserve('both-all', { session: '' })
  state.now = DUE - MINUTE
  await reminders.step()
  state.now = DUE
  t.equal(await reminders.step(), 3)
  state.now = DUE + 5 * MINUTE
  await reserve('late', { at: state.now })
  t.equal(await reminders.step(), 1, 'reserved five minutes before the opening: at once')
  state.now = OPENS.am - 1000
  await reserve('there', { at: state.now })
  t.equal(await reminders.step(), 0, 'who reserves in the last two seconds is there')
  t.same((await told()).map(({ id }) => id).sort(), [
    'reminder.due:0-1-all1',
    'reminder.due:0-1-both-all1',
    'reminder.due:0-1-both1',
    'reminder.due:0-1-late1'
  ])
  state.now = OPENS.am + MINUTE
  const at = (ms: number) => new Date(OPENS.am + ms).toISOString()
  const session = { id: 'noon', opensAt: at(120 * MINUTE), closesAt: at(130 * MINUTE), stock: 1 }
  const { rules } = state.campaign
  const added = adjustActivity(rules, { activity: 'phone', now: state.now }, { reason: 'more', session })
  state.campaign = reservedCampaign({ rules: added.ok ? added.rules : rules })
  state.now = OPENS.am + 110 * MINUTE
  t.equal(await tellFor(5, { state }, reminders), 2, 'of those who reserved all sessions')
  t.match((await told()).map(({ id, data }) => [id, data.session]).sort(), [
    ['reminder.due:0-1-all1:noon', 'noon'],
    ['reminder.due:0-1-both-all1:noon', 'noon']
  ])
})

t.test('a pause, an end and a disqualification withhold reminders', async (t) => {
  const { pool, state, driver, reserve, told, counts } = await startReminders(t, urls)
  const reminders = driver()
  await reserve('u', { count: 3 })
  await pool.query(
    `insert into decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id, session_id, entity,
       at, request, adds, puts, record, report)
     values (0, 1, 1, 1, 'user.disqualified', 'u1', 'x:adj:1', '', 'launch', '', '', '', now(), '{}', '{}', '{}', '', ''),
       (0, 1, 2, 1, 'user.disqualified', 'u2', 'x:adj:2', '', 'launch', '', '', '', now(), '{}', '{}', '{}', '', ''),
       (0, 1, 3, 1, 'user.requalified', 'u2', 'x:adj:3', '', 'launch', '', '', '', now(), '{}', '{}', '{}', '', '')`
  )
  state.now = DUE
  for (const paused of [{ paused: true }, { ended: true }]) {
    state.campaign = reservedCampaign(paused)
    t.equal(await reminders.step(), 0)
  }
  const { rules } = reservedCampaign()
  const shut = adjustActivity(rules, { activity: 'phone', now: state.now }, { reason: 'a test', paused: true })
  state.campaign = reservedCampaign({ rules: shut.ok ? shut.rules : rules })
  t.equal(await reminders.step(), 0, 'the sale is paused')
  state.campaign = reservedCampaign()
  t.equal(await tellFor(5, { state }, reminders), 2, 'resumed before the opening')
  t.same((await told()).map(({ data }) => data.user).sort(), ['u2', 'u3'], 'one was let in again')
  t.same(await counts(), { told: 2, missed: 0, withheld: 1 })
  await reserve('p', { session: 'pm', first: 'pm' })
  state.campaign = reservedCampaign({ paused: true })
  for (const now of [OPENS.pm - 5 * MINUTE, OPENS.pm + 1]) {
    state.now = now
    await reminders.step()
  }
  t.same(await counts(), { told: 2, missed: 0, withheld: 2 }, 'paused until it opened')
})

t.test('a driver that was away spreads the rest before the opening and tells nobody after it', async (t) => {
  let log = ''
  const write = (line: Buffer, _encoding: string, done: () => void) => {
    log += line
    done()
  }
  const lines = new Writable({ write })
  const { state, driver, reserve, told, counts, stored } = await startReminders(t, urls, { log: lines })
  await reserve('u', { count: 6000 })
  state.now = DUE - 5 * MINUTE
  await driver().step()
  const later = driver()
  state.now = OPENS.am - 2 * MINUTE
  const bySeconds: number[] = []
  for (let seconds = 0; seconds < 60; seconds += 2) {
    bySeconds.push(await later.step())
    state.now += 2000
  }
  t.ok(Math.max(...bySeconds) <= 300, `no step tells all at once: ${bySeconds.join(' ')}`)
  const sum = bySeconds.reduce((all, count) => all + count, 0)
  t.ok(sum > 2000 && sum < 6000, `half of the time, and not yet all: ${sum}`)
  // away again, until it is too late
  state.now = OPENS.am - 400
  t.equal(await later.step(), 0, 'what is on its way at the opening could arrive after it')
  state.now = OPENS.am
  t.equal(await later.step(), 0)
  t.equal(await stored(), sum)
  t.same(await counts(), { told: sum, missed: 6000 - sum, withheld: 0 })
  t.match(log, new RegExp(`REMINDERS_MISSED.*"missed":${6000 - sum}`))
  const opening = new Date(OPENS.am).toISOString()
  t.ok(
    (await told()).every(({ time }) => time < opening),
    'none after the opening'
  )
})
