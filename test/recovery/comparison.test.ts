import fc from 'fast-check'
import t from 'tap'
import { streamNames } from '../../src/journal/subjects.ts'
import { shardKeys } from '../../src/record/keys.ts'
import { compareUsers, type Difference } from '../../src/recovery/compare/compare.ts'
import { type Reconciliation, reconcile } from '../../src/recovery/compare/reconcile.ts'
import { foldedDecision } from '../../src/recovery/open/fold-users.ts'
import { insideUser } from '../../src/store/connection/user-name.ts'
import { nextUsers, type UserCursor } from '../../src/store/projection/users.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy } from '../support/shop/core.ts'
import { foldAll } from '../support/shop/forgetting.ts'
import { credit, openActivity, takePart } from '../support/shop/participation.ts'
import { atRest, bought, decisionOf, move, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

async function reconciled(shop: Shop): Promise<Reconciliation> {
  const { redis, prefix, connection, shard, core } = shop
  const jsm = await connection.nc.jetstreamManager()
  const names = streamNames(core.config.NAMESPACE)
  return reconcile({ redis, prefix, pool: core.pool, connection, jsm, names, shard })
}

const told = ({ differences }: Reconciliation): Array<Partial<Difference>> =>
  differences.map(({ kind, key, field, expected, found }) => ({ kind, key, field, expected, found }))

t.test('under load nothing differs, whatever is on its way', async (t) => {
  const shop = await openShop(t, urls, { stock: 100_000 })
  const wheel = {
    campaign: 'c',
    activity: 'wheel',
    kind: 'draw',
    rules: {
      cost_unit: 'points',
      cost_field: 'b:points',
      cost: '10',
      prizes: 'gift,thanks',
      weights: '0:1,1',
      fallback: 'thanks',
      'prize:gift': '1;points;1;0;0;0;5;points b:points 5 0 0;',
      'prize:thanks': '9;nothing;0;0;0;0;0;;'
    },
    stock: { gift: 500 }
  } as const
  decisionOf(await shop.gate.submit(openActivity(wheel)))
  let done = false
  let taken = 0
  const busy = Array.from({ length: 24 }, async (_, number) => {
    for (let turn = 0; !done; turn++) {
      const user = `u${number}-${turn % 7}`
      const order = await shop.gate.submit(buy(shop.sale, user, { key: `u:buy-${turn}` }))
      if (order.kind === 'confirmed' && turn % 3 === 0) {
        await shop.gate.submit(move(shop, 'cancel', { user, order: order.decision.order?.id ?? '' }))
      }
      await shop.gate.submit(credit(user, 'b:points', 10 + turn))
      await shop.gate.submit(takePart(wheel, user, { key: `u:spin-${turn}`, random: `${number}-${turn}` }))
      taken += 1
    }
  })
  // so many that the load is one, however slow the machine is
  for (let round = 0; round < 5 || taken <= 50; round++) {
    const found = await reconciled(shop)
    t.same(told(found), [], `round ${round}`)
  }
  done = true
  await Promise.all(busy)
  t.ok(taken > 50, `${taken} turns`)
  await atRest(shop)
  const found = await reconciled(shop)
  t.same(told(found), [])
  t.match(found, { stocks: 2 })
  t.ok(found.users > 20 && found.frames > 10, JSON.stringify({ ...found, differences: [] }))
})

t.test('a frame that is stored before an earlier one, of another gateway, is journaled is no difference', async () => {
  const frameOf = (batch: number, value: string) => ({
    v: 1 as const,
    shard: 0,
    epoch: 7,
    batch,
    at: batch,
    decisions: [
      {
        seq: 10 * batch,
        type: 'spin.lost',
        user: 'ann',
        key: `u:${batch}`,
        hash: 'h',
        campaign: 'c',
        activity: 'wheel',
        request: {},
        put: { u: { last: value } }
      }
    ]
  })
  const written = fc.array(fc.record({ value: fc.string({ minLength: 1 }), isStored: fc.boolean() }), { minLength: 1 })
  fc.assert(
    fc.property(written, (all) => {
      const frames = all.map(({ value, isStored }, index) => ({ frame: frameOf(index + 1, value), isStored }))
      const stored = frames.filter(({ isStored }) => isStored)
      const held = frames.filter(({ isStored }) => !isStored)
      const comparison = {
        shard: 0,
        prefix: '',
        snapshot: {
          epoch: 7,
          isOpen: true,
          batch: all.length,
          forgotten: { epoch: 0, sequence: 0 },
          held: held.map(({ frame }) => ({ frame, gives: [] })),
          hashes: new Map([['u:ann', { last: all.at(-1)?.value ?? '' }]])
        },
        begun: new Map<string, string>(),
        stored: stored.flatMap(({ frame }) => frame.decisions.map((decision) => foldedDecision(frame, decision))),
        storedBatches: new Set(stored.map(({ frame }) => frame.batch))
      }
      return compareUsers(comparison, ['ann']).every(({ field }) => field !== 'last')
    })
  )
})

t.test('while much waits for Postgres nothing is compared, because each comparison would read all of it', async (t) => {
  const shop = await openShop(t, urls)
  const { redis, prefix } = shop
  await bought(shop, 'ann')
  await atRest(shop)
  const [shardKey] = shardKeys(prefix)
  await redis.hincrby(shardKey, 'kept_bytes', 9 * 1024 ** 2)
  await t.rejects(reconciled(shop), { code: 'not-comparable', message: /bytes of frames for Postgres/ })
  await redis.hincrby(shardKey, 'kept_bytes', -9 * 1024 ** 2)
  t.same(told(await reconciled(shop)), [])
})

t.test('what was changed behind its back is named, with the decision that it is about', async (t) => {
  const shop = await openShop(t, urls)
  const { redis, prefix, core } = shop
  const order = await bought(shop, 'ann')
  await bought(shop, 'ben')
  const lost = await bought(shop, 'cat')
  await atRest(shop)
  t.same(told(await reconciled(shop)), [])

  await redis.hincrby(`${prefix}s:c:s`, 'am:remaining', 1)
  await redis.hset(`${prefix}u:ann`, 'n:c', '7')
  await redis.hdel(`${prefix}u:ben`, 'u:key-of-ben')
  await redis.hset(`${prefix}a:c:s`, 'price', '1')
  await redis.hset(`${prefix}u:ann`, 'e:c/vip', '1')
  const [shard, epoch, sequence] = lost.split('-')
  await core.pool.query(
    `with gone as (delete from decisions where shard = $1 and epoch = $2 and sequence = $3 returning batch)
     delete from frames using gone where frames.shard = $1 and frames.epoch = $2 and frames.batch = gone.batch`,
    [shard, epoch, sequence]
  )
  const { differences } = await reconciled(shop)
  const named = (key: string, field: string) => differences.find((one) => one.key === key && one.field === field)
  t.match(named('s:c:s', 'am:remaining'), { kind: 'stock', expected: '7', found: '8' })
  t.match(named('u:ann', 'n:c'), { kind: 'user', expected: '1', found: '7', id: order })
  t.match(named('u:ann', 'e:c/vip'), { expected: null, found: '1', id: '' })
  t.match(named('u:ben', 'u:key-of-ben'), { found: null })
  t.match(named('a:c:s', 'price'), { kind: 'rules', expected: '100', found: '1' })
  t.match(
    differences.filter(({ kind }) => kind === 'journal').map(({ id }) => id),
    [`0-${epoch}-${sequence}`]
  )
})

t.test('users whose decisions have left the table are compared too, and each user once', async (t) => {
  const shop = await openShop(t, urls, { stock: 100 })
  const { pool } = shop.core
  const gone = ['ann', insideUser('jörg|1') ?? '', 'zoe']
  const there = ['ben', insideUser('jörg|2') ?? '', 'yan']
  for (const user of [...gone, ...there]) await bought(shop, user)
  await atRest(shop)
  await foldAll(shop)
  await pool.query('delete from decisions where user_id = any($1)', [['ann', 'jörg|1', 'zoe']])
  await bought(shop, 'eve')
  await bought(shop, 'zoe', { key: 'u:again' })
  await atRest(shop)
  for (const most of [1, 2, 100]) {
    const met: string[] = []
    let cursor: UserCursor | undefined
    do {
      const page = await nextUsers(pool, { shard: shop.shard, prefix: 'u:', most }, cursor)
      t.ok(page.users.length <= most)
      met.push(...page.users)
      cursor = page.next
    } while (cursor)
    // who has a row of a decision that is younger than the checkpoint may be met twice
    t.same([...new Set(met)].sort(), ['$system', 'eve', ...gone, ...there].sort())
    t.same(met.filter((user) => user !== 'zoe' && user !== 'eve').length, 6)
  }
  t.match(await reconciled(shop), { differences: [] })
  await shop.redis.hset(`${shop.prefix}u:${gone[1]}`, 'n:c', '7')
  await shop.redis.unlink(`${shop.prefix}u:ann`)
  const differences = told(await reconciled(shop))
  t.match(
    differences.find(({ key }) => key === `u:${gone[1]}`),
    { field: 'n:c', expected: '1', found: '7' }
  )
  t.ok(differences.some(({ key, found }) => key === 'u:ann' && found === null))
  t.notOk(differences.some(({ key }) => key !== 'u:ann' && key !== `u:${gone[1]}`))
})

t.test('a shard that is closed is not compared', async (t) => {
  const shop = await openShop(t, urls)
  await shop.stopWorker()
  await shop.redis.hset(`${shop.prefix}shard`, 'open', '0')
  await t.rejects(reconciled(shop), { message: /closed or being opened/ })
  await waitFor(async () => (await shop.gate.submit(buy(shop.sale, 'ann'))).kind === 'unavailable')
})
