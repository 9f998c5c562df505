import t from 'tap'
import { createJournalStream, manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import {
  EVENTS_READER,
  type Position,
  readReaderPosition,
  readShard,
  recordOpening,
  requestReopening,
  saveReaderPosition
} from '../../src/store/shard/shards.ts'
import { cleanJournal } from '../../src/worker/shard/housekeeping.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { startCore } from '../support/shop/core.ts'
import { assertWhole, bought, openShop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

t.test('streams that both readers have passed are purged or deleted, whatever message is the last one', async (t) => {
  const shop = await openShop(t, urls)
  const { pool, config, logger } = shop.core
  const names = streamNames(config.NAMESPACE)
  const jsm = await manager(shop.connection)
  await bought(shop, 'alice')
  const first = await readShard(pool, shop.shard)
  const sealed = names.journalStream(shop.shard, first?.epoch ?? 0)
  const { data } = await jsm.streams.getMessage(sealed, { seq: 2 })
  const js = shop.connection.nc.jetstream()
  const subject = names.journalSubject(shop.shard, first?.epoch ?? 0)
  await js.publish(subject, data, { msgID: 'a-second-copy' })
  await js.publish(subject, 'not a frame', { msgID: 'unreadable' })
  await requestReopening(pool, shop.shard)
  await waitFor(async () => {
    const row = await readShard(pool, shop.shard)
    return row?.state === 'open' && row.epoch > (first?.epoch ?? 0)
  })
  await bought(shop, 'bob')
  await assertWhole(t, shop)
  const open = await readShard(pool, shop.shard)
  const projection = open?.position ?? { epoch: 0, sequence: 0 }
  const passed = async () => {
    const place = await readReaderPosition(pool, 'events', shop.shard)
    return place?.epoch === open?.epoch && (place?.sequence ?? 0) >= projection.sequence
  }
  await waitFor(passed, { what: 'the events to come to the end of the open stream' })
  const epoch = open?.epoch ?? 0
  const clean = (keepSeconds: number) =>
    cleanJournal({
      pool,
      jsm,
      names,
      shard: shop.shard,
      epoch,
      keepSeconds,
      streams: { replicas: 1, maxBytes: config.JOURNAL_MAX_BYTES },
      logger
    })
  const streams = () => jsm.streams.names(names.journalSubject(shop.shard, 0).replace(/0$/, '*')).next()
  await clean(3600)
  t.same((await streams()).length, 2, 'nothing young goes')
  // a Postgres that was restored from a backup has not read them; its owner did
  const move = (to: Position) =>
    pool.query('update shards set position_epoch = $1, position_sequence = $2', [to.epoch, to.sequence])
  await move({ epoch: first?.epoch ?? 0, sequence: 1 })
  await clean(0)
  t.same((await streams()).length, 2)
  await move(projection)
  await clean(0)
  t.same(await streams(), [names.journalStream(shop.shard, epoch)])
  t.equal((await jsm.streams.info(names.journalStream(shop.shard, epoch))).state.messages, 0)
  await bought(shop, 'carol')
  await assertWhole(t, shop)
})

t.test(
  'the first frame of an opening stays, also when it comes just after the janitor saw an empty stream',
  async (t) => {
    const core = await startCore(t, urls)
    const { connection, shard } = await core.gateway()
    const names = streamNames(core.config.NAMESPACE)
    const jsm = await manager(connection)
    const epoch = 1_700_000_000
    await core.pool.query("insert into shards (shard, epoch, state, position_epoch) values ($1, $2, 'open', $2)", [
      shard,
      epoch
    ])
    await recordOpening(core.pool, shard, epoch)
    await createJournalStream(jsm, names, { shard, epoch, settings: { replicas: 1, maxBytes: 1 << 20 } })
    const place = { epoch, sequence: 0 }
    await saveReaderPosition(core.pool, EVENTS_READER, { ...place, shard })
    const streams = Object.create(jsm.streams, {
      info: {
        value: async (name: string) => {
          const before = await jsm.streams.info(name)
          await connection.nc.jetstream().publish(names.journalSubject(shard, epoch), 'the first frame')
          return before
        }
      }
    })
    await cleanJournal({
      pool: core.pool,
      jsm: Object.create(jsm, { streams: { value: streams } }),
      names,
      shard,
      epoch,
      keepSeconds: 0,
      streams: { replicas: 1, maxBytes: 1 << 20 },
      logger: core.logger
    })
    t.equal((await jsm.streams.info(names.journalStream(shard, epoch))).state.messages, 1)
  }
)

t.test('a stored position moves forward only', async (t) => {
  const { pool } = await startCore(t, urls)
  const at = (epoch: number, sequence: number) => saveReaderPosition(pool, EVENTS_READER, { epoch, sequence, shard: 0 })
  await at(7, 3)
  for (const [epoch, sequence] of [
    [7, 2],
    [6, 9]
  ] as const) {
    await at(epoch, sequence)
    t.same(await readReaderPosition(pool, EVENTS_READER, 0), { epoch: 7, sequence: 3 })
  }
  await at(8, 1)
  t.same(await readReaderPosition(pool, EVENTS_READER, 0), { epoch: 8, sequence: 1 })
})
