import t from 'tap'
import { findArchive } from '../../src/store/campaigns/archives.ts'
import { readDemands } from '../../src/store/shard/openings.ts'
import { ada } from '../campaign/at-the-gate.ts'
import { sharedServers } from '../support/servers/servers.ts'
import {
  askFor,
  assertGone,
  digestOf,
  makeFinal,
  openArchiveShop,
  openCampaign,
  takePart,
  untilArchived,
  userKeys
} from '../support/shop/archive-shop.ts'
import { copyOf, differences, goBack, wipe } from '../support/shop/forgetting.ts'
import { waitFor } from '../support/wait.ts'

const shop = await openArchiveShop(t, await sharedServers(t))
const { campaigns, core } = shop
const { pool } = core
const id = 'past'
/** of some of the same users, archived at the same time */
const beside = 'beside'
const users = Array.from({ length: 150 }, (_, nth) => `user-${nth}`)
const others = users.slice(100, 110)

const stepOf = async () => {
  const { archive, parts } = await campaigns.archiving(id)
  return archive.stopped ?? parts[0]?.step
}

await openCampaign(shop, id)
await openCampaign(shop, beside)
await openCampaign(shop, 'other')
await takePart(shop, id, users)
await takePart(shop, beside, users.slice(0, 40))
await takePart(shop, 'other', others)

t.test('a campaign that is not final is not archived', async (t) => {
  const asked = campaigns.archive({ id, sha256: '0'.repeat(64) }, ada)
  await t.rejects(asked, { code: 'CONFLICT', members: { waitsFor: [{ step: 'settlement' }] } })
  t.equal(await findArchive(pool, id), undefined)
  await t.rejects(campaigns.archiving(id), { code: 'NOT_FOUND' })
})

t.test('an archive whose file is another one stops, and changes nothing', async (t) => {
  await makeFinal(shop, id)
  await makeFinal(shop, beside)
  await campaigns.archive({ id, sha256: '0'.repeat(64) }, ada)
  await waitFor(async () => (await findArchive(pool, id))?.stopped !== null, { what: 'the archive to stop' })
  t.match(await stepOf(), new RegExp(await digestOf(shop, id)), 'it says which it would be')
  t.equal(await shop.redis.hget(`${shop.prefix}shard`, `gone:${id}`), null)
  t.same((await readDemands(pool, shop.shard)).floor, { epoch: 0, sequence: 0 })
})

t.test('a final campaign leaves Redis and the tables of what is live', async (t) => {
  const copy = await copyOf(shop)
  await askFor(shop, id)
  await askFor(shop, id)
  await askFor(shop, beside)
  await t.rejects(campaigns.archive({ id, sha256: '1'.repeat(64) }, ada), { code: 'CONFLICT' }, 'with another file')
  await t.rejects(campaigns.grant({ campaign: id, user: 'late', unit: 'points', amount: 1 }, ada), { code: 'CONFLICT' })
  await untilArchived(shop, id)
  await untilArchived(shop, beside)
  await assertGone(t, shop, { id, users })
  await assertGone(t, shop, { id: beside, users: users.slice(0, 40) })
  const known = await userKeys(shop)
  t.same(known, [...users.slice(0, 3), ...others].sort(), 'who has nothing else has no hash')
  t.same(await differences(shop), [])
  const { rows } = await pool.query(
    `select action, operator from audit where target = 'campaign:past' and action like 'campaign.archive%' order by audit_id desc limit 2`
  )
  t.same(rows, [
    { action: 'campaign.archived', operator: 'ada' },
    { action: 'campaign.archive', operator: 'ada' }
  ])
  const { campaign } = await campaigns.archive({ id, sha256: (await findArchive(pool, id))?.sha256 ?? '' }, ada)
  t.equal(campaign.archived, true, 'asked again it is archived')

  await takePart(shop, 'other', ['new'])
  await goBack(shop, copy)
  await assertGone(t, shop, { id, users })
  t.same(await differences(shop), [], 'a Redis of before is written anew')
  await wipe(shop)
  await assertGone(t, shop, { id, users })
  t.same(await differences(shop), [], 'and so is one that was wiped')
})

/** Every key of the shop in Redis with its fields, as far as they name a text. */
async function naming(text: string): Promise<string[]> {
  const found: string[] = []
  for (const key of await shop.redis.keys(`${shop.prefix}*`)) {
    if (key.includes(text)) found.push(key)
    if ((await shop.redis.type(key)) !== 'hash') continue
    for (const [field, value] of Object.entries(await shop.redis.hgetall(key)))
      if (field.includes(text) || value.includes(text)) found.push(`${key} ${field}`)
  }
  return found
}

t.test('the rows of its chain go once they are forgotten', async (t) => {
  await waitFor(async () => (await stepOf()) === 'done', { what: 'the chain to be forgotten', deadlineMs: 120_000 })
  const { rows } = await pool.query('select count(*)::int as left from decisions where campaign_id = $1', [id])
  t.same(rows, [{ left: 0 }])
  const isFree = async () => {
    const vacuumed = `select 1 from pg_stat_user_tables where relname in ('decisions', 'balances') and schemaname = current_schema() and vacuum_count > 0`
    return (await pool.query(vacuumed)).rowCount === 2
  }
  await waitFor(isFree, { what: 'the room of what has gone to be used again' })
  await wipe(shop)
  t.same(await differences(shop), [])
  const system = await shop.redis.hkeys(`${shop.prefix}u:$system`)
  t.same(
    system.filter((field) => field.startsWith('x:arc:')),
    []
  )
})

t.test('then Redis holds the balances of its users, and a word that it was there', async (t) => {
  const isDone = async () => (await campaigns.archiving(beside)).parts.every(({ step }) => step === 'done')
  await waitFor(isDone, { what: 'the chain beside it to be forgotten', deadlineMs: 120_000 })
  for (const user of users.slice(0, 3))
    t.same(await shop.redis.hgetall(`${shop.prefix}u:${user}`), { 'b:points': '14' })
  t.same(await naming(id), [`${shop.prefix}shard gone:${id}`])
  t.same(await naming(beside), [`${shop.prefix}shard gone:${beside}`])
})
