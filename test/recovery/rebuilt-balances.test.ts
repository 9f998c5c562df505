import t from 'tap'
import { scopeKey } from '../../src/record/keys.ts'
import { Sample, verify } from '../../src/recovery/open/verify.ts'
import { readDecisions, readStock } from '../../src/store/projection/restore.ts'
import { readBalances } from '../../src/store/reading/ledger.ts'
import { readShard } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import {
  type ActivitySpec,
  changeWin,
  credit,
  openActivity,
  pointsWheel,
  takePart
} from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, readFolded, type Shop, winsHeld } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

const wheel = pointsWheel(4, { memory: '1' })
const checkIn: ActivitySpec = {
  campaign: 'c',
  activity: 'check-in',
  kind: 'task',
  rules: { per: 'day', per_day: '1', reward: 'points b:points 5 0 0,chances:wheel ch:c/wheel 2 3 0' }
}
const users = ['ann', 'ben', 'cem', 'dan']

/** A draw and a task in which everybody took part; the first prizes were claimed or revoked. */
async function busyFair(): Promise<Shop> {
  const shop = await openShop(t, urls)
  const { gate } = shop
  for (const activity of [wheel, checkIn]) decisionOf(await gate.submit(openActivity(activity)))
  for (const user of users) {
    decisionOf(await gate.submit(credit(user, 'b:points', 500)))
    decisionOf(await gate.submit(takePart(checkIn, user)))
    for (let spin = 0; spin < 8; spin += 1) {
      decisionOf(await gate.submit(takePart(wheel, user, { key: `u:spin-${spin}`, random: `${user} ${spin}` })))
    }
    for (const [index, win] of (await winsHeld(shop, user)).entries()) {
      const change = index % 2 === 0 ? 'revoke' : 'claim'
      if (change === 'revoke' || win.status === 'won')
        await gate.submit(changeWin(wheel, change, { user, win: win.id }))
    }
  }
  return shop
}

async function reopened(shop: Shop, how: () => Promise<unknown>): Promise<void> {
  const before = await readShard(shop.core.pool, shop.shard)
  await how()
  await waitFor(
    async () => {
      const row = await readShard(shop.core.pool, shop.shard)
      return row?.state === 'open' && row.epoch > (before?.epoch ?? 0)
    },
    { what: 'the shard to be opened again' }
  )
}

t.test('wins, balances, chances and the memory of a draw come back as they were', async (t) => {
  const shop = await busyFair()
  const { gate, redis, prefix } = shop
  await assertWhole(t, shop)
  const all = () => Promise.all(users.map((user) => readFolded(shop, `u:${user}`)))
  const wins = () => Promise.all(users.map((user) => winsHeld(shop, user)))
  const [before, won] = [await all(), await wins()]
  t.ok(won.flat().length > 4)
  await reopened(shop, async () => {
    const keys = await redis.keys(`${prefix.replace('{', '\\{').replace('}', '\\}')}*`)
    await redis.unlink(...keys)
  })
  const answers = () =>
    gate.winsOf('ann').then(
      () => true,
      () => false
    )
  await waitFor(answers, { what: 'the gate to know the new opening' })
  const nulls = (hashes: Array<Record<string, string>>) =>
    hashes.map((hash) => Object.fromEntries(Object.entries(hash).filter(([, value]) => value !== '0')))
  t.same(nulls(await all()), nulls(before))
  await assertWhole(t, shop)
  t.same(await wins(), won)
  const again = await gate.submit(takePart(wheel, 'ann', { key: 'u:spin-3', random: 'ann 3' }))
  t.match(again, { kind: 'confirmed', replayed: true })
  decisionOf(await gate.submit(takePart(wheel, 'ann', { key: 'u:spin-9', random: 'ann 9' })))
  await assertWhole(t, shop)
})

t.test('a balance that is summed otherwise, or a hash written wrong, keeps the shard shut', async (t) => {
  const shop = await busyFair()
  const { redis, prefix, shard } = shop
  const { pool } = shop.core
  await atRest(shop)
  await shop.stopWorker()
  // as it is right after a recovery wrote Redis
  await redis.unlink(`${prefix}outbox`, `${prefix}origin`, `${prefix}base`)
  const sample = new Sample()
  const keys = new Set<string>()
  for await (const page of readDecisions(pool, shard)) {
    for (const decision of page) {
      sample.add(decision)
      for (const scope of ['u', ...Object.keys({ ...decision.adds, ...decision.puts })])
        keys.add(scopeKey(scope, decision))
    }
  }
  const check = async () => {
    const summed = { stock: await readStock(pool, shard), balances: readBalances(pool, shard) }
    return verify({ redis, prefix }, { hashes: keys.size, sample }, summed)
  }
  await check()
  const wrongs = [
    [
      "update balances set balance = balance + 1 where user_id = 'ben' and unit = 'points'",
      /points of ben in "" are \d+ /
    ],
    [
      `update balances set balance = balance + case user_id when 'ann' then 1 else -1 end
       where user_id in ('ann', 'ben') and unit = 'points'`,
      /2 places/
    ],
    [
      "delete from balances where user_id = 'cem' and unit = 'chances:wheel'",
      /all balances ch:c\/wheel together are \d+ by the decisions/
    ],
    ["insert into balances values ('eve', '', 'points', 0, 5)", /points of eve/]
  ] as const
  for (const [sql, message] of wrongs) {
    await pool.query('create table saved as table balances')
    await pool.query(sql)
    await t.rejects(check(), message)
    await pool.query('truncate balances')
    await pool.query('insert into balances table saved')
    await pool.query('drop table saved')
  }
  await check()
  const [key = ''] = [...sample.hashes.keys()]
  await redis.hset(prefix + key, 'something', '1')
  await t.rejects(check(), /in Redis is not what was folded/)
  await redis.hdel(prefix + key, 'something')

  await pool.query("update balances set balance = balance + 1 where user_id = 'ben' and unit = 'points'")
  const epoch = async () => (await readShard(pool, shard))?.epoch ?? 0
  const first = await epoch()
  shop.core.worker()
  await waitFor(async () => (await epoch()) > first + 1, { what: 'a second attempt' })
  t.equal((await readShard(pool, shard))?.state, 'closed')
})
