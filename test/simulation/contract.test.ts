import t, { type Test } from 'tap'
import { sharedServers } from '../support/servers/servers.ts'
import { waitFor } from '../support/wait.ts'
import type { NatsPart, OwnRedisPart, PostgresPart, RedisPart, ScriptCall, TwoFacedScript } from './contract.ts'
import { fakeNatsPart, fakePostgresPart, fakeRedisPart } from './parts/fake-parts.ts'
import type { FakeRedis } from './parts/fake-redis.ts'
import { ownRedisPart, realNatsPart, realPostgresPart, realRedisPart } from './parts/real-parts.ts'

// One suite for the fakes of the simulation and for the real servers: what passes here may be relied on there.

const urls = await sharedServers(t)

/** Writes an entry where the epoch still is the demanded one, as the gate does. */
function guarded(opening: string): TwoFacedScript {
  return {
    name: `guarded ${opening}`,
    lua: `-- ${opening}
      if redis.call('HGET', KEYS[1], 'epoch') ~= '${opening}' then return 'CLOSED' end
      redis.call('XADD', KEYS[2], ARGV[1], 'f', ARGV[2])
      redis.call('HINCRBY', KEYS[1], 'batch', 1)
      return 'OK'`,
    model: (node: FakeRedis, { keys: [shard = '', outbox = ''], args: [id = '', f = ''] }: ScriptCall) => {
      if (node.hget(shard, 'epoch') !== opening) return 'CLOSED'
      node.xadd(outbox, id, { f })
      node.hincrby(shard, 'batch', 1)
      return 'OK'
    }
  }
}

async function scriptsContract(t: Test, redis: RedisPart): Promise<void> {
  const call = { keys: ['shard', 'outbox'], args: ['7-1', 'frame'] }
  await redis.hset('shard', 'epoch', '7')
  await t.rejects(redis.evalsha('0'.repeat(40), call), /NOSCRIPT/, 'an unknown SHA does nothing')
  const seven = await redis.load(guarded('7'))
  const eight = await redis.load(guarded('8'))
  t.not(seven, eight, 'another body has another SHA')
  t.equal(await redis.load(guarded('7')), seven, 'the same body has the same')
  t.equal(await redis.evalsha(seven, call), 'OK')
  t.equal(await redis.evalsha(eight, call), 'CLOSED')
  t.strictSame(await redis.xrange('outbox'), [{ id: '7-1', fields: { f: 'frame' } }])
  t.equal(await redis.hget('shard', 'batch'), '1')
  t.equal(await redis.replid(), await redis.replid())
}

async function keysContract(t: Test, redis: RedisPart): Promise<void> {
  for (const id of ['7-1', '7-2', '7-10', '8-1']) await redis.xadd('stream', id, id)
  const ids = async () => (await redis.xrange('stream')).map(({ id }) => id)
  t.strictSame(await ids(), ['7-1', '7-2', '7-10', '8-1'], 'ids are numbers')
  await t.rejects(redis.xadd('stream', '7-11', ''), /equal or smaller/, 'an id below the last one is refused')
  t.equal(await redis.xdel('stream', '8-1'), 1)
  t.equal(await redis.xdel('stream', '8-1'), 0)
  await t.rejects(redis.xadd('stream', '8-1', ''), /equal or smaller/, 'also when the last one was deleted')
  for (const id of await ids()) await redis.xdel('stream', id)
  t.equal(await redis.exists('stream'), true, 'an emptied stream stays')
  await redis.del('stream')
  await redis.xadd('stream', '1-1', '')
  t.strictSame(await ids(), ['1-1'], 'a deleted one begins anew')

  t.equal(await redis.hget('hash', 'field'), undefined)
  await redis.hincrby('hash', 'field', -2)
  t.equal(await redis.hget('hash', 'field'), '-2', 'what is not there counts from zero')
  t.equal(await redis.hdel('hash', 'field'), 1)
  t.equal(await redis.hdel('hash', 'field'), 0)
  t.equal(await redis.exists('hash'), false, 'a hash without fields is gone')
  await t.rejects(redis.hset('stream', 'field', ''), /WRONGTYPE/)
}

async function exchangeContract(t: Test, redis: OwnRedisPart): Promise<void> {
  const call = { keys: ['shard', 'outbox'], args: ['7-1', 'frame'] }
  await redis.hset('shard', 'epoch', '7')
  const sha = await redis.load(guarded('7'))
  const first = await redis.replid()
  await redis.restart()
  const second = await redis.replid()
  t.not(second, first, 'a restarted Redis has another replication id')
  t.equal(await redis.hget('shard', 'epoch'), '7', 'and its data')
  await t.rejects(redis.evalsha(sha, call), /NOSCRIPT/, 'and no scripts')

  await redis.load(guarded('7'))
  await redis.markOrigin('origin', '7;')
  t.equal(await redis.isRaw('origin'), true, 'what was put together here is raw')
  await redis.attachReplica()
  const third = await redis.replid()
  t.not(third, second, 'the first replica gives a master another replication id')
  t.equal(await redis.evalsha(sha, call), 'OK', 'and its scripts and data stay')
  t.equal(await redis.isRaw('origin'), true, 'as they were')
  await redis.thereAndBackWithData()
  t.equal(await redis.exists('origin'), true, 'what comes back from a replica holds the key')
  t.equal(await redis.isRaw('origin'), false, 'and shows that it was loaded')

  await redis.thereAndBack()
  t.not(await redis.replid(), second, 'A -> B -> A: another replication id')
  t.equal(await redis.hget('shard', 'epoch'), undefined, "and B's data")
  t.equal(await redis.evalsha(sha, call), 'CLOSED', 'but the scripts survive')
  await redis.scriptFlush()
  await t.rejects(redis.evalsha(sha, call), /NOSCRIPT/)
}

async function publishContract(t: Test, nats: NatsPart): Promise<void> {
  const stream = nats.name('PUBLISH')
  t.equal(await nats.info(stream), undefined)
  await t.rejects(
    nats.publish(stream, 'a', ''),
    /no responders|no stream listens/,
    'a subject without a stream refuses'
  )
  await nats.addStream(stream)
  t.strictSame(await nats.info(stream), { sealed: false, firstSequence: 1, lastSequence: 0 })
  t.strictSame(await nats.publish(stream, 'a', 'one'), { stream, sequence: 1, duplicate: false })
  t.strictSame(await nats.publish(stream, 'b', 'two'), { stream, sequence: 2, duplicate: false })
  t.strictSame(
    await nats.publish(stream, 'a', 'one'),
    { stream, sequence: 1, duplicate: true },
    'a second copy is known'
  )
  await nats.addStream(stream)
  t.match(await nats.info(stream), { lastSequence: 2 }, 'making it again changes nothing')
  await nats.purge(stream, 2)
  t.match(await nats.publish(stream, 'a', 'one'), { duplicate: true }, 'also when the first one was purged')
  t.strictSame(await nats.info(stream), { sealed: false, firstSequence: 2, lastSequence: 2 })

  const short = nats.name('SHORT')
  await nats.addStream(short, 2000)
  await nats.publish(short, 'a', '')
  t.match(await nats.publish(short, 'a', ''), { duplicate: true })
  const isStoredAgain = async () => !(await nats.publish(short, 'a', '')).duplicate
  await waitFor(isStoredAgain, { what: 'the dedupe window to pass', everyMs: 50 })
  t.match(await nats.info(short), { lastSequence: 2 }, 'behind the window it is stored again')
}

async function sealContract(t: Test, nats: NatsPart): Promise<void> {
  const stream = nats.name('SEAL')
  await t.rejects(nats.seal(stream), /10059/)
  await nats.addStream(stream)
  await nats.publish(stream, 'a', 'one')
  await nats.seal(stream)
  await nats.seal(stream)
  const sealed = { sealed: true, firstSequence: 1, lastSequence: 1 }
  await t.rejects(nats.publish(stream, 'b', ''), /10109/, 'a sealed stream takes nothing')
  await t.rejects(nats.publish(stream, 'a', 'one'), /10109/, 'not even a copy of what it has')
  await t.rejects(nats.addStream(stream), /10058|already in use/, 'it cannot be made again')
  await t.rejects(nats.unseal(stream), /10052/, 'nor unsealed')
  await t.rejects(nats.purge(stream, 2), /10109/, 'nor purged')
  t.strictSame(await nats.info(stream), sealed)
  t.strictSame(await nats.pull(stream, 1, 10), [{ sequence: 1, payload: 'one' }], 'it can be read')
  await nats.deleteStream(stream)
  t.equal(await nats.info(stream), undefined)
  await nats.addStream(stream)
  t.match(await nats.publish(stream, 'a', ''), { sequence: 1, duplicate: false }, 'deleted, it could be made anew')
}

async function readContract(t: Test, nats: NatsPart): Promise<void> {
  const stream = nats.name('READ')
  await nats.addStream(stream)
  t.strictSame(await nats.pull(stream, 1, 10), [], 'nothing there is no error')
  for (const payload of ['1', '2', '3', '4', '5']) await nats.publish(stream, payload, payload)
  const read = async (from: number, most: number) =>
    (await nats.pull(stream, from, most)).map(({ sequence }) => sequence)
  t.strictSame(await read(1, 3), [1, 2, 3])
  t.strictSame(await read(4, 10), [4, 5])
  t.strictSame(await read(2, 1), [2], 'any place can be read again')
  t.strictSame(await read(6, 10), [])
  await nats.purge(stream, 4)
  t.strictSame(await read(1, 10), [4, 5], 'it goes on with the first that is there')
  await nats.deleteStream(stream)
  await t.rejects(nats.pull(stream, 1, 10), /10059|not found/)
}

async function sessionsContract(t: Test, postgres: PostgresPart): Promise<void> {
  const [first, second] = [await postgres.connect(), await postgres.connect()]
  t.equal(await first.tryLock(), true)
  t.equal(await second.tryLock(), false, 'one session holds the lock')
  t.equal(await first.tryLock(), true)
  await first.begin()
  t.equal(await first.update(1, 2), 1)
  t.equal(await first.note('lost'), true)
  await first.terminate()
  t.strictSame(await postgres.read(), { epoch: 1, notes: [] }, 'what a session did not commit never happened')
  await t.rejects(first.commit(), 'it cannot go on')
  t.equal(await second.tryLock(), true, 'its lock is free')
}

async function updatesContract(t: Test, postgres: PostgresPart): Promise<void> {
  const [first, second] = [await postgres.connect(), await postgres.connect()]
  t.equal(await first.update(1, 2), 1)
  t.equal(await second.update(1, 3), 0, 'a conditional update tells that it found no row')
  await first.begin()
  t.equal(await first.update(2, 3), 1)
  t.equal(await first.note('once'), true)
  t.strictSame(await postgres.read(), { epoch: 2, notes: [] }, 'nobody sees what is not committed')
  await t.rejects(second.update(2, 4), /lock timeout/, 'the row waits for its transaction')
  await first.commit()
  t.strictSame(await postgres.read(), { epoch: 3, notes: ['once'] })
  t.equal(await first.note('once'), false, 'a row that is there is not inserted again')
  await first.begin()
  await first.update(3, 4)
  await first.rollback()
  t.equal(await second.update(3, 5), 1, 'undone, the row is free and as before')
}

for (const kind of ['fake', 'real'] as const) {
  const isFake = kind === 'fake'
  t.test(`Redis, ${kind}: scripts by SHA`, async (t) => {
    await scriptsContract(t, isFake ? fakeRedisPart() : realRedisPart(t, urls.redisUrl))
  })
  t.test(`Redis, ${kind}: streams and hashes`, async (t) => {
    await keysContract(t, isFake ? fakeRedisPart() : realRedisPart(t, urls.redisUrl))
  })
  t.test(`Redis, ${kind}: restarted and exchanged`, async (t) => {
    await exchangeContract(t, isFake ? fakeRedisPart() : await ownRedisPart(t))
  })
  t.test(`NATS, ${kind}: publishing`, async (t) => {
    await publishContract(t, isFake ? fakeNatsPart() : await realNatsPart(t, urls.natsUrl))
  })
  t.test(`NATS, ${kind}: sealing`, async (t) => {
    await sealContract(t, isFake ? fakeNatsPart() : await realNatsPart(t, urls.natsUrl))
  })
  t.test(`NATS, ${kind}: reading`, async (t) => {
    await readContract(t, isFake ? fakeNatsPart() : await realNatsPart(t, urls.natsUrl))
  })
  t.test(`Postgres, ${kind}: a lock that dies with its session`, async (t) => {
    await sessionsContract(t, isFake ? fakePostgresPart() : await realPostgresPart(t, urls.databaseUrl))
  })
  t.test(`Postgres, ${kind}: conditional updates`, async (t) => {
    await updatesContract(t, isFake ? fakePostgresPart() : await realPostgresPart(t, urls.databaseUrl))
  })
}
