import type { Steps } from '../../scheduler.ts'
import type { FakeRedis } from '../fake-redis.ts'
import { batchOf, comparePlaces, type Fields, type Hashes, placeText } from '../frame.ts'
import { campaigns, type Opening, shardKeys, stockKey } from '../gate/gate-state.ts'
import { GaveUp, must, type Projector } from '../projector.ts'
import type { StoredDecision } from '../rows.ts'
import type { CloseReply, RestoreCall, ScriptName } from '../scripts.ts'
import { baseText, foldAll, framesAfter, whyNoPrefix } from '../upkeep/checkpoint.ts'
import { foldInto } from '../upkeep/fold.ts'
import type { PageCall, Prefix } from './catch-up-scripts.ts'
import { runScript, type ScriptRun } from './run-script.ts'

const FRAMES_PER_PAGE = 3
type Run = (name: ScriptName, args?: object, how?: Pick<ScriptRun, 'again' | 'as'>) => Steps

/** Steps 5 and 6: Redis holds what Postgres says. */
export function* fillRedis(owner: Projector, opening: Opening, held: CloseReply | undefined): Steps {
  const { world, version } = owner
  const run: Run = function* (name, args = {}, how = {}) {
    const reply = yield* runScript(owner, opening, { name, args, ...how })
    if (reply !== 'OK') throw new GaveUp(`${name}: ${String(reply)}, another recovery has taken over`)
  }
  const why = yield* whyRebuilt(owner, held)
  if (why === undefined && held?.base !== undefined) {
    yield* catchUp(owner, run, held)
    world.oracle.caughtUp += 1
  } else {
    world.trace(`rebuilt: ${why}`)
    yield* rebuild(owner, run)
    world.oracle.rebuilt += 1
  }
  if (!world.bugs.has('no-verify')) yield* verify(owner, opening, { keys: why !== undefined && version === 2 })
}

function* whyRebuilt(owner: Projector, held: CloseReply | undefined): Steps<string | undefined> {
  const { world, version } = owner
  if (version === 1) return 'an earlier version knows nothing else'
  if (held === undefined) return 'it was not closed'
  if (world.rebuildAsked) {
    world.rebuildAsked = false
    return 'somebody asked for it'
  }
  return must(yield* owner.ask('recovery.prefix', () => ({ why: whyNoPrefix(world.tables, held, world.bugs) }))).why
}

/** Settle, drop kept, then what is missing in pages of whole frames. */
function* catchUp(owner: Projector, run: Run, held: CloseReply): Steps {
  const { world } = owner
  const { bugs, tables } = world
  const base = held.base ?? ''
  const epoch = Number(base.slice(0, base.indexOf(';')))
  const read = () => ({
    frames: framesAfter(tables, { epoch, seq: held.seq }),
    newest: Math.max(0, ...[...tables.state.decisions.values()].map(({ at }) => at)),
    tokens: new Map([...tables.state.openings].map(([each, { token }]) => [each, token]))
  })
  const { frames, newest, tokens } = must(yield* owner.ask('recovery.missing', read))
  world.trace(`caught up from ${placeText({ epoch, seq: held.seq })}: ${frames.length} frames`)
  if (!bugs.has('gives-not-settled')) yield* run('settle')
  else yield* run('restore', { hashes: [[shardKeys.outbox, undefined]] })
  yield* run('drop', {}, { again: true })
  let from: Prefix = { base, batch: held.batch, seq: held.seq }
  do {
    const some = frames.splice(0, FRAMES_PER_PAGE)
    const last = some.at(-1)?.at(-1)
    const to = last ? prefixAfter(last, tokens) : from
    const hashes = foldInto(new Map() as Hashes, some.flat(), { bugs })
    const clock = frames.length === 0 ? newest : 0
    yield* run('page', { from, to, hashes, clock } satisfies PageCall, { again: true })
    if (!bugs.has('base-not-moved')) from = to
  } while (frames.length > 0)
}

function prefixAfter({ epoch, entry, seq }: StoredDecision, tokens: ReadonlyMap<number, string | undefined>): Prefix {
  return { base: baseText(epoch, tokens.get(epoch)), batch: batchOf(entry), seq }
}

/** The base goes with the first call; then the other keys, in any order; then everything is written in windows that Redis adds up. */
function* rebuild(owner: Projector, run: Run): Steps {
  const { world, process, version } = owner
  const { bugs, tables, scheduler } = world
  const read = () => {
    const { rows, place, marker } = tables.state.checkpoint
    const decisions = tables.inOrder()
    if (version === 1) return { rows: [], decisions, marker: undefined, newest: 0 }
    return {
      rows: [...rows].map(([key, fields]) => [key, new Map(fields)] as const),
      decisions: decisions.filter((each) => comparePlaces(each, place) > 0),
      marker: placeText(marker),
      newest: Math.max(0, ...[...tables.state.decisions.values()].map(({ at }) => at))
    }
  }
  const { rows, decisions, marker, newest } = must(yield* owner.ask('recovery.fold', read))
  const stays = (key: string) =>
    key === shardKeys.shard ||
    (bugs.has('outbox-stays') && (key === shardKeys.outbox || key === shardKeys.kept)) ||
    (bugs.has('stale-base') && version === 1 && key === shardKeys.base)
  const scan = (node: FakeRedis) => node.keys().filter((key) => !stays(key))
  const old = must(yield* world.askRedis(process, 'recovery.scan', scan)).sort(() => scheduler.random() - 0.5)
  yield* noteDropped(owner)
  const isFirst = (key: string) => version === 2 && key === shardKeys.base && !bugs.has('base-goes-late')
  old.sort((a, b) => Number(isFirst(b)) - Number(isFirst(a)))
  const restore = (hashes: RestoreCall['hashes']) => run('restore', { hashes })
  const third = Math.ceil(old.length / 3)
  for (let from = 0; from < old.length; from += third) {
    const some = old.slice(from, from + third).map((key) => [key, undefined] as const)
    yield* run('restore', { hashes: some }, { as: 'wipe' })
  }
  if (rows.length > 0) yield* restore(rows)
  const half = Math.ceil(decisions.length / 2)
  for (const window of [decisions.slice(0, half), decisions.slice(half)]) {
    const hashes = [...foldInto(new Map() as Hashes, window, { bugs, version })]
    const middle = Math.ceil(hashes.length / 2)
    yield* restore(hashes.slice(0, middle))
    yield* restore(hashes.slice(middle))
  }
  if (marker === undefined) return
  const place: Fields = new Map([['value', marker]])
  yield* run('restore', { hashes: [[shardKeys.marker, place]], newest })
}

/** For the oracle: which decisions are void from here. */
function* noteDropped({ world, process }: Projector): Steps {
  const read = yield* world.askRedis(process, 'recovery.dropped', (node) => node.xrange(shardKeys.outbox))
  if (!read.ok) return
  for (const { id } of read.value) if (!world.oracle.journaled.has(id)) world.oracle.dropped.add(id)
}

/** A catch-up that differs is rebuilt by the next recovery. */
function* verify(owner: Projector, opening: Opening, { keys }: { keys: boolean }): Steps {
  const { world, process } = owner
  const { bugs, tables } = world
  const read = (node: FakeRedis) => ({
    keys: node.keys().filter((key) => key !== shardKeys.shard && key !== shardKeys.marker).length,
    stock: campaigns.map((campaign) => new Map(node.hgetall(stockKey(campaign))))
  })
  const found = must(yield* world.askRedis(process, 'recovery.verify', read))
  const ask = () => ({
    keys: foldAll(tables, bugs).size,
    stock: campaigns.map((campaign) => new Map(tables.state.counters.get(stockKey(campaign))))
  })
  const expected = must(yield* owner.ask('recovery.stock', ask))
  const differs = expected.stock.flatMap((counters, index) =>
    [...counters].filter(([field, value]) => Number(found.stock[index]?.get(field) ?? 0) !== value)
  )
  if (differs.length > 0) {
    if (owner.version === 2) yield* runScript(owner, opening, { name: 'forsake' })
    throw new GaveUp(`Redis differs from Postgres in ${differs.join()}`)
  }
  if (keys && found.keys !== expected.keys && !bugs.has('keys-stay') && !bugs.has('outbox-stays')) {
    throw new GaveUp(`${found.keys} keys in Redis, ${expected.keys} folded`)
  }
}
