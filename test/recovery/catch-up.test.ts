import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { readShard, requestReopening } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { credit, openActivity, pointsWheel, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, bought, decisionOf, openShop, rawCall, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)
const wheel = pointsWheel(50)

interface Logged {
  readonly step?: string
  readonly reason?: string
}

/** A shop with a sale and a draw, and what its recoveries log. */
async function openLoggedShop(t: Test): Promise<Shop & { readonly logged: Logged[] }> {
  const logged: Logged[] = []
  const log = new Writable({
    write(line, _encoding, done) {
      logged.push(JSON.parse(String(line)) as Logged)
      done()
    }
  })
  const shop = await openShop(t, urls, { stock: 100, log })
  decisionOf(await shop.gate.submit(openActivity(wheel)))
  return { ...shop, logged }
}

/** Each buys, is given points, and spins twice. */
async function live(shop: Shop, users: readonly string[]): Promise<void> {
  for (const user of users) {
    await bought(shop, user)
    decisionOf(await insist(() => shop.gate.submit(credit(user, 'b:points', 500))))
    for (const spin of [1, 2])
      decisionOf(
        await insist(() =>
          shop.gate.submit(takePart(wheel, user, { key: `u:spin-${spin}`, random: `${user} ${spin}` }))
        )
      )
  }
}

const pattern = ({ prefix }: Shop) => `${prefix.replace('{', '\\{').replace('}', '\\}')}*`

/** All keys of the shop's shard as Redis would copy them. */
async function copyOf(shop: Shop): Promise<Map<string, Buffer>> {
  const copy = new Map<string, Buffer>()
  for (const key of await shop.redis.keys(pattern(shop))) {
    const value = await shop.redis.dumpBuffer(key)
    if (value) copy.set(key, value)
  }
  return copy
}

/** Puts a copy in the place of what is there: a replica that lagged is promoted, or Redis starts on an old file. */
async function goBack(shop: Shop, copy: ReadonlyMap<string, Buffer>): Promise<void> {
  const transaction = shop.redis.multi()
  for (const key of await shop.redis.keys(pattern(shop))) transaction.unlink(key)
  for (const [key, value] of copy) transaction.restore(key, 0, value, 'REPLACE')
  await transaction.exec()
}

/** Asks for a reopening and waits for it. @returns what the recoveries did, the last one last */
async function reopen(shop: Shop & { readonly logged: Logged[] }): Promise<Logged[]> {
  const { pool } = shop.core
  const before = await readShard(pool, shop.shard)
  shop.logged.length = 0
  await requestReopening(pool, shop.shard)
  const isOpen = async () => {
    const row = await readShard(pool, shop.shard)
    return row?.state === 'open' && row.epoch > (before?.epoch ?? 0)
  }
  await waitFor(isOpen, { what: 'the shard to be opened again' })
  return shop.logged.filter(({ step }) => step === 'catching up' || step === 'writing Redis anew')
}

/** What is bought and spun afterwards stands on what was there before. */
async function goesOn(t: Test, shop: Shop, users: readonly string[]): Promise<void> {
  await assertWhole(t, shop)
  for (const user of users) {
    const again = await insist(() => shop.gate.submit(buy(shop.sale, user)))
    t.match(again, { kind: 'confirmed', replayed: true }, `the order of ${user} is known`)
  }
  await live(shop, ['new-1', 'new-2'])
  await assertWhole(t, shop)
}

const early = ['ann', 'ben']
const late = ['cem', 'dan', 'eve']

t.test('a shard that lost nothing is opened without writing anything anew', async (t) => {
  const shop = await openLoggedShop(t)
  await live(shop, early)
  await atRest(shop)
  // a field that no decision wrote would not outlive a rebuild
  await shop.redis.hset(`${shop.prefix}u:ann`, 'q:250', 'u:mark')
  t.match(await reopen(shop), [{ step: 'catching up' }])
  t.equal(await shop.redis.hget(`${shop.prefix}u:ann`, 'q:250'), 'u:mark')
  await goesOn(t, shop, early)
  t.match(await reopen(shop), [{ step: 'catching up' }], 'and again, on an opening of its own')
  await goesOn(t, shop, early)
})

t.test('a Redis that went back gets what it lacks, over several openings', async (t) => {
  const shop = await openLoggedShop(t)
  await live(shop, early)
  await atRest(shop)
  const copy = await copyOf(shop)
  await live(shop, late)
  await reopen(shop)
  await live(shop, ['fay'])
  await reopen(shop)
  await atRest(shop)
  await shop.stopWorker()
  await goBack(shop, copy)
  shop.logged.length = 0
  await requestReopening(shop.core.pool, shop.shard)
  shop.core.worker()
  await waitFor(async () => shop.logged.some(({ step }) => step === 'open'), { what: 'the shard to be open' })
  t.match(shop.logged.filter(({ step }) => step === 'catching up' || step === 'writing Redis anew').at(-1), {
    step: 'catching up'
  })
  await goesOn(t, shop, [...early, ...late, 'fay'])
})

t.test('what the outbox still holds is settled before anything is added', async (t) => {
  const shop = await openLoggedShop(t)
  await live(shop, early)
  await atRest(shop)
  await shop.stopWorker()
  const given = await rawCall(shop, [credit('ann', 'b:points', 7), credit('fay', 'b:points', 9)])
  t.match(given.replies, [{ kind: 'decided' }, { kind: 'decided' }])
  shop.logged.length = 0
  await requestReopening(shop.core.pool, shop.shard)
  shop.core.worker()
  await waitFor(async () => shop.logged.some(({ step }) => step === 'open'))
  t.ok(shop.logged.some(({ step }) => step === 'catching up'))
  await goesOn(t, shop, early)
})

t.test('Redis is written anew, with the reason, where it is no prefix of the truth', async (t) => {
  const shop = await openLoggedShop(t)
  await live(shop, early)
  await atRest(shop)
  const { pool } = shop.core
  const { prefix, redis, shard } = shop
  const wounds: ReadonlyArray<readonly [reason: RegExp, wound: () => Promise<unknown>]> = [
    [/no opening that is known/, () => redis.del(`${prefix}base`)],
    [/no opening that is known/, () => redis.unlink(`${prefix}outbox`)],
    [
      /no opening that is known/,
      // a worker of a version without bases closed the shard, deleted a part of it and died
      async () => {
        await pool.query('update shards set epoch = epoch + 1 where shard = $1', [shard])
        await redis.hincrby(`${prefix}shard`, 'epoch', 1)
        await redis.unlink(`${prefix}u:ann`)
      }
    ],
    [
      /does not know the opening/,
      () => pool.query("update openings set token = 'another' where shard = $1 and opened", [shard])
    ],
    [/does not know the opening/, () => pool.query('update openings set opened = false where shard = $1', [shard])],
    [
      /does not have all of them/,
      async () => {
        // decided, and lost before it was journaled
        const { frames } = await rawCall(shop, [buy(shop.sale, 'nobody')])
        for (const { entry } of frames.values()) await redis.xdel(`${prefix}outbox`, entry)
      }
    ],
    [/does not have all of them/, () => redis.hincrby(`${prefix}shard`, 'seq', 1)],
    [
      /layout 9/,
      async () => redis.set(`${prefix}base`, ((await redis.get(`${prefix}base`)) ?? '').replace(/;1;/, ';9;'))
    ],
    [
      /messages that are no frames/,
      async () => {
        const row = await readShard(pool, shard)
        const names = `${shop.core.config.NAMESPACE.toUpperCase()}_JOURNAL_${shard}_${row?.epoch}`
        await pool.query(
          "insert into dead_letters (shard, stream, sequence, reason, payload) values ($1, $2, 999999, 'planted', '')",
          [shard, names]
        )
      }
    ],
    [
      /were archived/,
      () => pool.query('update shards set floor_epoch = epoch, floor_sequence = 1000000 where shard = $1', [shard])
    ]
  ]
  let stop = shop.stopWorker
  for (const [reason, wound] of wounds) {
    await stop()
    await wound()
    shop.logged.length = 0
    await requestReopening(pool, shard)
    stop = shop.core.worker()
    await waitFor(async () => shop.logged.some(({ step }) => step === 'open'), { what: `the opening after ${reason}` })
    const [rebuilt] = shop.logged.filter(({ step }) => step === 'writing Redis anew')
    t.match(rebuilt?.reason ?? '', reason)
    await pool.query('update shards set floor_epoch = 0, floor_sequence = 0 where shard = $1', [shard])
    await bought(shop, `after-${wounds.findIndex(([, one]) => one === wound)}`)
    await assertWhole(t, shop)
  }
})

t.test(
  'an error in the middle of a page, or data that differ after it, end in data that are written anew',
  async (t) => {
    const shop = await openLoggedShop(t)
    await live(shop, early)
    await atRest(shop)
    const copy = await copyOf(shop)
    const [first = ''] = early
    let stop = shop.stopWorker
    for (const wound of [
      // a sum of a page meets a key of another type
      () => shop.redis.set(`${shop.prefix}u:${late[0]}`, 'no hash'),
      // a hash that the page adds to is not what was decided
      () => shop.redis.hincrby(`${shop.prefix}u:${first}`, 'b:points', 3)
    ]) {
      await live(shop, [...late, `more-${shop.logged.length}`])
      decisionOf(
        await insist(() => shop.gate.submit({ ...credit(first, 'b:points', 1), key: `x:op:${shop.logged.length}` }))
      )
      await atRest(shop)
      await stop()
      await goBack(shop, copy)
      await wound()
      shop.logged.length = 0
      await requestReopening(shop.core.pool, shop.shard)
      stop = shop.core.worker()
      await waitFor(async () => shop.logged.some(({ step }) => step === 'open'), { what: 'the shard to be open' })
      const done = shop.logged.filter(({ step }) => step === 'catching up' || step === 'writing Redis anew')
      t.match(done, [{ step: 'catching up' }, { step: 'writing Redis anew', reason: /no opening that is known/ }])
      await assertWhole(t, shop)
    }
  }
)
