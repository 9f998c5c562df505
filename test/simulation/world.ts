import type { Bugs } from './bugs.ts'
import { type Losses, type Moment, Network, type Reply, type Server, ServerError, type ServerName } from './network.ts'
import { Oracle } from './oracle.ts'
import { FakeNats } from './parts/fake-nats.ts'
import { FakePostgres, type Session } from './parts/fake-postgres.ts'
import { FakeRedis, type Snapshot } from './parts/fake-redis.ts'
import { entryOf, type Frame, PUBLIC_STREAM, PUBLIC_SUBJECT, streamEpoch } from './parts/frame.ts'
import { type Opening, shardKeys, type Version } from './parts/gate/gate-state.ts'
import { type IntentRow, isBefore, type Position, type ShardRow, type TablesState } from './parts/rows.ts'
import { openingScripts } from './parts/scripts.ts'
import { Tables } from './parts/tables.ts'
import { type Process, Scheduler, type Steps } from './scheduler.ts'

/** A Redis behind its connections. */
export interface RedisServer extends Server {
  readonly node: FakeRedis
}

/** What can be restored of Postgres. */
interface Backup {
  readonly row: ShardRow
  readonly state: TablesState
}

/** How hard this run is; decided by its seed, all zero once it heals. */
export interface Rates {
  readonly losses: Record<ServerName, Losses>
  /** a pull that says nothing is there although something is */
  readonly emptyRead: number
}

const noLoss: Losses = { request: 0, reply: 0, late: 0 }

export const calm: Rates = {
  losses: { redis: noLoss, nats: noLoss, postgres: noLoss, gateway: noLoss },
  emptyRead: 0
}

/** Decisions of one key are nearer than the retention time by this at most: what a clock may be behind. */
const CLOCKS_MS = 400
/** What a run can take for the time that replays are kept. */
const RETENTIONS_MS = [500, 1000, Number.POSITIVE_INFINITY] as const

/** The first epoch, as a creation time would be. */
const FIRST_EPOCH = 1000

export const deadlines = { redis: 800, nats: 1000, postgres: 3000 } as const

type Trace = (line: string) => void

/** All parts of one run, on one thread. */
export class World {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly bugs: Bugs
  readonly nats: FakeNats
  readonly natsServer = server('nats')
  readonly postgres: FakePostgres<ShardRow>
  readonly postgresServer = server('postgres')
  readonly tables: Tables
  readonly oracle: Oracle
  redis: RedisServer
  rates: Rates = calm
  /** unpaid orders expire */
  expiring = true
  /** when a Redis took over whose clock is behind, in the scheduler's time */
  clockWentBackAt = 0
  /** what Redis could fall back to */
  snapshots: Snapshot[] = []
  /** what Postgres could fall back to: the newest first; none unless the run restores one */
  backups: Backup[] = []
  /** how long replays are kept */
  readonly retentionMs: number
  /** what the clock of a replica may be behind */
  readonly skewMs: number
  /** worker processes of an earlier version, by name */
  readonly earlier = new Set<string>()
  /** somebody asked that Redis is written anew */
  rebuildAsked = false
  /** checkpoints, forgetting and archives begin later: an upgrade is under way */
  keepsAll = false
  readonly sessions = new Map<Process, Set<Session>>()
  /** told of each step boundary around a request */
  onPoint: ((name: string, moment: Moment, from: Process) => void) | undefined
  /** requests that were made, by name */
  readonly requested = new Set<string>()
  readonly #trace: Trace | undefined
  readonly #connections = new Map<Process, RedisServer>()
  #nodes = 0
  #tokens = 0

  constructor(seed: number, bugs: Bugs, trace?: Trace) {
    this.bugs = bugs
    this.#trace = trace
    this.scheduler = new Scheduler(seed)
    this.network = new Network({
      scheduler: this.scheduler,
      losses: (name) => this.rates.losses[name],
      observe: (name, moment, from) => {
        this.requested.add(name)
        if (trace) this.trace(`${from.name} ${name} ${moment}`)
        this.onPoint?.(name, moment, from)
      }
    })
    this.nats = new FakeNats(() => this.scheduler.now)
    this.nats.addStream(PUBLIC_STREAM, PUBLIC_SUBJECT)
    this.oracle = new Oracle({
      tell: (what) => this.trace(`FAILED ${what}`),
      isForgotten: (at) => at < this.scheduler.now - this.retentionMs + CLOCKS_MS
    })
    this.retentionMs = this.scheduler.pick(RETENTIONS_MS)
    this.skewMs = Number.isFinite(this.retentionMs) ? CLOCKS_MS - 100 : 1500
    this.tables = new Tables({
      bugs,
      violated: (what) => this.oracle.fail(what),
      clock: () => this.scheduler.now,
      apartMs: this.retentionMs - CLOCKS_MS
    })
    const opening: Opening = { epoch: 0, replid: '', version: 2 }
    const position = { epoch: 0, sequence: 0 }
    this.postgres = new FakePostgres<ShardRow>({ epoch: FIRST_EPOCH, state: 'closed', opening, term: 0, position })
    this.redis = this.newRedis()
    this.nats.onStored = (stream, message) => this.oracle.stored(stream, message)
  }

  /** One line of the trace of this run. */
  trace(line: string): void {
    this.#trace?.(`${this.scheduler.steps} ${this.scheduler.now - 1_000_000} ms: ${line}`)
  }

  newRedis(): RedisServer {
    const node = new FakeRedis(() => {
      this.#nodes += 1
      return `replid${this.#nodes}`
    })
    return { ...server('redis'), node }
  }

  /** The Redis that a process is connected to: it stays with an old one until that connection breaks. */
  redisOf(process: Process): RedisServer {
    const known = this.#connections.get(process)
    if (known?.up) return known
    this.#connections.set(process, this.redis)
    return this.redis
  }

  reconnect(process: Process): void {
    this.#connections.delete(process)
  }

  /** A session for a process, which outlives it until the server notices. */
  connect(process: Process): Session {
    const session = this.postgres.connect()
    const sessions = this.sessions.get(process) ?? new Set()
    this.sessions.set(process, sessions.add(session))
    return session
  }

  /** The connection is gone on the client's side; the server notices sooner or later. */
  abandon(process: Process, session: Session): void {
    this.sessions.get(process)?.delete(session)
    this.scheduler.send({ place: this.postgresServer, deliver: () => this.postgres.end(session) })
  }

  abandonAll(process: Process): void {
    for (const session of [...(this.sessions.get(process) ?? [])]) this.abandon(process, session)
  }

  *askRedis<T>(from: Process, name: string, run: (node: FakeRedis) => T): Steps<Reply<T>> {
    const server = this.redisOf(from)
    const request = { name, run: () => run(server.node), deadlineMs: deadlines.redis }
    return yield* this.network.call(from, server, request)
  }

  *askNats<T>(from: Process, name: string, run: (nats: FakeNats) => T): Steps<Reply<T>> {
    const request = { name, run: () => run(this.nats), deadlineMs: deadlines.nats }
    return yield* this.network.call(from, this.natsServer, request)
  }

  *askPostgres<T>(from: Process, name: string, run: () => T): Steps<Reply<T>> {
    return yield* this.network.call(from, this.postgresServer, { name, run, deadlineMs: deadlines.postgres })
  }

  /** A change by a connection of a pool, at once. */
  autocommit(change: () => void): void {
    const session = this.postgres.connect()
    this.postgres.write(session, change)
    this.postgres.end(session)
  }

  /** An operator asks for a change. */
  ask(cause: string, intent: Pick<IntentRow, 'op' | 'campaign' | 'delta'>): void {
    this.tables.state.intents.set(cause, { ...intent, closed: false, closedAt: 0 })
  }

  /** What a campaign gives expires at a moment, as its definition says. */
  letExpire(campaign: string, moment: number): void {
    const row = { moment, mark: undefined, users: undefined, closed: false, closedAt: 0 }
    this.tables.state.lapses.set(campaign, row)
  }

  /** An operator closes the shard in Postgres, so that its owner opens it again. */
  askReopening(): void {
    const session = this.postgres.connect()
    const close = (row: ShardRow) => {
      row.state = 'closed'
    }
    try {
      if (this.postgresServer.up) this.postgres.update(session, () => true, close)
    } catch (error) {
      // the row is locked for the moment
      if (!(error instanceof ServerError)) throw error
    }
    this.postgres.end(session)
  }

  /** Frames that some stream of the journal holds. */
  journalHolds(): Set<string> {
    const names = this.nats.names().filter((name) => streamEpoch(name) !== undefined)
    const messages = names.flatMap((name) => this.nats.pull(name, 1, Number.POSITIVE_INFINITY))
    return new Set(messages.map(({ payload }) => entryOf(JSON.parse(payload) as Frame)))
  }

  /** Frames that Redis holds. */
  redisHolds(): Set<string> {
    const { node } = this.redis
    return new Set([...node.hgetall(shardKeys.kept).keys(), ...node.xrange(shardKeys.outbox).map(({ id }) => id)])
  }

  versionOf(process: Process): Version {
    return this.earlier.has(process.name) ? 1 : 2
  }

  /** Differs for each opening, also where a number is given twice. */
  newToken(): string {
    this.#tokens += 1
    return `token${this.#tokens}`
  }

  /** Where the oldest backup of Postgres would read on. */
  backedUp(): Position {
    let oldest: Position = { epoch: Number.POSITIVE_INFINITY, sequence: 0 }
    for (const { row, state } of this.backups) {
      const place = state.eventsPlace ?? { epoch: 0, sequence: 0 }
      for (const each of [row.position, place]) if (isBefore(each, oldest)) oldest = each
    }
    return oldest
  }

  scripts(opening: Opening) {
    return openingScripts(opening, { clock: () => this.scheduler.now, bugs: this.bugs })
  }
}

function server(name: ServerName): Server {
  return { name, weight: 1, paused: false, up: true, incarnation: 0 }
}
