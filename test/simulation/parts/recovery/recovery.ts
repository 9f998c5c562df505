import { type Steps, wait } from '../../scheduler.ts'
import type { FakeRedis, StreamEntry } from '../fake-redis.ts'
import { epochOf, journalSubject, streamEpoch } from '../frame.ts'
import { type Opening, shardKeys } from '../gate/gate-state.ts'
import { GaveUp, must, type Projector } from '../projector.ts'
import type { CloseReply } from '../scripts.ts'
import { baseText } from '../upkeep/checkpoint.ts'
import { createStream, makeRoom, sealOlder } from './fence.ts'
import { fillRedis } from './fill-redis.ts'
import { endOf, republish } from './lost-journal.ts'
import { runScript } from './run-script.ts'

/** How often NATS has no room for the stream of an opening. */
const NO_ROOM = 0.1
/** How often what NATS does not take at once is published again before the fence, and the pause between. */
const LATE_TRIES = [1, 3] as const
const LATE_PAUSE_MS = 60

/** Opens the shard: steps 1 to 8. May stop anywhere and starts again at 1. @throws GaveUp */
export function* recover(owner: Projector): Steps<Opening> {
  const { world } = owner
  const epoch = yield* nextEpoch(owner)
  const { opening, held } = yield* closeGate(owner, epoch)
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
      world.tables.name(gone).deleted = true
    })
  }
  yield* fillRedis(owner, opening, held)
  yield* openShard(owner, opening)
  return opening
}

/** Steps 7 and 8. */
function* openShard(owner: Projector, opening: Opening): Steps {
  const { world } = owner
  const { epoch } = opening
  const token = owner.version === 2 ? world.newToken() : undefined
  const openRow = () =>
    owner.change(
      'recovery.mark',
      (row) => {
        row.state = 'open'
        row.opening = opening
        world.tables.name(epoch).token = token
      },
      (row) => world.bugs.has('mark-any-epoch') || row.epoch === epoch
    )
  if (!world.bugs.has('open-before-mark')) yield* openRow()
  const base = token && baseText(epoch, token)
  const reply = yield* runScript(owner, opening, { name: 'open', args: { base } })
  if (reply !== 'OK') throw new GaveUp('Redis was exchanged before the end')
  if (world.bugs.has('open-before-mark')) yield* openRow()
}

/** Step 1. Above every stream there is: a Postgres that went back would give numbers twice. */
function* nextEpoch(owner: Projector): Steps<number> {
  const { world, process } = owner
  const names = must(yield* world.askNats(process, 'recovery.newest', (nats) => nats.names()))
  const newest = Math.max(0, ...names.map((name) => streamEpoch(name) ?? 0))
  yield* owner.change('recovery.epoch', (row) => {
    if (!world.bugs.has('epoch-by-row')) row.epoch = Math.max(row.epoch, newest)
    if (!world.bugs.has('same-epoch') || row.opening.epoch === 0) row.epoch += 1
    row.state = 'closed'
    world.oracle.sawEpoch(row.epoch)
  })
  const { epoch } = must(yield* owner.ask('recovery.row', () => world.postgres.read()))
  return epoch
}

/** Step 2: from here no call of another epoch writes. */
function* closeGate(owner: Projector, epoch: number): Steps<{ opening: Opening; held: CloseReply | undefined }> {
  const { world, process, version } = owner
  const replid = must(yield* world.askRedis(process, 'recovery.replid', (node) => node.replid))
  const opening = { epoch, replid, version }
  const load = (node: FakeRedis) => {
    for (const script of world.scripts(opening)) node.load(script)
  }
  must(yield* world.askRedis(process, 'recovery.load', load))
  if (world.bugs.has('no-close')) return { opening, held: undefined }
  const held = (yield* runScript(owner, opening, { name: 'close' })) as CloseReply
  if (held.status !== 'OK') throw new GaveUp(`close: ${held.status}`)
  return { opening, held }
}

/**
 * Between closing and fencing: what was decided is still heard where NATS takes it, on the stream that it was decided for.
 * An answer that does not come is no matter: what the journal does not have, did not happen.
 */
function* publishOutbox({ world, process, version }: Projector): Steps {
  let left = must(yield* world.askRedis(process, 'recovery.outbox', (node) => node.xrange(shardKeys.outbox)))
  // NATS may be away for longer
  const most = version === 2 ? world.scheduler.pick(LATE_TRIES) : 1
  for (let tries = 0; left.length > 0 && tries < most; tries += 1) {
    if (tries > 0) yield* wait(world.scheduler.sleep(LATE_PAUSE_MS))
    const open: StreamEntry[] = []
    for (const entry of left) {
      const { id, fields } = entry
      const reply = yield* world.askNats(process, 'recovery.late', (nats) =>
        nats.publish(journalSubject(epochOf(id)), id, fields.f ?? '')
      )
      if (!reply.ok) open.push(entry)
    }
    left = open
  }
}
