import t from 'tap'
import { sharedServers } from '../support/servers/servers.ts'
import { atRest, bought, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

async function noted({ core, shard }: Shop): Promise<string[]> {
  const { rows } = await core.pool.query<{ place: string }>(
    `select concat_ws('/', campaign_id, activity_id, session_id) as place from opened_places where shard = $1 order by 1`,
    [shard]
  )
  return rows.map(({ place }) => place)
}

/** Another worker owns the shard. */
async function takenOver(shop: Shop): Promise<void> {
  const term = async () => {
    const { rows } = await shop.core.pool.query<{ term: number }>(
      'select owner_term::float8 as term from shards where shard = $1',
      [shop.shard]
    )
    return rows[0]?.term ?? 0
  }
  const before = await term()
  await shop.stopWorker()
  shop.core.worker()
  await waitFor(async () => (await term()) > before, { what: 'another worker to own the shard' })
}

async function deadLetters({ core }: Shop): Promise<number> {
  const { rows } = await core.pool.query<{ count: number }>('select count(*)::float8 as count from dead_letters')
  return rows[0]?.count ?? -1
}

t.test('what was opened stays known when the decisions that opened it have left', async (t) => {
  const shop = await openShop(t, urls)
  await bought(shop, 'ann')
  await atRest(shop)
  t.same(await noted(shop), ['c//', 'c/s/am'], 'stored with the decision')
  await shop.core.pool.query("delete from decisions where user_id = '$system'")
  await takenOver(shop)
  await bought(shop, 'ben')
  await atRest(shop)
  t.equal(await deadLetters(shop), 0)
})

t.test('a new owner notes what was opened under a version that noted nothing', async (t) => {
  const shop = await openShop(t, urls)
  await bought(shop, 'ann')
  await atRest(shop)
  await shop.core.pool.query('delete from opened_places')
  await takenOver(shop)
  await bought(shop, 'ben')
  await atRest(shop)
  t.same(await noted(shop), ['c//', 'c/s/am'])
  t.equal(await deadLetters(shop), 0)
})
