import t from 'tap'
import { haveStored } from '../../src/store/shard/marks.ts'
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

t.test(
  'what an opening lost is waited for until a later one is open, whether or not that decides anything',
  async (t) => {
    const { pool } = await freshDatabase(t, databaseUrl)
    await pool.query("insert into shards (shard, epoch, state, position_epoch) values (0, 7, 'open', 7)")
    await pool.query('insert into openings (shard, epoch, opened) values (0, 7, true)')
    const frame = (batch: number, stream: number) =>
      pool.query(
        `insert into frames (shard, epoch, batch, stream_epoch, stream_sequence, decided_at, decisions, first_sequence)
       values (0, 7, $1::bigint, $2, $1, now(), 1, $1)`,
        [batch, stream]
      )
    const areStored = () => haveStored(pool, [{ shard: 0, epoch: 7, batch: 3, sequence: 3 }])
    await frame(1, 7)
    t.equal(await areStored(), false)
    await pool.query("update shards set epoch = 8, state = 'closed', position_epoch = 8, position_sequence = 3")
    await pool.query('insert into openings (shard, epoch, opened) values (0, 8, false)')
    await frame(3, 8)
    t.equal(await areStored(), false, 'a journal that was lost comes again in the next stream: the second may follow')
    await pool.query("update shards set state = 'open', position_epoch = 7, position_sequence = 1")
    await pool.query('update openings set opened = true')
    t.equal(await areStored(), true)
  }
)
