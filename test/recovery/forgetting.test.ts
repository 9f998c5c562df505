import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { AdjustCommand } from '../../src/gate/batch/commands.ts'
import { readHash } from '../../src/gate/redis/state.ts'
import { isBefore } from '../../src/store/projection/forgetting.ts'
import { findDecision } from '../../src/store/reading/orders.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import {
  assertForgotten,
  copyOf,
  differences,
  foldAll,
  forget,
  forgetFolded,
  goBack,
  killed,
  type LoggedShop,
  openLoggedShop,
  places,
  reopen,
  repaired,
  wipe
} from '../support/shop/forgetting.ts'
import { credit } from '../support/shop/participation.ts'
import { atRest, decisionOf } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

/** A decision of a user under a key of a client. */
const asked = (user: string, key: string): AdjustCommand => ({ ...credit(user, 'b:points', 1), key: `u:${key}` })

/** @returns the decision's id, and whether it was decided before */
async function decide(shop: LoggedShop, user: string, key: string): Promise<{ id: string; replayed: boolean }> {
  const outcome = await insist(() => shop.gate.submit(asked(user, key)))
  return { id: decisionOf(outcome).id, replayed: outcome.kind === 'confirmed' && outcome.replayed === true }
}

/** Waits until the owner has gone on from Redis' own place. */
const caughtUp = (shop: LoggedShop) =>
  waitFor(async () => (({ redis, checkpoint }) => !isBefore(redis, checkpoint))(await places(shop)), {
    what: 'Redis to forget what the checkpoint has forgotten'
  })

/** A key is the one that decided last, as long as Redis has not forgotten that. */
async function assertDecides(
  t: Test,
  shop: LoggedShop,
  { user, key }: { readonly user: string; readonly key: string }
): Promise<void> {
  await atRest(shop)
  await caughtUp(shop)
  const known = await findDecision(shop.core.pool, user, `u:${key}`)
  const { redis } = await places(shop)
  const [, epoch = 0, sequence = 0] = (known?.id ?? '').split('-').map(Number)
  const isForgotten = known === undefined || !isBefore(redis, { epoch, sequence })
  const { id, replayed } = await decide(shop, user, key)
  t.equal(replayed, !isForgotten, `${key} of ${user} ${isForgotten ? 'is new' : 'is known'}`)
  t.equal(id === known?.id, !isForgotten)
}

t.test('what is forgotten is a new request, and everything else is as it was', async (t) => {
  const shop = await openLoggedShop(t, urls)
  await decide(shop, 'ann', 'one')
  await decide(shop, 'ben', 'one')
  await decide(shop, 'ann', 'two')
  t.equal(await forget(shop, 3), 3, 'the opening, and the first of each')
  await assertForgotten(t, shop)
  t.same(await differences(shop), [])
  const hash = await readHash(shop, 'u:ann')
  t.match(hash, { d: '2', f: '1' })
  t.notOk('u:one' in hash)
  t.match(await decide(shop, 'ann', 'two'), { replayed: true })
  t.match(await decide(shop, 'ann', 'one'), { replayed: false })
  t.match(await decide(shop, 'ann', 'one'), { replayed: true })
  await atRest(shop)
  t.equal((await shop.core.pool.query("select 1 from decisions where key = 'u:one' and user_id = 'ann'")).rowCount, 2)
  t.same(await reopen(shop), ['catching up'])
  await assertForgotten(t, shop)
  await wipe(shop)
  await assertForgotten(t, shop)
  const { redis, checkpoint } = await places(shop)
  t.same(redis, checkpoint)
  t.same(await differences(shop), [])
  t.same(
    shop.lines.filter(({ alarm }) => alarm !== undefined && alarm !== 'RECOVERY_WAITS'),
    []
  )
})

t.test('a worker that dies between the checkpoint and Redis, and a copy that is behind, do no harm', async (t) => {
  const shop = await openLoggedShop(t, urls)
  for (const key of ['one', 'two', 'three']) await decide(shop, 'ann', key)
  await atRest(shop)
  const copy = await copyOf(shop)
  await shop.stopWorker()
  await t.rejects(forget(shop, 3, killed), { message: 'killed' })
  const { redis, checkpoint } = await places(shop)
  t.ok(isBefore(redis, checkpoint), 'only the checkpoint has forgotten')
  t.match(await decide(shop, 'ann', 'one'), { replayed: true }, 'Redis still answers')
  t.same(await differences(shop), [], 'forgotten and still there is no difference')
  shop.core.worker()
  t.same(await reopen(shop), ['catching up'])
  t.same(await differences(shop), [])
  await caughtUp(shop)
  await assertForgotten(t, shop)
  t.match(await decide(shop, 'ann', 'one'), { replayed: false })
  await atRest(shop)
  await goBack(shop, copy)
  t.same(await differences(shop), [])
  t.match(await decide(shop, 'ann', 'one'), { replayed: true }, 'the second one, which the copy lacked')
  await caughtUp(shop)
  t.match((await readHash(shop, 'u:ann'))['u:one'], /./, 'the record of the second stays, when the first is forgotten')
  await assertForgotten(t, shop)
  await wipe(shop)
  await assertForgotten(t, shop)
  t.same(await differences(shop), [])
})

t.test('a user has as many decisions as are not forgotten, and the newest are found', async (t) => {
  const shop = await openLoggedShop(t, urls, { limits: { decisionsPerUser: 300 } })
  const many = (from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, at) => decide(shop, 'ann', `k${from + at}`)))
  await many(0, 300)
  const tooMany = { kind: 'refused', code: 'LIMIT_REACHED', members: { scope: 'requests' } }
  t.match(await shop.gate.submit(buy(shop.sale, 'ann')), tooMany)
  await atRest(shop)
  await foldAll(shop)
  await shop.stopWorker()
  const waiting = async () => (await shop.gate.unstoredOf('ann')).map(({ key }) => key)
  await decide(shop, 'ann', 'before')
  await forgetFolded(shop, 281)
  t.match(await readHash(shop, 'u:ann'), { d: '45', f: '24' }, '280 of 301')
  t.same(await waiting(), ['u:before'], 'no place of the ring shifted')
  const order = { kind: 'confirmed', replayed: false }
  t.match(await shop.gate.submit(buy(shop.sale, 'ann')), order, 'what is forgotten is no bound')
  for (const name of ['k0', 'new', 'k299', 'k1']) await decide(shop, 'ann', name)
  const all = ['u:k1', 'u:new', 'u:k0', 'u:key-of-ann', 'u:before']
  t.same(await waiting(), all, 'each once, the newest first, the replay not')
  shop.core.worker()
  await forget(shop)
  const counted = Object.keys(await readHash(shop, 'u:ann')).filter((field) => /^(?:[df]|q:.*)$/.test(field))
  t.same(counted, [], 'of whom all is forgotten nothing is counted')
  await assertForgotten(t, shop)
})

t.test('a row that is still worked off holds up its replay and all later ones', async (t) => {
  const shop = await openLoggedShop(t, urls)
  const { pool } = shop.core
  await decide(shop, 'ann', 'one')
  const line = { ...credit('ann', 'b:points', 5), key: 'x:imp:points:r1' }
  decisionOf(await insist(() => shop.gate.submit(line)))
  await decide(shop, 'ann', 'two')
  await atRest(shop)
  await shop.stopWorker()
  await pool.query(
    "insert into imports (unit, reference, user_id, amount, created_by) values ('points', 'r1', 'ann', 5, 'ops')"
  )
  t.equal(await forget(shop), 2, 'the opening, and the one before it')
  t.equal(await forget(shop), 0)
  t.match(await shop.gate.submit(line), { kind: 'confirmed', replayed: true }, 'its driver may ask again')
  await pool.query("update imports set state = 'applied', closed_at = now()")
  t.equal(await forget(shop), 2)
  await assertForgotten(t, shop)
  decisionOf(await insist(() => shop.gate.submit({ ...line, key: 'x:newer:1' })))
  await decide(shop, 'ann', 'three')
  shop.core.worker()
  t.equal(await forget(shop), 0, 'a field that only another version knows is left to it')
})

t.test('a hash that differs is not written anew between the checkpoint and Redis', async (t) => {
  const shop = await openLoggedShop(t, urls)
  for (const key of ['one', 'two', 'three']) await decide(shop, 'ann', key)
  await atRest(shop)
  await foldAll(shop)
  await shop.stopWorker()
  await t.rejects(forgetFolded(shop, 3, killed), { message: 'killed' })
  await shop.redis.hset(`${shop.prefix}u:ann`, 'b:points', '99')
  t.same(await repaired(shop, ['ann']), ['ann'], 'it would forget twice')
  await forgetFolded(shop, 3)
  t.same(await repaired(shop, ['ann']), [])
  t.match(await readHash(shop, 'u:ann'), { 'b:points': '3', 'u:three': /./ })
  await assertForgotten(t, shop)
})

t.test('whatever is decided, forgotten and opened again, Redis is what Postgres says', async (t) => {
  const shop = await openLoggedShop(t, urls)
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ user: fc.constantFrom('ann', 'ben'), key: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 4, arbitrary: fc.record({ forget: fc.integer({ min: 1, max: 5 }), dies: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constantFrom('reopen' as const, 'wipe' as const) }
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 14 }), async (steps) => {
      for (const each of steps) {
        if (each === 'reopen') await reopen(shop)
        else if (each === 'wipe') await wipe(shop)
        else if ('user' in each) await assertDecides(t, shop, each)
        else await forget(shop, each.forget, each.dies ? killed : undefined).catch(() => 0)
      }
      await assertForgotten(t, shop)
      t.same(await differences(shop), [])
    }),
    { numRuns: 8, endOnFailure: true }
  )
  t.notOk(shop.lines.some(({ alarm }) => alarm === 'KEY_DECIDED_TWICE'))
})
