import t from 'tap'
import { readShard } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { openLoggedShop } from '../support/shop/forgetting.ts'
import { credit } from '../support/shop/participation.ts'
import { assertWhole, atRest, bought, decisionOf } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

t.test(
  'an error while the gate writes closes the shard, and the next opening writes Redis anew with nothing lost',
  async (t) => {
    const shop = await openLoggedShop(t, urls, { stock: 100 })
    const { redis, prefix } = shop
    const { pool } = shop.core
    await bought(shop, 'ann')
    await atRest(shop)
    await shop.stopWorker()
    await bought(shop, 'ben')
    decisionOf(await insist(() => shop.gate.submit(credit('ann', 'b:points', 5))))
    const row = await readShard(pool, shop.shard)
    // Redis does not take the next frame: a stream only takes entries with a higher id
    const next = `${row?.epoch}-${Number(await redis.hget(`${prefix}shard`, 'batch')) + 1}`
    await redis.xadd(`${prefix}outbox`, next, 'f', 'not a frame')
    await redis.xdel(`${prefix}outbox`, next)
    t.match(await shop.gate.submit(buy(shop.sale, 'cem')), { kind: 'unavailable' })
    t.equal(await redis.hget(`${prefix}shard`, 'open'), '0')
    t.equal(await redis.exists(`${prefix}base`), 0, 'these data are no prefix any more')
    t.match(await shop.gate.submit(buy(shop.sale, 'dan')), { kind: 'unavailable' }, 'and nothing is decided on them')
    // what an error that comes later would have left
    await redis.hset(`${prefix}u:cem`, 'n:c', '1', 'd', '1')
    await redis.hincrby(`${prefix}s:c:s`, 'am:remaining', -1)
    shop.lines.length = 0
    shop.core.worker()
    const isOpen = async () => {
      const now = await readShard(pool, shop.shard)
      return now?.state === 'open' && now.epoch > (row?.epoch ?? 0)
    }
    await waitFor(isOpen, { what: 'the shard to be opened again' })
    t.match(
      shop.lines.filter(({ step }) => step === 'writing Redis anew'),
      [{ reason: 'the data in Redis belong to no opening that is known' }]
    )
    for (const user of ['cem', 'dan']) await bought(shop, user)
    await assertWhole(t, shop)
    const { rows } = await pool.query<{ user: string }>('select user_id as "user" from orders order by user_id')
    t.same(
      rows.map(({ user }) => user),
      ['ann', 'ben', 'cem', 'dan']
    )
  }
)
