import type { Steps } from '../../scheduler.ts'
import type { FakeRedis } from '../fake-redis.ts'
import { batchOf, comparePlaces, epochOf, journalStream, NOWHERE, type Place, placeOf } from '../frame.ts'
import type { GateClient } from '../gate/gate-client.ts'
import { decisionOf, isReplay, type Opening, PAST, shardKeys, userKey } from '../gate/gate-state.ts'
import { must, type Projector } from '../projector.ts'
import { shaOf } from '../scripts.ts'
import { mayMove, moveRows, nextArchive } from './archive.ts'
import { advanceCheckpoint, foldAll, forgettable, noteMarker } from './checkpoint.ts'
import type { ForgetCall, RepairCall } from './upkeep-scripts.ts'

const REPLAYS_PER_CALL = 6

/** What the owner of an open shard does so that nothing grows for ever. Each step is lost or repeated without harm. */
export class Upkeep {
  readonly #owner: Projector
  readonly #opening: Opening
  readonly #gate: GateClient

  constructor(owner: Projector, opening: Opening, gate: GateClient) {
    this.#owner = owner
    this.#opening = opening
    this.#gate = gate
  }

  /** Behind the projection and never in its way. */
  *checkpoint(): Steps {
    const { tables, bugs } = this.#owner.world
    yield* this.#owner.write('upkeep.checkpoint', () => advanceCheckpoint(tables, bugs))
  }

  /** Replays of decisions that are old enough, oldest first, from Redis' own marker. */
  *forget(): Steps {
    const { tables, bugs, scheduler, retentionMs } = this.#owner.world
    const from = yield* this.#marker()
    const before = scheduler.now - retentionMs
    const list = () => forgettable(tables, from, { before, most: REPLAYS_PER_CALL, bugs })
    const found = must(yield* this.#owner.ask('upkeep.forgettable', list))
    let to = from
    if (found.entries.length > 0) {
      const reply = yield* this.#run('forget', { from, ...found } satisfies ForgetCall)
      if (reply !== 'OK') return
      to = found.to
    }
    yield* this.#owner.write('upkeep.marker', () => noteMarker(tables, to, bugs))
  }

  /** A campaign that is final leaves Redis by a chain of decisions, and then its rows leave. */
  *archive(): Steps {
    const { tables, bugs, scheduler, retentionMs } = this.#owner.world
    const marker = yield* this.#marker()
    const asked = { campaign: PAST, before: scheduler.now - retentionMs, marker, bugs }
    // before the first decision that an earlier version does not understand
    const look = () => ({ command: nextArchive(tables, asked), moves: mayMove(tables, asked) })
    const { command: next, moves } = must(yield* this.#owner.ask('upkeep.next', look))
    if (next) {
      if (!bugs.has('version-at-rows')) yield* this.#raiseVersion()
      if (bugs.has('archive-outside')) yield* this.#archiveOutside()
      else yield* this.#gate.ask({ ...next, notAfter: scheduler.now + retentionMs })
      return
    }
    if (!moves) return
    yield* this.#owner.write('upkeep.move', () => {
      moveRows(tables, asked)
      if (!bugs.has('any-version')) tables.state.leastVersion = 2
    })
  }

  /** Bug: by hand, and not by decisions. */
  *#archiveOutside(): Steps {
    const { tables } = this.#owner.world
    const drop = (node: FakeRedis) => node.del(`s:${PAST}`)
    must(yield* this.#owner.world.askRedis(this.#owner.process, 'upkeep.drop', drop))
    yield* this.#owner.write('upkeep.move', () => {
      tables.state.archived.add(PAST)
      tables.state.counters.delete(`s:${PAST}`)
    })
  }

  /** Rows of frames that can come again only as a second copy. */
  *prune(): Steps {
    const { tables, bugs } = this.#owner.world
    const { process } = this.#owner
    const isComplete = (entry: string) => batchOf(entry) <= (tables.state.openings.get(epochOf(entry))?.complete ?? 0)
    const list = () => {
      return [...tables.state.frames]
        .filter(([entry]) => isComplete(entry) || bugs.has('rows-above-complete'))
        .map(([entry, { stream }]) => ({ entry, stream }))
    }
    const rows = must(yield* this.#owner.ask('upkeep.passed', list))
    if (rows.length === 0) return
    const held = must(
      yield* this.#owner.world.askNats(process, 'upkeep.held', (nats) =>
        rows.filter(
          ({ stream }) => (nats.info(journalStream(stream.epoch))?.firstSequence ?? Infinity) > stream.sequence
        )
      )
    )
    if (held.length === 0) return
    yield* this.#raiseVersion()
    yield* this.#owner.write('upkeep.prune', () => {
      for (const { entry } of held) tables.state.frames.delete(entry)
    })
  }

  /** Writes some user's hash anew, as after a comparison that found a difference. */
  *repair(): Steps {
    const { tables, bugs, scheduler } = this.#owner.world
    const { epoch } = this.#opening
    const marker = yield* this.#marker()
    const read = () => {
      const hashes = foldAll(tables, bugs)
      const users = [...hashes.keys()].filter((key) => key.startsWith(userKey('')))
      const key = users.length === 0 ? '' : scheduler.pick(users)
      return { key, fields: hashes.get(key) ?? new Map(), batch: tables.wholeUpTo(epoch) }
    }
    const { key, fields, batch } = must(yield* this.#owner.ask('upkeep.user', read))
    if (key === '' || batch === undefined) return
    for (const [field, value] of fields) {
      if (isReplay(field) && comparePlaces(decisionOf(String(value)), marker) <= 0) fields.delete(field)
    }
    fields.delete('d')
    yield* this.#run('repair', { key, fields, batch, marker } satisfies RepairCall)
  }

  /** From the first of these removals on, an earlier version would build a wrong Redis or store a frame twice. */
  *#raiseVersion(): Steps {
    const { tables, bugs } = this.#owner.world
    if (bugs.has('any-version')) return
    yield* this.#owner.write('upkeep.version', () => {
      tables.state.leastVersion = 2
    })
  }

  *#marker(): Steps<Place> {
    const { world, process } = this.#owner
    const read = (node: FakeRedis) => node.hget(shardKeys.marker, 'value')
    const found = must(yield* world.askRedis(process, 'upkeep.look', read))
    return found === undefined ? NOWHERE : placeOf(found)
  }

  *#run(name: 'forget' | 'repair', args: object): Steps<unknown> {
    const { world, process } = this.#owner
    const sha = shaOf(name, this.#opening, world.bugs)
    const call = { ...args, opening: this.#opening }
    return must(yield* world.askRedis(process, `upkeep.${name}`, (node) => node.evalsha(sha, call) as unknown))
  }
}
