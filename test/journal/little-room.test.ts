import t, { type Test } from 'tap'
import { connectJournal } from '../../src/journal/connection.ts'
import { hasRoom, reservedBytes } from '../../src/journal/room.ts'
import {
  completeStream,
  createJournalStream,
  ensurePublicStream,
  manager,
  sealStream
} from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { checkPart } from '../../src/stack/checks.ts'
import { readShard, requestReopening } from '../../src/store/shard/shards.ts'
import { tookAtMost } from '../support/running/pace.ts'
import { natsServer } from '../support/servers/nats-server.ts'
import { freshNamespace, sharedServers } from '../support/servers/servers.ts'
import { assertWhole, bought, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

// A JetStream with little room: each opening reserves a stream, and a store takes no reservation above its bound.

const shared = await sharedServers(t)
const MIB = 1024 ** 2
const STREAM = 16 * MIB

/** A shop on a store that has room for events, commands, one journal stream and half of another. */
async function tightShop(t: Test) {
  const { url: natsUrl } = await natsServer(t, { store: ['  max_file_store: 56MB'] })
  const env = { JOURNAL_MAX_BYTES: String(STREAM) }
  const logged: string[] = []
  const log = { write: (line: string) => void logged.push(line) }
  const shop = await openShop(t, { ...shared, natsUrl, env }, { stock: 100, log })
  const jsm = await manager(shop.connection)
  const names = streamNames(shop.core.config.NAMESPACE)
  return { shop, jsm, names, logged }
}

async function epochOf({ core, shard }: Shop): Promise<number> {
  return (await readShard(core.pool, shard))?.epoch ?? 0
}

async function isOpen({ core, shard }: Shop): Promise<boolean> {
  return (await readShard(core.pool, shard))?.state === 'open'
}

async function reopened(shop: Shop): Promise<void> {
  const before = await epochOf(shop)
  await requestReopening(shop.core.pool, shop.shard)
  await waitFor(async () => (await epochOf(shop)) > before && (await isOpen(shop)), {
    what: 'the next opening'
  })
}

t.test('a sealed stream reserves only what it holds, and keeps that', async (t) => {
  const { natsUrl } = shared
  const connection = await connectJournal({ url: natsUrl, creds: '', name: 'room-test' })
  const jsm = await manager(connection)
  const names = streamNames(freshNamespace())
  const name = names.journalStream(0, 1)
  t.teardown(async () => {
    await jsm.streams.delete(name)
    await connection.close()
  })
  await createJournalStream(jsm, names, { shard: 0, epoch: 1, settings: { replicas: 1, maxBytes: STREAM } })
  const frame = new Uint8Array(100_000)
  for (let index = 0; index < 20; index += 1) await connection.nc.jetstream().publish(names.journalSubject(0, 1), frame)
  t.equal(await sealStream(jsm, name), 20)
  t.equal(await sealStream(jsm, name), 20)
  const { config, state } = await jsm.streams.info(name)
  t.match({ config, state }, { config: { sealed: true }, state: { messages: 20, first_seq: 1, last_seq: 20 } })
  t.ok(config.max_bytes >= state.bytes && config.max_bytes < state.bytes + MIB, `it reserves ${config.max_bytes}`)
})

t.test('opening after opening fits into a store with room for one stream and a half', async (t) => {
  const { shop, jsm, names } = await tightShop(t)
  const first = await epochOf(shop)
  for (const user of ['ann', 'ben', 'cem', 'dan']) {
    await bought(shop, user)
    await reopened(shop)
  }
  t.equal(await epochOf(shop), first + 4, 'none was in vain')
  const { reserved, streams } = await reservedBytes(jsm, names)
  t.ok(reserved <= 56 * MIB, `${streams} streams reserve ${reserved}`)
  await assertWhole(t, shop)
  const { NATS_URL, NATS_CREDS, ...config } = shop.core.config
  const finding = await checkPart('nats', { ...config, NATS_URL, NATS_CREDS })
  t.match(finding, { ok: true, text: /7 streams reserve 48\.\d MiB and hold 0\.\d MiB; the account has no bound/ })
})

t.test('without room an opening waits at the same epoch, and uses the room of streams that were read', async (t) => {
  const { shop, jsm, names, logged } = await tightShop(t)
  await bought(shop, 'ann')
  await shop.stopWorker()
  const first = await epochOf(shop)
  const stream = names.journalStream(shop.shard, first)
  await sealStream(jsm, stream)
  const takes = { name: 'TAKEN', subjects: ['taken'], max_bytes: 20 * MIB }
  await jsm.streams.add(takes)
  await requestReopening(shop.core.pool, shop.shard)
  shop.core.worker()
  const waits = () => logged.some((line) => /"waitingFor":"room in NATS for a journal stream of 16 MiB/.test(line))
  await waitFor(waits, { what: 'a worker that waits for room' })
  const refused = async () => (await jsm.getAccountInfo()).api.errors
  const errors = await refused()
  await waitFor(async () => (await refused()) >= errors + 2, { what: 'more looks for room' })
  t.equal(await epochOf(shop), first + 1, 'the looks raise no epoch')
  t.equal((await jsm.streams.info(stream)).config.sealed, true, 'what would not help is not deleted')
  // most of what is missing is given by hand, the rest by the stream that Postgres and the events have passed
  await jsm.streams.delete(takes.name)
  await jsm.streams.add({ ...takes, max_bytes: 8 * MIB - 10 * 1024 })
  const given = performance.now()
  await waitFor(() => isOpen(shop), { what: 'the gate to open' })
  tookAtMost(t, 'from room to the opening', { ms: performance.now() - given, boundMs: 5000 })
  t.equal(await epochOf(shop), first + 2)
  await t.rejects(jsm.streams.info(stream), /stream not found/)
  await bought(shop, 'ben')
  await assertWhole(t, shop)
})

t.test('a stream is as large as there is room for, and grows when there is more', async (t) => {
  const { url } = await natsServer(t, { store: ['  max_file_store: 56MB'] })
  const connection = await connectJournal({ url, creds: '', name: 'room-test' })
  t.teardown(() => connection.close())
  const jsm = await manager(connection)
  const names = streamNames('small')
  const settings = { replicas: 1, maxBytes: 40 * MIB, leastBytes: 10 * MIB }
  const of = (epoch: number) => ({ shard: 0, epoch, settings })
  t.equal(await createJournalStream(jsm, names, of(1)), 40 * MIB)
  t.equal(await createJournalStream(jsm, names, of(2)), 10 * MIB)
  await t.rejects(createJournalStream(jsm, names, of(3)), /insufficient storage/)
  t.equal(await hasRoom(jsm, names, { shard: 0, bytes: 7 * MIB, replicas: 1 }), false)
  t.equal(await hasRoom(jsm, names, { shard: 0, bytes: 6 * MIB, replicas: 1 }), true)
  const small = names.journalStream(0, 2)
  t.equal(await completeStream(jsm, await jsm.streams.info(small), settings), false)
  await sealStream(jsm, names.journalStream(0, 1))
  t.equal(await completeStream(jsm, await jsm.streams.info(small), settings), true)
  t.equal((await jsm.streams.info(small)).config.max_bytes, 40 * MIB)
  t.match(await reservedBytes(jsm, names), { streams: 2, held: 0, offered: undefined })
})

t.test('the public stream and that of commands are made with less, rather than not at all', async (t) => {
  const { url } = await natsServer(t, { store: ['  max_file_store: 400MB'] })
  const connection = await connectJournal({ url, creds: '', name: 'room-test' })
  t.teardown(() => connection.close())
  const jsm = await manager(connection)
  const names = streamNames('small')
  await ensurePublicStream(jsm, names, { replicas: 1, maxBytes: 8 * 1024 * MIB, keepSeconds: 3600 })
  t.equal((await jsm.streams.info(names.commandsStream)).config.max_bytes, 256 * MIB)
  t.equal((await jsm.streams.info(names.publicStream)).config.max_bytes, 128 * MIB)
})
