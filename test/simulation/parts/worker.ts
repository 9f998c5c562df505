import { EventsReader } from '../events.ts'
import { type Future, type Process, type Steps, wait } from '../scheduler.ts'
import type { World } from '../world.ts'
import { dueCommands } from './due.ts'
import { SESSION_GONE, type Session } from './fake-postgres.ts'
import { entryOf, journalStream } from './frame.ts'
import { GateClient, isClosed, type Outcome } from './gate/gate-client.ts'
import { type Opening, openFrame, shardKeys, type Version } from './gate/gate-state.ts'
import { cleanJournal } from './janitor.ts'
import { Lapses } from './lapses.ts'
import { GaveUp, must, Projector } from './projector.ts'
import { recover } from './recovery/recovery.ts'
import { isBefore, type ShardRow } from './rows.ts'
import { shaOf, type TrimCall } from './scripts.ts'
import { Upkeep } from './upkeep/upkeep.ts'

const RELAY_AFTER_MS = 1000
const EVERY = {
  probe: 400,
  relay: 300,
  tidy: 1500,
  drive: 400,
  janitor: 2500,
  idle: 80,
  retry: 300,
  upkeep: 200
} as const

/** Work on one opening: over when the shard must be opened again or the owner gave up. */
interface Tenure {
  over: boolean
}

/** A worker process: takes the shard, opens it where it must be opened, and works on it. */
export class Worker {
  readonly #world: World
  readonly #process: Process
  readonly #gate: GateClient
  readonly #events: EventsReader
  readonly #version: Version
  #tenure: Tenure = { over: true }

  constructor(world: World, process: Process) {
    this.#world = world
    this.#process = process
    this.#gate = new GateClient(world, process)
    this.#events = new EventsReader(world, process)
    this.#version = world.versionOf(process)
    world.scheduler.spawn(process, this.#run())
  }

  *#run(): Steps {
    const { scheduler } = this.#world
    for (;;) {
      const session = this.#world.connect(this.#process)
      try {
        yield* this.#own(session)
      } catch (error) {
        if (!(error instanceof GaveUp)) throw error
        this.#world.trace(`${this.#process.name} gives up: ${error.message}`)
      }
      this.#tenure.over = true
      this.#world.abandon(this.#process, session)
      yield* wait(scheduler.sleep(EVERY.retry))
    }
  }

  *#own(session: Session): Steps {
    const { postgres, bugs } = this.#world
    const ask = <T>(name: string, run: () => T) => this.#world.askPostgres(this.#process, name, run)
    if (!bugs.has('no-lock') && !must(yield* ask('worker.lock', () => postgres.tryLock(session)))) {
      this.#events.stop()
      return
    }
    const raise = (row: ShardRow) => {
      row.term += 1
    }
    must(yield* ask('worker.term', () => postgres.update(session, () => true, raise)))
    const row = () => ({ ...postgres.read(), leastVersion: this.#world.tables.state.leastVersion })
    const { term, position, state, opening: named, leastVersion } = must(yield* ask('worker.row', row))
    if (this.#version < leastVersion) throw new GaveUp(`version ${this.#version} is too old for what was removed`)
    const { process, version } = { process: this.#process, version: this.#version }
    const owner = new Projector(this.#world, { process, session, version, term, position })
    this.#events.start()
    let opening: Opening | undefined
    // the scripts of a later version than the opening's are not there
    if (state === 'open' && version <= named.version && (yield* this.#isAlive(owner, named))) {
      const info = must(
        yield* this.#world.askNats(process, 'worker.end', (nats) => nats.info(journalStream(named.epoch)))
      )
      const held = info?.lastSequence ?? 0
      if (held > 0 && !bugs.has('drive-unread')) owner.driveFrom = { epoch: named.epoch, sequence: held }
      opening = named
    }
    for (;;) {
      if (!opening) {
        opening = yield* recover(owner)
        owner.driveFrom = undefined
      }
      const tenure = { over: false }
      this.#tenure = tenure
      this.#startLoops(owner, opening)
      while (!tenure.over) yield* this.#project(owner, opening)
      opening = undefined
    }
  }

  *#project(owner: Projector, { epoch }: Opening): Steps {
    const reply = yield* owner.read(epoch)
    if (reply.ok && reply.value.length > 0) yield* owner.store(epoch, reply.value)
    else yield* wait(this.#world.scheduler.sleep(EVERY.idle))
  }

  #startLoops(owner: Projector, opening: Opening): void {
    const { scheduler, bugs } = this.#world
    const tenure = this.#tenure
    const every = (ms: number, step: () => Steps) => {
      scheduler.spawn(
        this.#process,
        loop(tenure, () => scheduler.sleep(ms), step)
      )
    }
    owner.committed = (frames) => {
      const mine = frames.filter(({ epoch }) => epoch === opening.epoch).map(entryOf)
      if (mine.length > 0) scheduler.spawn(this.#process, this.#trim(opening, mine))
    }
    if (!bugs.has('no-probe')) every(EVERY.probe, () => this.#probe(owner, opening, tenure))
    if (!bugs.has('no-relay')) every(EVERY.relay, () => this.#relay())
    if (!bugs.has('no-tidy')) {
      if (bugs.has('tidy-at-take-only')) scheduler.spawn(this.#process, this.#tidy(opening))
      else every(EVERY.tidy, () => this.#tidy(opening))
    }
    every(EVERY.drive, () => this.#drive(owner))
    every(EVERY.janitor, () => cleanJournal(this.#world, this.#process, { opening, owner, events: this.#events }))
    if (this.#version === 1) return
    if (this.#world.tables.state.lapses.size > 0) {
      const lapses = new Lapses(owner, opening, this.#gate)
      every(EVERY.drive, () => carefully(this.#mayAsk(owner) ? lapses.step() : nothing()))
    }
    const upkeep = new Upkeep(owner, opening, this.#gate)
    const removing = function* (world: World, step: Steps): Steps {
      if (!world.keepsAll) yield* carefully(step)
    }
    every(scheduler.pick([EVERY.upkeep, EVERY.janitor]), () => carefully(upkeep.checkpoint()))
    every(EVERY.upkeep, () => carefully(upkeep.forget()))
    every(EVERY.upkeep, () => removing(this.#world, upkeep.archive()))
    every(EVERY.janitor, () => removing(this.#world, upkeep.prune()))
    every(EVERY.janitor, () => carefully(upkeep.repair()))
  }

  *#probe(owner: Projector, opening: Opening, tenure: Tenure): Steps {
    if (!(yield* this.#isAlive(owner, opening))) tenure.over = true
  }

  /** A real gate call, and the stream of this opening. */
  *#isAlive(owner: Projector, opening: Opening): Steps<boolean> {
    const { postgres, bugs } = this.#world
    const reply = yield* this.#gate.call(opening, { settle: [], commands: [], notAfter: 0 }, 'worker.probe')
    if (isClosed(reply)) return false
    const row = yield* owner.ask('worker.state', () => postgres.read())
    if (row.ok ? row.value.state !== 'open' : row.error === SESSION_GONE) return false
    if (bugs.has('no-stream-probe')) return true
    // read first: the projection may pass the answer while it is under way
    const { position } = owner
    const name = journalStream(opening.epoch)
    const info = yield* this.#world.askNats(this.#process, 'worker.stream', (nats) => nats.info(name))
    if (!info.ok) return true
    return (
      info.value !== undefined && !(position.epoch === opening.epoch && info.value.lastSequence < position.sequence)
    )
  }

  *#trim(opening: Opening, entries: readonly string[]): Steps {
    const sha = shaOf('trim', opening, this.#world.bugs)
    const call: TrimCall = { entries, opening }
    yield* this.#world.askRedis(this.#process, 'worker.trim', (node) => node.evalsha(sha, call))
  }

  *#relay(): Steps {
    const { scheduler } = this.#world
    const read = yield* this.#world.askRedis(this.#process, 'relay.read', (node) => node.xrange(shardKeys.outbox))
    if (!read.ok) return
    const old = read.value.filter(({ fields }) => scheduler.now - Number(fields.t) > RELAY_AFTER_MS)
    for (const { id, fields } of old) yield* this.#gate.confirm(openFrame(id, fields))
  }

  /** Settles and deletes what Postgres already has. */
  *#tidy(opening: Opening): Steps {
    const { tables } = this.#world
    const read = yield* this.#world.askRedis(this.#process, 'tidy.read', (node) => [
      ...node.xrange(shardKeys.outbox).map(({ id }) => id),
      ...node.hgetall(shardKeys.kept).keys()
    ])
    if (!read.ok || read.value.length === 0) return
    const mine = read.value.filter((entry) => entry.startsWith(`${opening.epoch}-`))
    const stored = yield* this.#world.askPostgres(this.#process, 'tidy.stored', () =>
      mine.filter((entry) => tables.hasFrame(entry))
    )
    if (stored.ok && stored.value.length > 0) yield* this.#trim(opening, stored.value)
  }

  /** Whether all is read that the journal held when the shard was taken. */
  #mayAsk({ driveFrom, position }: Projector): boolean {
    return driveFrom === undefined || !isBefore(position, driveFrom)
  }

  /** Asks the gate for what is due: expiries, credits, adjustments. */
  *#drive(owner: Projector): Steps {
    const { tables, bugs } = this.#world
    if (!this.#mayAsk(owner)) return
    // on the owner's session: a Postgres that went back has ended it, and lists what was done and forgotten long ago
    const listed = yield* owner.ask('drive.list', () => dueCommands(this.#world))
    if (!listed.ok) return
    for (const command of listed.value) {
      const outcome: Outcome = yield* this.#gate.ask(command)
      const decided = outcome.kind === 'confirmed' || outcome.kind === 'pending'
      const early = command.op === 'credit' ? 'credit-closed-early' : 'intent-closed-early'
      if (!decided || command.op === 'expire' || !bugs.has(early)) continue
      yield* this.#world.askPostgres(this.#process, 'drive.close', () => {
        const row = (command.op === 'credit' ? tables.state.due : tables.state.intents).get(command.cause ?? '')
        if (row) row.closed = true
      })
    }
  }
}

function* nothing(): Steps {}

function* loop(tenure: Tenure, pause: () => Future<void>, step: () => Steps): Steps {
  while (!tenure.over) {
    yield* step()
    yield* wait(pause())
  }
}

/** What fails is tried again the next time. */
function* carefully(step: Steps): Steps {
  try {
    yield* step
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error
  }
}
