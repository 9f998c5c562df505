import type { Steps } from '../scheduler.ts'
import type { FakeRedis } from './fake-redis.ts'
import { entryOf, epochOf, type Frame, journalStream, journalSubject } from './frame.ts'
import { type Opening, STOCK, shardKeys } from './gate-script.ts'
import { GaveUp, must, type Projector } from './projector.ts'
import { type RestoreCall, type ScriptName, shaOf } from './scripts.ts'
import type { Position } from './tables.ts'

interface Fence {
  /** sealed streams that may hold frames beyond the position, oldest first */
  readonly toDrain: ReadonlyArray<{ readonly epoch: number; readonly last: number }>
  readonly lost: boolean
  /** epochs whose streams are gone */
  readonly gone: readonly number[]
}

/** How often NATS has no room for the stream of an opening. */
const NO_ROOM = 0.1

/** Opens the shard: steps 1 to 8. May stop anywhere and starts again at 1. @throws GaveUp */
export function* recover(owner: Projector): Steps<Opening> {
  const { world } = owner
  const epoch = yield* nextEpoch(owner)
  const opening = yield* closeGate(owner, epoch)
  if (!world.bugs.has('outbox-given-up')) yield* publishOutbox(owner)
  const fence = yield* sealOlder(owner, epoch)
  if (world.scheduler.chance(NO_ROOM)) yield* makeRoom(owner, epoch, fence)
  yield* createStream(owner, epoch)
  // Before anything is read: whoever comes after a recovery that died in between goes by the position to see the loss.
  const readsFirst = world.bugs.has('drain-before-republish')
  let republished = fence.lost && !readsFirst ? yield* republish(owner, epoch) : 0
  for (const { epoch: older, last } of fence.toDrain) {
    if (older >= owner.position.epoch) yield* owner.drain(older, last)
  }
  if (fence.lost && readsFirst) republished = yield* republish(owner, epoch)
  if (world.bugs.has('end-asked')) republished = yield* endOf(owner, epoch)
  if (fence.lost) yield* owner.drain(epoch, republished)
  for (const gone of fence.gone) {
    yield* owner.write('recovery.deleted', () => {
      const row = world.tables.openings.get(gone)
      if (row) row.deleted = true
    })
  }
  yield* restoreRedis(owner, opening)
  const openRow = () =>
    owner.change(
      'recovery.mark',
      (row) => {
        row.state = 'open'
        row.opening = opening
      },
      (row) => world.bugs.has('mark-any-epoch') || row.epoch === epoch
    )
  if (!world.bugs.has('open-before-mark')) yield* openRow()
  if ((yield* run(owner, opening, { name: 'open' })) !== 'OK') throw new GaveUp('Redis was exchanged before the end')
  if (world.bugs.has('open-before-mark')) yield* openRow()
  return opening
}

/** Runs a script of this opening. @throws GaveUp, NOSCRIPT among the reasons */
function* run(owner: Projector, opening: Opening, call: { name: ScriptName; args?: object }): Steps<unknown> {
  const { world, process } = owner
  const { name, args } = call
  const sha = shaOf(name, opening, world.bugs)
  return must(
    yield* world.askRedis(process, `recovery.${name}`, (node) => node.evalsha(sha, { ...args, opening }) as unknown)
  )
}

/** Step 1. */
function* nextEpoch(owner: Projector): Steps<number> {
  const { world } = owner
  yield* owner.change('recovery.epoch', (row) => {
    if (!world.bugs.has('same-epoch') || row.opening.epoch === 0) row.epoch += 1
    row.state = 'closed'
    world.oracle.sawEpoch(row.epoch)
  })
  const { epoch } = must(yield* owner.ask('recovery.row', () => world.postgres.read()))
  return epoch
}

/** Step 2: from here no call of another epoch writes. */
function* closeGate(owner: Projector, epoch: number): Steps<Opening> {
  const { world, process } = owner
  const replid = must(yield* world.askRedis(process, 'recovery.replid', (node) => node.replid))
  const opening = { epoch, replid }
  const load = (node: FakeRedis) => {
    for (const script of world.scripts(opening)) node.load(script)
  }
  must(yield* world.askRedis(process, 'recovery.load', load))
  if (world.bugs.has('no-close')) return opening
  const reply = yield* run(owner, opening, { name: 'close' })
  if (reply !== 'OK') throw new GaveUp(`close: ${reply}`)
  return opening
}

/**
 * Between closing and fencing: what was decided is still heard where NATS takes it, on the stream that it was decided for.
 * An answer that does not come is no matter: what the journal does not have, did not happen.
 */
function* publishOutbox({ world, process }: Projector): Steps {
  const outbox = must(yield* world.askRedis(process, 'recovery.outbox', (node) => node.xrange(shardKeys.outbox)))
  for (const { id, fields } of outbox) {
    yield* world.askNats(process, 'recovery.late', (nats) =>
      nats.publish(journalSubject(epochOf(id)), id, fields.f ?? '')
    )
  }
}

/** Step 3. */
function* sealOlder(owner: Projector, epoch: number): Steps<Fence> {
  const { world, process } = owner
  const { bugs, tables } = world
  const toDrain: Array<{ epoch: number; last: number }> = []
  const gone: number[] = []
  let lost = false
  const openings = must(yield* owner.ask('recovery.openings', () => tables.liveOpenings(epoch)))
  for (const older of openings) {
    const name = journalStream(older)
    const before = must(yield* world.askNats(process, 'recovery.look', (nats) => nats.info(name)))
    if (!before) {
      const row = tables.openings.get(older)
      const passed = older < owner.position.epoch || isDrained(owner, older, row?.last)
      if (row?.created && !passed) lost = true
      gone.push(older)
      continue
    }
    const left = bugs.has('older-stream-not-sealed') || (bugs.has('seal-newest-only') && older !== openings.at(-1))
    if (!left) must(yield* world.askNats(process, 'recovery.seal', (nats) => nats.seal(name)))
    const sealed = must(yield* world.askNats(process, 'recovery.last', (nats) => nats.info(name)))
    if (!sealed) throw new GaveUp(`${name} is gone`)
    const last = bugs.has('last-before-seal') ? before.lastSequence : sealed.lastSequence
    if (owner.position.epoch === older && owner.position.sequence > last) lost = true
    yield* owner.write('recovery.sealed', () => {
      const row = tables.openings.get(older)
      if (row) row.last = last
    })
    toDrain.push({ epoch: older, last })
  }
  world.oracle.fenced(epoch)
  if (lost) world.trace('the journal is lost')
  return { toDrain, lost, gone }
}

function isDrained({ position }: Projector, epoch: number, last: number | undefined): boolean {
  return last !== undefined && position.epoch === epoch && position.sequence >= last
}

/**
 * NATS has no room for another stream: what is sealed is read to its end, and what the events have passed as well goes before
 * its time. Not what a lost journal left: that is published again before anything is read. @throws GaveUp when nothing could go
 */
function* makeRoom(owner: Projector, epoch: number, { toDrain, lost }: Fence): Steps {
  const { world, process } = owner
  const { tables } = world
  if (!lost || world.bugs.has('drain-before-republish')) {
    for (const { epoch: older, last } of toDrain) if (older >= owner.position.epoch) yield* owner.drain(older, last)
  }
  const listed = must(
    yield* owner.ask('recovery.givable', () => ({ openings: tables.liveOpenings(epoch), place: tables.eventsPlace }))
  )
  let given = 0
  for (const older of listed.place ? listed.openings : []) {
    const name = journalStream(older)
    const passed = (read: Position) =>
      read.epoch > older ? Number.POSITIVE_INFINITY : read.epoch < older ? 0 : read.sequence
    const info = must(yield* world.askNats(process, 'recovery.held', (nats) => nats.info(name)))
    if (!info || Math.min(passed(owner.position), passed(listed.place ?? owner.position)) < info.lastSequence) continue
    must(yield* world.askNats(process, 'recovery.delete', (nats) => nats.deleteStream(name)))
    yield* owner.write('recovery.given', () => {
      const row = tables.openings.get(older)
      if (row) row.deleted = true
    })
    given += 1
  }
  if (given === 0) throw new GaveUp('NATS has no room for another stream')
}

function* createStream(owner: Projector, epoch: number): Steps {
  const { world, process } = owner
  const { openings } = world.tables
  yield* owner.write('recovery.name', () => {
    if (!openings.has(epoch)) openings.set(epoch, { created: false, last: undefined, deleted: false })
  })
  must(
    yield* world.askNats(process, 'recovery.create', (nats) =>
      nats.addStream(journalStream(epoch), journalSubject(epoch))
    )
  )
  yield* owner.write('recovery.created', () => {
    const row = openings.get(epoch)
    if (row) row.created = true
  })
}

/** Journal lost: what kept and outbox hold, together, in batch order, on the new stream. */
function* republish(owner: Projector, epoch: number): Steps<number> {
  const { world, process } = owner
  const { bugs, scheduler } = world
  const loose = (node: FakeRedis) => {
    const frames = new Map<string, string>()
    if (!bugs.has('republish-outbox-only')) {
      for (const [entry, payload] of node.hgetall(shardKeys.kept)) frames.set(entry, payload)
    }
    if (!bugs.has('republish-kept-only')) {
      for (const { id, fields } of node.xrange(shardKeys.outbox)) frames.set(id, fields.f ?? '')
    }
    return [...frames.values()].map((payload) => ({ payload, frame: JSON.parse(payload) as Frame }))
  }
  const frames = must(yield* world.askRedis(process, 'recovery.loose', loose))
  frames.sort((a, b) => a.frame.epoch - b.frame.epoch || a.frame.batch - b.frame.batch)
  if (bugs.has('republish-unordered')) frames.reverse()
  let last = 0
  for (const { payload, frame } of frames) {
    const publish = world.askNats(process, 'recovery.republish', (nats) =>
      nats.publish(journalSubject(epoch), entryOf(frame), payload)
    )
    if (bugs.has('republish-unacked')) scheduler.spawn(process, publish)
    else last = Math.max(last, must(yield* publish).sequence)
  }
  return last
}

function* endOf({ world, process }: Projector, epoch: number): Steps<number> {
  const info = must(yield* world.askNats(process, 'recovery.end', (nats) => nats.info(journalStream(epoch))))
  return info?.lastSequence ?? 0
}

/** Steps 5 and 6. */
function* restoreRedis(owner: Projector, opening: Opening): Steps {
  const { world, process } = owner
  const { bugs, tables } = world
  const decisions = must(yield* owner.ask('recovery.fold', () => tables.inOrder()))
  const stays = (key: string) => bugs.has('outbox-stays') && (key === shardKeys.outbox || key === shardKeys.kept)
  const scan = (node: FakeRedis) => node.keys().filter((key) => key !== shardKeys.shard && !stays(key))
  const old = must(yield* world.askRedis(process, 'recovery.scan', scan))
  yield* noteDropped(owner)
  const restore = function* (hashes: RestoreCall['hashes']): Steps {
    const reply = yield* run(owner, opening, { name: 'restore', args: { hashes } })
    if (reply !== 'OK') throw new GaveUp('another recovery has taken over')
  }
  yield* restore(old.map((key) => [key, undefined] as const))
  // two windows: Redis adds up what both sum to
  const half = Math.ceil(decisions.length / 2)
  for (const window of [decisions.slice(0, half), decisions.slice(half)]) {
    const hashes = [...tables.fold(window)]
    const middle = Math.ceil(hashes.length / 2)
    yield* restore(hashes.slice(0, middle))
    yield* restore(hashes.slice(middle))
  }
  if (!bugs.has('no-verify')) yield* verify(owner, tables.fold(decisions).size)
}

/** For the oracle: which decisions are void from here. */
function* noteDropped({ world, process }: Projector): Steps {
  const read = yield* world.askRedis(process, 'recovery.dropped', (node) => node.xrange(shardKeys.outbox))
  if (!read.ok) return
  for (const { id } of read.value) if (!world.oracle.journaled.has(id)) world.oracle.dropped.add(id)
}

function* verify(owner: Projector, keys: number): Steps {
  const { world, process } = owner
  const { bugs, tables } = world
  const read = (node: FakeRedis) => ({
    keys: node.keys().filter((key) => key !== shardKeys.shard).length,
    stock: new Map(node.hgetall(STOCK))
  })
  const found = must(yield* world.askRedis(process, 'recovery.verify', read))
  const expected = must(yield* owner.ask('recovery.stock', () => new Map(tables.counters.get(STOCK))))
  const differs = [...expected].filter(([field, value]) => Number(found.stock.get(field) ?? 0) !== value)
  if (differs.length > 0) throw new GaveUp(`Redis differs from Postgres in ${differs.join()}`)
  if (found.keys !== keys && !bugs.has('keys-stay') && !bugs.has('outbox-stays')) {
    throw new GaveUp(`${found.keys} keys in Redis, ${keys} folded`)
  }
}
