import t from 'tap'
import { advanceComplete, openingsFrom } from '../../src/store/shard/openings.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { waitFor } from '../support/wait.ts'

const { databaseUrl } = await sharedServers(t)

t.test('decisions of complete frames are counted once, whoever counts at the same time', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  await pool.query('insert into openings (shard, epoch) values (0, 7)')
  await pool.query(
    `insert into frames (shard, epoch, batch, stream_epoch, stream_sequence, decided_at, decisions, first_sequence)
     select 0, 7, n, 7, n, now(), 2, 2 * n - 1 from generate_series(1, 5) as n`
  )
  const first = await pool.connect()
  await first.query('begin')
  await advanceComplete(first, 0, 7)
  const second = advanceComplete(pool, 0, 7)
  const waits = async () =>
    (await pool.query("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))
      .rows.length > 0
  await waitFor(waits, { what: 'the second one to wait for the first' })
  await first.query('commit')
  first.release()
  await second
  t.match(await openingsFrom(pool, 0, 7), [{ completeBatch: 5, completeSequence: 10 }])
  await advanceComplete(pool, 0, 7)
  t.match(await openingsFrom(pool, 0, 7), [{ completeBatch: 5, completeSequence: 10 }])
})
