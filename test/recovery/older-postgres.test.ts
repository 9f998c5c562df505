import t from 'tap'
import { readShard, requestReopening } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { assertWhole, atRest, bought, decisionOf, openShop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

const openedAfter = (epoch: number, shop: Awaited<ReturnType<typeof openShop>>) =>
  waitFor(
    async () => {
      const row = await readShard(shop.core.pool, shop.shard)
      return row?.state === 'open' && row.epoch > epoch
    },
    { what: 'the shard to be opened again' }
  )

t.test('a Postgres that was restored from a backup reads the streams that it knows nothing of', async (t) => {
  const shop = await openShop(t, urls, { stock: 100 })
  const { pool } = shop.core
  await bought(shop, 'ann')
  await atRest(shop)
  const backup = await readShard(pool, shop.shard)
  const first = backup?.epoch ?? 0
  await requestReopening(pool, shop.shard)
  await openedAfter(first, shop)
  const order = await bought(shop, 'ben')
  await atRest(shop)
  const second = (await readShard(pool, shop.shard))?.epoch ?? 0
  await shop.stopWorker()

  // as it was at the time of the backup
  for (const table of ['decisions', 'frames', 'orders', 'openings'])
    await pool.query(`delete from ${table} where epoch = $1`, [second])
  await pool.query("update stock set remaining = remaining + 1, held = held - 1 where campaign_id = 'c'")
  await pool.query(
    `update shards set epoch = $2, state = 'open', shas = $3, replid = $4, position_epoch = $5, position_sequence = $6 where shard = $1`,
    [shop.shard, first, JSON.stringify(backup?.shas), backup?.replid, backup?.position.epoch, backup?.position.sequence]
  )
  shop.core.worker()
  await openedAfter(second, shop)
  const again = await insist(() => shop.gate.submit(buy(shop.sale, 'ben')))
  t.match(again, { kind: 'confirmed', replayed: true })
  t.equal(decisionOf(again).order?.id, order, 'what was confirmed since the backup still stands')
  await bought(shop, 'cem')
  await assertWhole(t, shop)
})
