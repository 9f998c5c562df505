import t from 'tap'
import { createJournalStream, manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { readShard, recordOpening, requestReopening } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { assertWhole, atRest, bought, decisionOf, move, openShop, rawCall, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

async function journal(shop: Shop) {
  const row = await readShard(shop.core.pool, shop.shard)
  const names = streamNames(shop.core.config.NAMESPACE)
  const epoch = row?.epoch ?? 0
  return {
    epoch,
    names,
    subject: names.journalSubject(shop.shard, epoch),
    stream: names.journalStream(shop.shard, epoch)
  }
}

/** Puts a text into the journal as a gateway would. */
async function plant(shop: Shop, text: string, id: string): Promise<void> {
  const { subject } = await journal(shop)
  await shop.connection.nc.jetstream().publish(subject, Buffer.from(text), { msgID: id })
}

/** What the public stream holds, oldest first. */
async function events(shop: Shop): Promise<Array<{ id: string; type: string; subject: string }>> {
  const { names } = await journal(shop)
  const jsm = await manager(shop.connection)
  const { state } = await jsm.streams.info(names.publicStream)
  const found: Array<{ id: string; type: string; subject: string }> = []
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
    const message = await jsm.streams.getMessage(names.publicStream, { seq })
    found.push(JSON.parse(Buffer.from(message.data).toString('utf8')))
  }
  return found
}

async function told(shop: Shop, id: string): Promise<void> {
  await waitFor(async () => (await events(shop)).some((event) => event.id === id), { what: `event ${id}` })
}

t.test('texts that Postgres cannot store do not stop the projection', async (t) => {
  const shop = await openShop(t, urls)
  const requests = [
    '{"reason":"\\ud800"}',
    '{"reason":"\\udc00x"}',
    '{"a\\u0000b":1}',
    '{"reason":"\\u0000"}',
    '{"reason":"\\ud83d\\ude00 \\\\ud800"}'
  ]
  for (const [index, request] of requests.entries()) {
    const order = await bought(shop, `user-${index}`)
    t.match(await shop.gate.submit(move(shop, 'pay', { user: `user-${index}`, order, request })), { kind: 'confirmed' })
  }
  await assertWhole(t, shop)
  const { rows } = await shop.core.pool.query(
    `select request from decisions where type = 'order.paid' order by sequence`
  )
  t.same(rows.at(-1)?.request, { reason: '\u{1f600} \\ud800' }, 'what can be stored is stored as it came')
  t.equal(rows.length, requests.length)
})

t.test('unreadable frames become dead letters, those around them are projected and become events', async (t) => {
  const shop = await openShop(t, urls)
  const first = await bought(shop, 'alice')
  const { epoch } = await journal(shop)
  const frame = (more: object) => ({ v: 1, shard: 0, epoch, batch: 9000, at: Date.now(), decisions: [], ...more })
  const decision = {
    seq: 9000,
    type: 'order.accepted',
    user: 'eve',
    key: 'u:planted-key',
    hash: 'h',
    campaign: 'c',
    activity: 's',
    request: {}
  }
  const planted = [
    'not JSON',
    JSON.stringify(frame({})),
    JSON.stringify(frame({ decisions: [{ ...decision, put: { u: { [`o:${epoch}-9000`]: 'garbage' } } }] })),
    JSON.stringify(frame({ decisions: [{ ...decision, put: { u: { 'w:1-1': 'garbage' } } }] })),
    JSON.stringify(frame({ decisions: [{ ...decision, put: { u: { 'w:1-1': 'w;1-1;c;d;p;;one;cash;5;;' } } }] })),
    JSON.stringify(frame({ decisions: [{ ...decision, put: { u: { 'w:1-1': 'w;1-1;c;d;p;;1;cash;soon;;' } } }] })),
    JSON.stringify(frame({ decisions: [{ ...decision, type: 'claim.accepted', report: ',pool' }] })),
    JSON.stringify(frame({ shard: 7, decisions: [decision] })),
    JSON.stringify(frame({ epoch: epoch + 5, decisions: [decision] })),
    JSON.stringify(frame({ at: 9e16, decisions: [decision] }))
  ]
  for (const [index, text] of planted.entries()) await plant(shop, text, `planted-${index}`)
  const second = await bought(shop, 'bob')
  await assertWhole(t, shop)
  t.equal((await shop.core.pool.query('select 1 from dead_letters')).rowCount, planted.length)
  await told(shop, second)
  t.same(
    (await events(shop)).filter(({ type }) => type === 'floodgate.order.accepted').map(({ id }) => id),
    [first, second],
    'nothing planted is told'
  )
})

t.test('a second copy of a frame changes nothing', async (t) => {
  const shop = await openShop(t, urls)
  const order = await bought(shop, 'alice')
  await atRest(shop)
  const reply = await rawCall(shop, [move(shop, 'cancel', { user: 'alice', order })])
  const [frame] = [...reply.frames.values()]
  for (const id of ['one', 'two', 'three']) await plant(shop, frame?.payload ?? '', id)
  await assertWhole(t, shop)
  t.equal(await shop.redis.hget(`${shop.prefix}s:c:s`, 'am:remaining'), '10', 'the unit came back once')
  t.equal((await shop.core.pool.query('select 1 from decisions')).rowCount, 3)
})

t.test('a frame that was journaled and never settled is settled by the worker that stores it', async (t) => {
  const shop = await openShop(t, urls)
  const order = await bought(shop, 'alice')
  await atRest(shop)
  const reply = await rawCall(shop, [move(shop, 'cancel', { user: 'alice', order }), buy(shop.sale, 'bob')])
  const [frame] = [...reply.frames.values()]
  await plant(shop, frame?.payload ?? '', `0-${frame?.entry}`)
  await assertWhole(t, shop)
  t.equal(await shop.redis.hget(`${shop.prefix}s:c:s`, 'am:remaining'), '9')
})

t.test('when the connection of an owner ends, another worker follows, and each decision is one row', async (t) => {
  const shop = await openShop(t, urls, { stock: 50 })
  shop.core.worker()
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(Array.from({ length: 8 }, (_, index) => bought(shop, `user-${round}-${index}`)))
    await shop.core.pool.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
         and (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 1)`,
      [`${shop.core.config.NAMESPACE} shard 0`]
    )
  }
  await assertWhole(t, shop)
  t.equal((await shop.core.pool.query('select 1 from orders')).rowCount, 24)
})

t.test('events continue in order across epochs in which nothing was decided', async (t) => {
  const shop = await openShop(t, urls)
  const order = await bought(shop, 'alice')
  for (let openings = 0; openings < 3; openings += 1) {
    const before = await readShard(shop.core.pool, shop.shard)
    await requestReopening(shop.core.pool, shop.shard)
    await waitFor(async () => {
      const row = await readShard(shop.core.pool, shop.shard)
      return row?.state === 'open' && row.epoch > (before?.epoch ?? 0)
    })
  }
  const paid = await insist(() => shop.gate.submit(move(shop, 'pay', { user: 'alice', order })))
  await told(shop, decisionOf(paid).id)
  const own = (await events(shop)).filter(({ subject }) => subject === order)
  t.same(
    own.map(({ type }) => type),
    ['floodgate.order.accepted', 'floodgate.order.paid']
  )
})

t.test('events skip a stream that a paused recovery made after the next one', async (t) => {
  const shop = await openShop(t, urls)
  await told(shop, await bought(shop, 'alice'))
  await shop.stopWorker()
  const { epoch } = await journal(shop)
  const jsm = await manager(shop.connection)
  const names = streamNames(shop.core.config.NAMESPACE)
  const settings = { replicas: 1, maxBytes: 1 << 20 }
  // of the next epoch, which then comes to nothing
  await shop.core.pool.query('update shards set epoch = epoch + 1, state = $1', ['closed'])
  await recordOpening(shop.core.pool, shop.shard, epoch + 1)
  shop.core.worker()
  const reopened = async () => ((await readShard(shop.core.pool, shop.shard))?.epoch ?? 0) >= epoch + 2
  await waitFor(async () => (await reopened()) && (await readShard(shop.core.pool, shop.shard))?.state === 'open')
  await createJournalStream(jsm, names, { shard: shop.shard, epoch: epoch + 1, settings })
  await told(shop, await bought(shop, 'bob'))
})

t.test('events continue when their position is lost and the journal begins later', async (t) => {
  const shop = await openShop(t, urls)
  await bought(shop, 'alice')
  await assertWhole(t, shop)
  await shop.stopWorker()
  const { stream } = await journal(shop)
  await (await manager(shop.connection)).streams.purge(stream, { seq: 3 })
  await shop.core.pool.query('delete from reader_places')
  shop.core.worker()
  await told(shop, await bought(shop, 'bob'))
})

t.test('frames that fail a check are held with their campaign, and the shard continues', async (t) => {
  const order = (entity: string, quantity: string) => ({
    put: { u: { [`o:${entity}`]: `a;${entity};c;s;am;${quantity};100;CNY;1795300366000;900;;1;0` } }
  })
  const lies = [
    (epoch: number) => order(`${epoch}-9000`, '99999999999'),
    // a number that another decision of the epoch has
    (epoch: number) => ({ seq: 1, ...order(`${epoch}-1`, '1') }),
    () => ({ type: 'task.completed', add: { u: { 'b:points': -1 } } })
  ]
  for (const lie of lies) {
    const shop = await openShop(t, urls)
    await bought(shop, 'alice')
    await atRest(shop)
    const { epoch } = await journal(shop)
    const decision = {
      seq: 9000,
      type: 'order.accepted',
      user: 'alice',
      key: 'u:another',
      hash: 'h',
      campaign: 'c',
      activity: 's',
      request: {},
      ...lie(epoch)
    }
    const text = JSON.stringify({ v: 1, shard: 0, epoch, batch: 9000, at: Date.now(), decisions: [decision] })
    await plant(shop, text, 'planted')
    const held = async () => (await shop.core.pool.query('select campaign_id, kind from campaign_holds')).rows
    await waitFor(async () => (await held()).length > 0, { what: 'the campaign to be held' })
    t.same(await held(), [{ campaign_id: 'c', kind: 'violation' }])
    await told(shop, await bought(shop, 'bob'))
    t.equal((await readShard(shop.core.pool, shop.shard))?.epoch, epoch, 'no other opening')
    const { rows } = await shop.core.pool.query('select reason from dead_letters')
    const stored = await shop.core.pool.query('select 1 from balances where beyond > 0')
    t.equal(rows.length + (stored.rowCount ?? 0), 1, 'what it says is a dead letter, or stored with how far it goes')
  }
})
