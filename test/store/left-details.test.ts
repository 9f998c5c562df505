import t from 'tap'
import {
  countUnusedDetails,
  forgetUnusedDetails,
  readWinDetails,
  saveWinDetails
} from '../../src/store/reading/win-details.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { startCore } from '../support/shop/core.ts'

const { pool } = await startCore(t, await sharedServers(t))

const address = { win: '0-1-1', key: 'u:claim', hash: 'a', details: { street: 'Long Lane 1' } }
const refused = { ...address, key: 'u:other', details: { street: 'Short Lane 2' } }

await pool.query(
  `insert into wins (shard, win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, epoch, sequence,
     won_at, updated_at, record)
   values (0, '0-1-1', 'past', 'wheel', 'ann', 'cup', '', 1, 'physical', 'claimed', 1, 1, now(), now(), '')`
)
await pool.query(
  `insert into decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id, session_id, entity, at,
     request, adds, puts, record, report)
   values (0, 1, 2, 2, 'win.claimed', 'ann', 'u:claim', 'a', 'past', 'wheel', '', '1-1', now(), '{}', '{}', '{}', '', '')`
)

t.test('the address of a claimed win stays when the decision that claimed it has left', async (t) => {
  await saveWinDetails(pool, address)
  await saveWinDetails(pool, refused)
  t.equal(await countUnusedDetails(pool, 'past'), 1, 'an archive waits for it')
  await pool.query("update win_details set saved_at = now() - interval '8 days'")
  t.equal((await forgetUnusedDetails(pool, 7)).forgotten, 1)
  t.equal(await countUnusedDetails(pool, 'past'), 0)
  await pool.query("insert into campaigns (campaign_id, author) values ('past', 'ada')")
  await pool.query("insert into archives (campaign_id, sha256, reason, operator) values ('past', '', '', 'ada')")
  await pool.query("insert into archive_parts (campaign_id, shard, step) values ('past', 0, 'done')")
  await pool.query('delete from decisions')
  t.equal((await forgetUnusedDetails(pool, 7)).forgotten, 0)
  t.same(await readWinDetails(pool, '0-1-1'), address.details)
})
