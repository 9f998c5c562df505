import type { Reply } from '../network.ts'
import type { Process, Steps } from '../scheduler.ts'
import type { World } from '../world.ts'
import type { Message } from './fake-nats.ts'
import type { Session } from './fake-postgres.ts'
import { type Frame, journalStream } from './frame.ts'
import type { Version } from './gate/gate-state.ts'
import { isBefore, type Position, type ShardRow } from './rows.ts'

/** The work cannot go on: its owner ends it and begins anew. */
export class GaveUp extends Error {}

/** @throws GaveUp when there is no good answer */
export function must<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new GaveUp(reply.error)
  return reply.value
}

const FRAMES_PER_TRANSACTION = 8

/** What one owner of the shard knows and holds. */
export class Projector {
  readonly world: World
  readonly process: Process
  readonly session: Session
  readonly term: number
  readonly version: Version
  position: Position
  /** what the journal held when the shard was taken: nothing is driven before it is read */
  driveFrom: Position | undefined
  /** told of frames that are committed */
  committed: (frames: readonly Frame[]) => void = () => {}

  constructor(
    world: World,
    owner: { process: Process; session: Session; version: Version; term: number; position: Position }
  ) {
    this.world = world
    this.process = owner.process
    this.session = owner.session
    this.version = owner.version
    this.term = owner.term
    this.position = owner.position
  }

  /** Changes the shard's row as its owner. @throws GaveUp when another one owns it, or Postgres does not answer */
  *change(name: string, change: (row: ShardRow) => void, where: (row: ShardRow) => boolean = () => true): Steps {
    const { bugs, postgres } = this.world
    const mine = (row: ShardRow) => (bugs.has('no-term') || row.term === this.term) && where(row)
    const reply = yield* this.ask(name, () => postgres.update(this.session, mine, change))
    if (must(reply) !== 1) throw new GaveUp('another worker owns the shard by now')
  }

  /** A statement on the owner's session. */
  ask<T>(name: string, run: () => T): Steps<Reply<T>> {
    const checked = () => {
      this.world.postgres.check(this.session)
      return run()
    }
    return this.world.askPostgres(this.process, name, checked)
  }

  /** Writes other tables on the owner's session. @throws GaveUp */
  *write(name: string, change: () => void): Steps {
    must(yield* this.ask(name, () => this.world.postgres.write(this.session, change)))
  }

  /** What the stream holds beyond the position; nothing may mean anything. */
  *read(epoch: number): Steps<Reply<Message[]>> {
    const { scheduler, rates } = this.world
    const from = this.position.epoch === epoch ? this.position.sequence + 1 : 1
    const most = scheduler.chance(rates.emptyRead) ? 0 : 1 + scheduler.draw(FRAMES_PER_TRANSACTION)
    const reply = yield* this.world.askNats(this.process, 'worker.read', (nats) =>
      nats.pull(journalStream(epoch), from, most)
    )
    const first = reply.ok ? reply.value[0] : undefined
    if (first && first.sequence !== from) throw new GaveUp(`frames from ${from} on are gone`)
    return reply
  }

  /** Frames, what they lead to, and the position, in one transaction. @throws GaveUp */
  *store(epoch: number, messages: readonly Message[]): Steps {
    const { bugs, postgres, tables } = this.world
    const position = { epoch, sequence: messages.at(-1)?.sequence ?? 0 }
    const frames = messages.map(({ payload }) => JSON.parse(payload) as Frame)
    if (bugs.has('trim-before-commit')) this.committed(frames)
    const advance = (row: ShardRow) => {
      row.position = position
    }
    const isAhead = (row: ShardRow) => isBefore(row.position, position)
    if (bugs.has('position-apart')) yield* this.change('worker.position', advance, isAhead)
    const mine = (row: ShardRow) => bugs.has('no-term') || row.term === this.term
    const write = () => {
      postgres.begin(this.session)
      const advanced = bugs.has('position-apart')
        ? 1
        : postgres.update(this.session, (r) => mine(r) && isAhead(r), advance)
      if (advanced !== 1) {
        postgres.rollback(this.session)
        return 0
      }
      const read = frames.map((frame, index) => ({
        frame,
        stream: { epoch, sequence: messages[index]?.sequence ?? 0 }
      }))
      postgres.write(this.session, () => tables.project(read))
      return 1
    }
    if (must(yield* this.ask('worker.write', write)) !== 1) throw new GaveUp('the position was moved by another owner')
    must(yield* this.ask('worker.commit', () => postgres.commit(this.session)))
    this.position = position
    if (!bugs.has('trim-before-commit')) this.committed(frames)
  }

  /** Brings Postgres to a sequence of a stream. @throws GaveUp */
  *drain(epoch: number, upTo: number): Steps {
    if (this.world.bugs.has('no-drain')) return
    const behind = () =>
      this.position.epoch < epoch ? upTo > 0 : this.position.epoch === epoch && this.position.sequence < upTo
    while (behind()) {
      const messages = must(yield* this.read(epoch))
      if (messages.length > 0) yield* this.store(epoch, messages)
      else if (this.world.bugs.has('empty-read-is-end')) return
    }
  }
}
