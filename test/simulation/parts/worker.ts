import { EventsReader } from '../events.ts'
import { type Future, type Process, type Steps, wait } from '../scheduler.ts'
import type { World } from '../world.ts'
import type { Session } from './fake-postgres.ts'
import { entryOf, journalStream } from './frame.ts'
import { GateClient, isClosed, type Outcome } from './gate-client.ts'
import { type Command, type Opening, openFrame, shardKeys } from './gate-script.ts'
import { cleanJournal } from './janitor.ts'
import { GaveUp, must, Projector } from './projector.ts'
import { recover } from './recovery.ts'
import { shaOf, type TrimCall } from './scripts.ts'
import type { ShardRow } from './tables.ts'

const RELAY_AFTER_MS = 1000
const EVERY = { probe: 1000, relay: 300, tidy: 1500, drive: 400, janitor: 2500, idle: 80, retry: 300 } as const

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
  #tenure: Tenure = { over: true }

  constructor(world: World, process: Process) {
    this.#world = world
    this.#process = process
    this.#gate = new GateClient(world, process)
    this.#events = new EventsReader(world, process)
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
    const { term, position, state, opening: named } = must(yield* ask('worker.row', () => postgres.read()))
    const owner = new Projector(this.#world, { process: this.#process, session, term, position })
    this.#events.start()
    let opening: Opening | undefined
    if (state === 'open' && (yield* this.#isAlive(owner, named))) opening = named
    for (;;) {
      opening ??= yield* recover(owner)
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
    every(EVERY.drive, () => this.#drive())
    every(EVERY.janitor, () => cleanJournal(this.#world, this.#process, { opening, owner, events: this.#events }))
  }

  *#probe(owner: Projector, opening: Opening, tenure: Tenure): Steps {
    if (!(yield* this.#isAlive(owner, opening))) tenure.over = true
  }

  /** A real gate call, and the stream of this opening. */
  *#isAlive(owner: Projector, opening: Opening): Steps<boolean> {
    const { postgres, bugs } = this.#world
    const reply = yield* this.#gate.call(opening, { settle: [], commands: [], notAfter: 0 }, 'worker.probe')
    if (isClosed(reply)) return false
    const row = yield* this.#world.askPostgres(this.#process, 'worker.state', () => postgres.read())
    if (row.ok && row.value.state !== 'open') return false
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

  /** Asks the gate for what is due: expiries, credits, adjustments. */
  *#drive(): Steps {
    const { tables, bugs } = this.#world
    const listed = yield* this.#world.askPostgres(this.#process, 'drive.list', () => dueCommands(this.#world))
    if (!listed.ok) return
    for (const command of listed.value) {
      const outcome: Outcome = yield* this.#gate.ask(command)
      const decided = outcome.kind === 'confirmed' || outcome.kind === 'pending'
      const early = command.op === 'credit' ? 'credit-closed-early' : 'intent-closed-early'
      if (!decided || command.op === 'expire' || !bugs.has(early)) continue
      yield* this.#world.askPostgres(this.#process, 'drive.close', () => {
        const row = (command.op === 'credit' ? tables.due : tables.intents).get(command.cause ?? '')
        if (row) row.closed = true
      })
    }
  }
}

function* loop(tenure: Tenure, pause: () => Future<void>, step: () => Steps): Steps {
  while (!tenure.over) {
    yield* step()
    yield* wait(pause())
  }
}

function dueCommands({ tables: { orders, due, intents }, expiring }: World): Command[] {
  const commands: Command[] = []
  for (const [order, { user, status }] of orders) {
    if (expiring && status === 'accepted')
      commands.push({ op: 'expire', user, key: `x:expire:${order}`, hash: 'expire', order })
  }
  for (const [cause, { user, closed }] of due) {
    if (!closed) commands.push({ op: 'credit', user, key: `x:credit:${cause}`, hash: 'credit', cause })
  }
  for (const [cause, { delta, closed }] of intents) {
    if (!closed) commands.push({ op: 'adjust', user: 'system', key: `x:adj:${cause}`, hash: 'adjust', cause, delta })
  }
  return commands
}
