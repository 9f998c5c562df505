import Fastify from 'fastify'
import t, { type Test } from 'tap'
import type { Config } from '../../../src/config/config.ts'
import { registerRateLimits } from '../../../src/http/running/rate-limits.ts'
import { WindowStore } from '../../../src/http/running/window-store.ts'

/** requests a second */
const LIMIT = 5

async function limited(t: Test) {
  const app = Fastify()
  t.teardown(() => app.close())
  const config = { RATE_LIMIT_USER_PER_SECOND: 0, RATE_LIMIT_ADDRESS_PER_SECOND: LIMIT } as Config
  const { byAddress } = await registerRateLimits(app, config)
  app.get('/', async (request) => ({ waitMs: (await byAddress?.(request)) ?? null }))
  return app
}

t.test('of a burst that comes at once as many are served as the limit says', async (t) => {
  const app = await limited(t)
  const answers = await Promise.all(Array.from({ length: 12 }, () => app.inject('/')))
  const waits = answers.map((answer) => answer.json<{ waitMs: number | null }>().waitMs)
  // a machine that stands still for a second meanwhile begins a new window, and serves more
  t.ok(waits.filter((wait) => wait === null).length >= LIMIT, String(waits))
  for (const wait of waits) t.ok(wait === null || (wait > 0 && wait <= 1000))
})

t.test('counts are of one key and one window, and those that came longest ago are forgotten first', (t) => {
  const store = new WindowStore({ cache: 2 })
  const count = (key: string, windowMs = 3_600_000): number => {
    let counted = 0
    store.incr(
      key,
      (_error, result) => {
        counted = result?.current ?? 0
      },
      windowMs
    )
    return counted
  }
  t.same([count('a'), count('a'), count('b'), count('a')], [1, 2, 1, 3])
  t.equal(count('c'), 1)
  t.equal(count('a'), 4, 'b was forgotten')
  t.equal(count('b'), 1)
  t.equal(count('b', 0), 1, 'its window is over')
  t.equal(store.child({ cache: 2 }).constructor, WindowStore)
  t.end()
})
