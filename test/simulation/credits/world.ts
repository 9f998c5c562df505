import { type Losses, type Moment, Network, type Reply, type Server, type ServerName } from '../network.ts'
import { FakePostgres, type Session } from '../parts/fake-postgres.ts'
import { type Process, Scheduler, type Steps } from '../scheduler.ts'
import type { CreditBug } from './bugs.ts'
import { Rows } from './rows.ts'
import { type Command, type Decision, type GateReply, Shard } from './shard.ts'

/** How far the journal of a shard was read: by the listeners that share a place, and by each that reads alone. */
export interface Places {
  together: number
  alone: Readonly<Record<string, number>>
  known: readonly string[]
}

export type Outcome =
  | { readonly kind: 'confirmed' | 'pending'; readonly decision: Decision }
  | { readonly kind: 'refused'; readonly final: boolean }
  | { readonly kind: 'unknown' }

/** A shard and the places of its followers. */
export interface Part {
  readonly shard: Shard
  readonly server: Server
  readonly postgres: FakePostgres<Places>
}

/** A change of a row, and what is written in the same transaction. */
interface PlaceChange {
  readonly where: (row: Places) => boolean
  readonly change: (row: Places) => void
  readonly write?: () => void
  /** what is written is committed first, by itself */
  readonly isApart?: boolean
  /** the listener that fails when it writes, for which all of it is undone */
  readonly failing?: string | undefined
}

type Stored = 'stored' | 'undone' | { readonly failed: string }

export const users = ['u0', 'u1', 'u2', 'u3'] as const
const calm: Losses = { request: 0, reply: 0, late: 0 }

/** Two shards, the tables that they share, and the ways between them. */
export class CreditWorld {
  readonly scheduler: Scheduler
  readonly bug: CreditBug | undefined
  readonly rows: Rows
  readonly parts: readonly Part[]
  readonly tables = server('postgres')
  readonly failures: string[] = []
  /** the listeners of the rules in force; a change adds one */
  listeners: readonly string[] = ['first']
  settled = false
  losses: Losses = calm
  /** how often a listener fails */
  failing = 0
  /** told of each step boundary around a request */
  onPoint: ((moment: Moment, from: Process) => void) | undefined
  readonly #network: Network
  readonly #nats = server('nats')
  readonly #sessions = new Map<Session, { readonly of: Process; readonly postgres: FakePostgres<Places> }>()
  readonly #trace: ((line: string) => void) | undefined

  constructor(seed: number, bug?: CreditBug, trace?: (line: string) => void) {
    this.scheduler = new Scheduler(seed)
    this.bug = bug
    this.#trace = trace
    this.rows = new Rows(bug)
    this.parts = [0, 1].map((number) => ({
      shard: new Shard(number),
      server: server('redis'),
      postgres: new FakePostgres<Places>({ together: 0, alone: {}, known: ['first'] })
    }))
    this.#network = new Network({
      scheduler: this.scheduler,
      losses: () => this.losses,
      observe: (name, moment, from) => {
        this.trace(`${from.name} ${name} ${moment}`)
        this.onPoint?.(moment, from)
      }
    })
  }

  trace(line: string): void {
    this.#trace?.(`${this.scheduler.steps} ${this.scheduler.now - 1_000_000} ms: ${line}`)
  }

  calmDown(): void {
    this.losses = calm
    this.failing = 0
    this.onPoint = undefined
  }

  /** The shard in which a user's decisions are made. */
  partOf(user: string): Part {
    const part = this.parts[Number(user.at(-1)) % 2]
    if (!part) throw new Error(`${user} has no shard.`)
    return part
  }

  /** A statement, or a few that are one. */
  *ask<T>(from: Process, name: string, run: () => T): Steps<Reply<T>> {
    return yield* this.#network.call(from, this.tables, { name, run, deadlineMs: 1500 })
  }

  /** Changes one row where it still is as demanded, and writes beside it, in one transaction. */
  *store(from: Process, { postgres }: Part, change: PlaceChange): Steps<Stored> {
    const session = postgres.connect()
    this.#sessions.set(session, { of: from, postgres })
    const stored = yield* this.#transaction(from, { postgres, session }, change)
    postgres.end(session)
    this.#sessions.delete(session)
    return stored
  }

  *#transaction(
    from: Process,
    { postgres, session }: { readonly postgres: FakePostgres<Places>; readonly session: Session },
    { where, change, write = () => undefined, isApart = false, failing }: PlaceChange
  ): Steps<Stored> {
    if (isApart && !(yield* this.ask(from, 'rows', write)).ok) return 'undone'
    const moved = yield* this.ask(from, 'place', () => {
      postgres.begin(session)
      return postgres.update(session, where, change) === 1
    })
    if (!moved.ok || !moved.value) return 'undone'
    if (failing !== undefined) return { failed: failing }
    const rows = yield* this.ask(from, 'rows', () => {
      if (!isApart) postgres.write(session, write)
    })
    if (!rows.ok) return 'undone'
    const committed = yield* this.ask(from, 'commit', () => postgres.commit(session))
    return committed.ok ? 'stored' : 'undone'
  }

  /** One command: decided, journaled, settled. */
  *decide(from: Process, part: Part, command: Command): Steps<Outcome> {
    const { shard, server } = part
    const run = () => shard.decide(command, this.bug !== 'taken-back-unsettled')
    const reply = yield* this.#network.call<GateReply>(from, server, { name: command.type, run, deadlineMs: 800 })
    if (!reply.ok || reply.value.kind === 'wait') return { kind: 'unknown' }
    if (reply.value.kind === 'refused') return reply.value
    const { decision } = reply.value
    const acked = yield* this.#confirm(from, part, decision)
    return { kind: acked ? 'confirmed' : 'pending', decision }
  }

  /** What is left in the outbox is published and settled by somebody, as by the relay. */
  *relay(from: Process, part: Part): Steps {
    for (const decision of part.shard.outbox) yield* this.#confirm(from, part, decision)
  }

  *#confirm(from: Process, { shard, server }: Part, decision: Decision): Steps<boolean> {
    const publish = { name: 'publish', run: () => shard.publish(decision), deadlineMs: 1000 }
    const acked = yield* this.#network.call(from, this.#nats, publish)
    // it goes with a later call, and its answer is not waited for
    if (acked.ok && this.scheduler.chance(0.7))
      yield* this.#network.call(from, server, { name: 'settle', run: () => shard.settle(decision), deadlineMs: 800 })
    return acked.ok
  }

  /** Killed: what it had not committed never happened. */
  kill(process: Process): void {
    this.trace(`${process.name} is killed`)
    this.scheduler.kill(process)
    for (const [session, { of, postgres }] of this.#sessions) {
      if (of !== process) continue
      postgres.end(session)
      this.#sessions.delete(session)
    }
  }

  fail(what: string): void {
    this.trace(`FAILED ${what}`)
    this.failures.push(what)
  }
}

function server(name: ServerName): Server {
  return { name, weight: 1, paused: false, up: true, incarnation: 0 }
}
