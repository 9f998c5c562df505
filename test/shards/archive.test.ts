import t from 'tap'
import { archiveParts } from '../../src/store/campaigns/archives.ts'
import { sharedServers } from '../support/servers/servers.ts'
import {
  askFor,
  makeFinal,
  openArchiveShop,
  openCampaign,
  takePart,
  untilArchived
} from '../support/shop/archive-shop.ts'

const urls = await sharedServers(t)
const env = { ...urls.env, SHARDS: '2' }

t.test('each shard does its part of an archive, and the last one closes it', async (t) => {
  const shop = await openArchiveShop(t, { ...urls, env })
  const { pool, config } = shop.core
  const id = 'past'
  await openCampaign(shop, id)
  const users = Array.from({ length: 40 }, (_, nth) => `user-${nth}`)
  await takePart(shop, id, users)
  await makeFinal(shop, id)
  await askFor(shop, id)
  await untilArchived(shop, id)
  const parts = await archiveParts(pool, id)
  t.same(
    parts.map(({ shard }) => shard),
    [0, 1]
  )
  t.equal(
    parts.reduce((sum, part) => sum + part.users, 0),
    users.length,
    'each user leaves one of them'
  )
  for (const { step, users: own } of parts) {
    t.match(step, /^(?:forgetting|done)$/)
    t.ok(own > 0)
  }
  const keys = await shop.redis.keys(`${config.NAMESPACE}:*`)
  const left = keys.filter((key) => /:[cas]:|:u:/.test(key) && !key.endsWith(':u:$system'))
  t.same(left.map((key) => key.slice(key.lastIndexOf(':') + 1)).sort(), users.slice(0, 3), 'points of accounts stay')
  const { rows } = await pool.query(
    `select 1 from decisions where campaign_id = $1 and not starts_with(key, 'x:arc:')`,
    [id]
  )
  t.same(rows, [])
})
