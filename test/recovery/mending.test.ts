import t from 'tap'
import { readShard, requestReopening } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { insist } from '../support/shop/core.ts'
import { differences, openScripts, repaired } from '../support/shop/forgetting.ts'
import { credit } from '../support/shop/participation.ts'
import { assertWhole, atRest, bought, decisionOf, openShop, readFolded, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

async function reopen(shop: Shop): Promise<number> {
  const before = await readShard(shop.core.pool, shop.shard)
  await requestReopening(shop.core.pool, shop.shard)
  let epoch = 0
  await waitFor(
    async () => {
      const row = await readShard(shop.core.pool, shop.shard)
      epoch = row?.epoch ?? 0
      return row?.state === 'open' && epoch > (before?.epoch ?? 0)
    },
    { what: 'the shard to be opened again' }
  )
  return epoch
}

t.test(
  'hashes that somebody else wrote are mended after a reopening, or go where nobody decided, the others are left alone',
  async (t) => {
    const shop = await openShop(t, urls, { stock: 100 })
    const { redis, prefix } = shop
    const users = ['ann', 'ben', 'cem', 'dan', 'eve']
    for (const user of users) {
      await bought(shop, user)
      decisionOf(await insist(() => shop.gate.submit(credit(user, 'b:points', 500))))
    }
    await atRest(shop)
    const before = await Promise.all(users.map((user) => readFolded(shop, `u:${user}`)))
    await redis.hset(`${prefix}u:ann`, 'b:points', '1000000', 'e:c/vip', '1')
    await redis.hdel(`${prefix}u:ben`, 'u:key-of-ben')
    await redis.unlink(`${prefix}u:cem`)
    await redis.set(`${prefix}u:dan`, 'no hash')
    await redis.hset(`${prefix}u:nobody`, 'b:points', '5', 'd', '1', 'u:key', 'h;1;1;1;x;1;;', 'q:0', 'u:key')
    // a rebuild would not keep it
    await redis.hset(`${prefix}u:eve`, 'q:250', 'u:mark')
    const epoch = await reopen(shop)
    const now = () => Promise.all(users.map((user) => readFolded(shop, `u:${user}`).catch(() => ({}))))
    const isMended = async () => {
      const found = await now()
      const isGone = (await redis.exists(`${prefix}u:nobody`)) === 0
      return isGone && found.every((hash, index) => sorted(hash) === sorted(before[index] ?? {}))
    }
    await waitFor(isMended, { what: 'the hashes to be what was decided' })
    t.equal((await readShard(shop.core.pool, shop.shard))?.epoch, epoch, 'without another opening')
    t.equal(await redis.hget(`${prefix}u:eve`, 'q:250'), 'u:mark')
    await bought(shop, 'fay')
    await assertWhole(t, shop)
  }
)

t.test('a hash is mended until it is right, whatever happens to it meanwhile', async (t) => {
  const shop = await openShop(t, urls, { stock: 100 })
  const { redis, prefix } = shop
  await bought(shop, 'ann')
  await atRest(shop)
  await redis.hset(`${prefix}u:ann`, 'b:points', '1000000')
  const scripts = await openScripts(shop)
  let written = 0
  const late: Pick<typeof scripts, 'repair'> = {
    repair: async (...asked) => {
      const isWritten = await scripts.repair(...asked)
      written += 1
      // as where an archive had taken this away since the hash was read
      if (written === 1) await redis.hset(`${prefix}u:ann`, 'n:gone', '1')
      return isWritten
    }
  }
  t.same(await repaired(shop, ['ann'], late), [])
  t.equal(await redis.hget(`${prefix}u:ann`, 'n:gone'), null)
  t.same(await differences(shop), [])
})

t.test('where the number of decisions is mended, the newest are found by it again', async (t) => {
  const shop = await openShop(t, urls, { stock: 100 })
  const { redis, prefix } = shop
  await bought(shop, 'ann')
  decisionOf(await insist(() => shop.gate.submit(credit('ann', 'b:points', 500))))
  await atRest(shop)
  const user = `${prefix}u:ann`
  const [first = '', second = ''] = await redis.hmget(user, 'q:1', 'q:2')
  // as if this Redis had forgotten five more, and somebody wrote another number then
  await redis.hdel(user, 'q:1', 'q:2')
  await redis.hset(user, { d: '9', f: '5', 'q:6': first ?? '', 'q:7': second ?? '' })
  t.same(await repaired(shop, ['ann'], await openScripts(shop)), [])
  t.same(await redis.hmget(user, 'd', 'f', 'q:1', 'q:2', 'q:6', 'q:7'), ['2', null, first, second, null, null])
  t.same(await differences(shop), [])
})

t.test('rules or stock that somebody else wrote end in a Redis that is written anew', async (t) => {
  const shop = await openShop(t, urls, { stock: 100 })
  const { redis, prefix } = shop
  await bought(shop, 'ann')
  await atRest(shop)
  for (const [key, field] of [
    ['a:c:s', 'price'],
    ['s:c:s', 'am:remaining']
  ] as const) {
    const right = await redis.hget(prefix + key, field)
    await redis.hset(prefix + key, field, '1')
    await reopen(shop)
    const isRight = async () => (await redis.hget(prefix + key, field)) === right
    await waitFor(isRight, { what: `${key} ${field} to be ${right} again` })
  }
  await bought(shop, 'ben')
  await assertWhole(t, shop)
})

function sorted(hash: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(hash).sort())
}
