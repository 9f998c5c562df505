import t, { type Test } from 'tap'
import { SYSTEM_USER } from '../../src/gate/batch/commands.ts'
import { manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { storedEnds } from '../../src/store/campaigns/settlements.ts'
import { readCheckpoint } from '../../src/store/projection/checkpoint.ts'
import { storedBatches } from '../../src/store/projection/frame-rows.ts'
import { KNOWS, readShard } from '../../src/store/shard/shards.ts'
import { FramePruner } from '../../src/worker/shard/frame-pruner.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { insist } from '../support/shop/core.ts'
import {
  copyOf,
  differences,
  forget,
  goBack,
  type LoggedShop,
  openLoggedShop,
  reopen,
  wipe
} from '../support/shop/forgetting.ts'
import { credit } from '../support/shop/participation.ts'
import { atRest, bought, decisionOf } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

async function parts(shop: LoggedShop) {
  const jsm = await manager(shop.connection)
  const names = streamNames(shop.core.config.NAMESPACE)
  const row = await readShard(shop.core.pool, shop.shard)
  const stream = names.journalStream(shop.shard, row?.epoch ?? 0)
  return { jsm, names, stream, epoch: row?.epoch ?? 0, ownerTerm: row?.ownerTerm ?? 0 }
}

/** Three users who bought and got points, each by a frame of their own, and one more at the end. */
async function live(shop: LoggedShop): Promise<void> {
  for (const user of ['ann', 'ben', 'cem']) {
    await bought(shop, user)
    decisionOf(await insist(() => shop.gate.submit({ ...credit(user, 'b:points', 5), key: `u:points-of-${user}` })))
  }
}

/** The rows of decisions leave, as those of an archived campaign do: below the checkpoint, and noted as the floor. */
async function archive(shop: LoggedShop, from: number): Promise<void> {
  const { pool } = shop.core
  await forget(shop)
  const { epoch, sequence } = await readCheckpoint(pool, shop.shard)
  await pool.query('update shards set floor_epoch = $2, floor_sequence = $3 where shard = $1', [
    shop.shard,
    epoch,
    sequence
  ])
  await pool.query('delete from decisions where epoch = $1 and sequence between $2 and $3', [epoch, from, sequence])
}

async function batches(shop: LoggedShop): Promise<number[]> {
  const { rows } = await shop.core.pool.query<{ batch: number }>('select batch from frames order by epoch, batch')
  return rows.map(({ batch }) => batch)
}

/** What Postgres sums, by which a frame that is stored twice would show. */
async function sums({ core }: LoggedShop): Promise<unknown> {
  const read = async (text: string) => (await core.pool.query(text)).rows as unknown[]
  return [
    await read('select remaining, held, paid from stock'),
    await read('select user_id, balance from balances order by user_id'),
    await read('select count(*) from decisions'),
    await read('select count(*) from dead_letters')
  ]
}

async function pruned(shop: LoggedShop): Promise<number> {
  const pruner = new FramePruner({ ...shop, pool: shop.core.pool, ...(await parts(shop)) })
  return (await pruner.step()) + (await pruner.step())
}

t.test('rows of frames go once nothing else needs them, and first no older worker may own the shard', async (t) => {
  const shop = await openLoggedShop(t, urls)
  const { pool } = shop.core
  await live(shop)
  await atRest(shop)
  // it would look for such rows too
  await shop.stopWorker()
  const { jsm, stream, epoch, names, ownerTerm } = await parts(shop)
  const all = await batches(shop)
  const last = all.at(-1) ?? 0
  t.equal(await pruned(shop), 0, 'their decisions are there')
  await archive(shop, 2)
  t.equal(await pruned(shop), 0, 'their stretch of the stream is there')
  const { data } = await jsm.streams.getMessage(stream, { seq: 2 })
  await jsm.streams.purge(stream, { seq: last })
  const leastVersion = async () =>
    (await pool.query<{ least: number }>('select least_version as least from shards')).rows[0]?.least
  t.equal(await leastVersion(), 0)
  const pruner = new FramePruner({ pool, shard: shop.shard, jsm, names, ownerTerm })
  t.equal(await pruner.step(), 0)
  t.equal(await leastVersion(), KNOWS.framesGone)
  t.same(await batches(shop), all)
  t.equal(
    await new FramePruner({ pool, shard: shop.shard, jsm, names, ownerTerm: ownerTerm - 1 }).step(),
    0,
    'an owner that is none any more'
  )
  t.equal(await pruner.step(), last - 2)
  t.same(await batches(shop), [1, last], 'the first has a decision, the last a message')
  t.same((await storedBatches(pool, { shard: shop.shard, epoch, batches: [2, last, last + 1] })).sort(), [2, last])
  await assertUsable(t, shop, data)
})

t.test('rows of the last frames of an opening go too', async (t) => {
  const shop = await openLoggedShop(t, urls)
  await live(shop)
  await atRest(shop)
  await shop.stopWorker()
  await archive(shop, 2)
  // as where its owner had looked last before these were stored
  await shop.core.pool.query('update openings set complete_batch = 1, complete_sequence = 1')
  const { jsm, stream } = await parts(shop)
  await jsm.streams.purge(stream)
  await pruned(shop)
  t.same(await batches(shop), [1])
})

async function assertUsable(t: Test, shop: LoggedShop, copy: Uint8Array): Promise<void> {
  const { names, epoch } = await parts(shop)
  const before = await sums(shop)
  shop.core.worker()
  const js = shop.connection.nc.jetstream()
  const { seq } = await js.publish(names.journalSubject(shop.shard, epoch), copy, { msgID: 'a-second-copy' })
  const read = async () => ((await readShard(shop.core.pool, shop.shard))?.position.sequence ?? 0) >= seq
  await waitFor(read, { what: 'the second copy to be read' })
  t.same(await sums(shop), before, 'a second copy of what is gone is stored once')
  await bought(shop, 'dan')
  await atRest(shop)
  const { rows } = await shop.core.pool.query<{ key: string }>("select key from decisions where user_id = 'dan'")
  t.match(await storedEnds(shop.core.pool, 'dan', [rows[0]?.key ?? '']), [{ stored: true }])
  t.match(await storedEnds(shop.core.pool, SYSTEM_USER, ['x:adj:c/s']), [{ stored: true }])
  t.same(await reopen(shop), ['catching up'], 'the count of frames begins behind them')
  t.same(await differences(shop), [])
  await wipe(shop)
  t.same(await differences(shop), [])
}

t.test('what an old Redis kept of a lost journal is stored once, though its rows are gone', async (t) => {
  const shop = await openLoggedShop(t, urls)
  // they stay in kept while nobody stores them
  await shop.stopWorker()
  await live(shop)
  const copy = await copyOf(shop)
  const stop = shop.core.worker()
  await atRest(shop)
  await stop()
  await archive(shop, 2)
  const { jsm, stream } = await parts(shop)
  await jsm.streams.purge(stream)
  await pruned(shop)
  t.same(await batches(shop), [1])
  const before = await sums(shop)
  await jsm.streams.delete(stream)
  const back = goBack(shop, copy)
  const isClosed = async () => (await readShard(shop.core.pool, shop.shard))?.state === 'closed'
  await waitFor(isClosed, { what: 'Redis to hold the copy' })
  shop.lines.length = 0
  shop.core.worker()
  await back
  t.same(await sums(shop), before)
  t.ok(
    shop.lines.some(
      ({ frames, step }) => step === 'publishing again what Redis kept of the lost journal' && Number(frames) > 0
    )
  )
  t.same(await differences(shop), [])
  await bought(shop, 'dan')
})
