import t from 'tap'
import { streamNames } from '../../src/journal/subjects.ts'
import type { Difference } from '../../src/recovery/compare/compare.ts'
import { type Reconciliation, reconcile } from '../../src/recovery/compare/reconcile.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy } from '../support/shop/core.ts'
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

t.test('a shard that is closed is not compared', async (t) => {
  const shop = await openShop(t, urls)
  await shop.stopWorker()
  await shop.redis.hset(`${shop.prefix}shard`, 'open', '0')
  await t.rejects(reconciled(shop), { message: /closed or being opened/ })
  await waitFor(async () => (await shop.gate.submit(buy(shop.sale, 'ann'))).kind === 'unavailable')
})
