import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { sharedServers } from '../support/servers/servers.ts'
import { MINUTE, OPENS, startReminders } from '../support/shop/reminded.ts'

const USERS = Number(process.env.FLOODGATE_TEST_REMINDERS ?? 100_000)

// what is held, without what only waits to be collected
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heldBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}

const urls = await sharedServers(t)

t.test(`${USERS} users are told once each, in bounded memory`, { timeout: 900_000 }, async (t) => {
  const { state, driver, reserve, stored, counts } = await startReminders(t, urls)
  for (let part = 0; part < USERS / 50_000; part += 1) await reserve(`u${part}-`, { count: Math.min(50_000, USERS) })
  const reminders = driver()
  state.now = OPENS.am - 11 * MINUTE
  await reminders.step()
  const before = heldBytes()
  let most = 0
  const started = performance.now()
  for (let second = 1; second <= 60; second += 1) {
    state.now = OPENS.am - 11 * MINUTE + second * 1000
    // a step takes a second at most, so a slow machine needs several
    while ((await reminders.step()) > 0);
    if (second % 10 === 0) most = Math.max(most, heldBytes())
  }
  const seconds = (performance.now() - started) / 1000
  t.comment(`told in ${seconds.toFixed(1)} s, ${Math.round(USERS / seconds)}/s`)
  t.same(await counts(), { told: USERS, missed: 0, withheld: 0 })
  t.equal(await stored(), USERS)
  t.ok(most - before < 20 * 1024 ** 2, `${Math.round((most - before) / 1024 ** 2)} MB more at most`)
})
