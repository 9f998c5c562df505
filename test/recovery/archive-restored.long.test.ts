import t from 'tap'
import { findArchive } from '../../src/store/campaigns/archives.ts'
import { sharedServers } from '../support/servers/servers.ts'
import {
  type ArchiveShop,
  askFor,
  assertGone,
  makeFinal,
  openArchiveShop,
  openCampaign,
  takePart,
  untilArchived
} from '../support/shop/archive-shop.ts'
import { differences } from '../support/shop/forgetting.ts'
import { waitFor } from '../support/wait.ts'

const PATIENT = { deadlineMs: 240_000 }
const id = 'past'
const users = Array.from({ length: 300 }, (_, nth) => `user-${nth}`)

/** Keeps all tables of a deployment as they are now. @returns what puts them back */
async function dumped({ core: { pool, config } }: ArchiveShop): Promise<() => Promise<void>> {
  const { rows } = await pool.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = $1 and tablename <> 'schemaversion' order by 1`,
    [config.NAMESPACE]
  )
  const names = rows.map(({ name }) => name)
  for (const name of names) await pool.query(`create unlogged table "dump_${name}" as table "${name}"`)
  return async () => {
    const client = await pool.connect()
    try {
      // no trigger, and no reference, as where a backup is restored
      await client.query("set session_replication_role = 'replica'")
      for (const name of names) {
        await client.query(`delete from "${name}"`)
        await client.query(`insert into "${name}" overriding system value select * from "dump_${name}"`)
      }
      await client.query('reset session_replication_role')
    } finally {
      client.release()
    }
  }
}

t.test('a Postgres of before an archive learns of it from the journal, and nothing is lost', async (t) => {
  const shop = await openArchiveShop(t, await sharedServers(t))
  const { pool } = shop.core
  for (const campaign of [id, 'other']) await openCampaign(shop, campaign)
  await takePart(shop, id, users)
  await takePart(shop, 'other', users.slice(0, 20))
  await makeFinal(shop, id)
  await shop.stopWorker()
  const putBack = await dumped(shop)
  await shop.nextWorker()
  await askFor(shop, id)
  await untilArchived(shop, id)
  await takePart(shop, 'other', ['since'])
  await shop.stopWorker()
  await putBack()
  t.equal(await findArchive(pool, id), undefined, 'Postgres knows nothing of it')
  await shop.nextWorker()
  const isStored = async () => (await pool.query(`select 1 from orders where user_id = 'since'`)).rows.length > 0
  await waitFor(isStored, { ...PATIENT, what: 'what came since to be stored again' })
  const agree = async () => (await differences(shop).catch(() => ['it is being opened'])).length === 0
  await waitFor(agree, { ...PATIENT, what: 'Redis and Postgres to agree' })
  const mayGo = async () => (await shop.campaigns.planArchive(id)).waitsFor.length === 0
  await waitFor(mayGo, { ...PATIENT, what: 'nothing more to wait for' })
  await askFor(shop, id)
  await untilArchived(shop, id)
  await assertGone(t, shop, { id, users })
  t.same(await differences(shop), [], 'asked for again, it is archived again')
})
