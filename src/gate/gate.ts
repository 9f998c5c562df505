import type { Verdicts } from '../health/conditions.ts'
import type { OrderRecord } from '../record/order.ts'
import type { WinRecord } from '../record/win.ts'
import type { Command } from './batch/commands.ts'
import type { Health, Outcome } from './batch/outcomes.ts'

/** An order as Redis knows it, and whether the decision that changed it last is journaled. */
export interface LiveOrder {
  readonly order: OrderRecord
  readonly journaled: boolean
}

/** A win as Redis knows it, likewise. */
export interface LiveWin {
  readonly win: WinRecord
  readonly journaled: boolean
}

/** A decision of a user that the worker has not stored yet, as its frame tells it. */
export interface UnstoredDecision {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  /** entity.verb */
  readonly type: string
  /** replay field */
  readonly key: string
  readonly campaign: string
  readonly activity: string
  /** ms since 1970 */
  readonly at: number
  readonly report: string
  /** `<shard>-<epoch>-<sequence>` of the order or win that it is about, and its record right after; record '' where it is about none */
  readonly entity: string
  readonly record: string
  /** what was asked for */
  readonly request: unknown
  /** by field of the user's hash: what it took and gave */
  readonly moved: Readonly<Record<string, number>>
  readonly journaled: boolean
}

/** What asks for a change. */
export interface Decider {
  /** Decides, publishes, waits for the journal's ack, settles where the decision gives. Never throws. */
  submit(command: Command): Promise<Outcome>
}

/** What asks about a user: each answer tells what Postgres may lack. */
export interface UserReader {
  /**
   * Orders of a user that Postgres may lack or know as they were: those that the user's newest decisions made or changed,
   * newest first. What is not among them is in Postgres for whoever asks it afterwards.
   * @throws UnavailableError when Redis does not answer in time, or more of this user waits for Postgres than is looked at
   */
  ordersOf(user: string): Promise<LiveOrder[]>
  /** Wins of a user, likewise. @throws UnavailableError */
  winsOf(user: string): Promise<LiveWin[]>
  /** An order of this user as Redis has it; undefined where it has none. @throws UnavailableError */
  orderOf(user: string, order: string): Promise<LiveOrder | undefined>
  /** A win of this user, likewise. @throws UnavailableError */
  winOf(user: string, win: string): Promise<LiveWin | undefined>
  /** Decisions of a user whose frames wait in Redis for Postgres, likewise. @throws UnavailableError */
  unstoredOf(user: string): Promise<UnstoredDecision[]>
  /** The one under a replay field; undefined when it is stored, or there is none. @throws UnavailableError */
  unstoredUnder(user: string, key: string): Promise<UnstoredDecision | undefined>
  /** Values of fields of a user's hash by name; those that are not there are left out. @throws UnavailableError */
  fieldsOf(user: string, names: readonly string[]): Promise<Record<string, string>>
  /**
   * The decision under a replay field. A decision not journaled yet is published and waited for first: `pending` tells
   * that the journal did not answer in time; undefined that no decision stands in Redis.
   * @throws UnavailableError when Redis does not answer in time
   */
  lookup(user: string, key: string): Promise<Extract<Outcome, { kind: 'confirmed' | 'pending' }> | undefined>
  /** Whose an order or win is that Postgres may lack; undefined for what is stored. @throws UnavailableError */
  ownerOf(id: string): Promise<string | undefined>
}

/** What asks for rules and stock. */
export interface HashReader {
  /** Flat hashes by logical key (`c:`, `a:`, `s:`); an absent key is an empty object. @throws UnavailableError */
  read(keys: readonly string[]): Promise<Array<Record<string, string>>>
}

/** What a process knows of its shards. */
export interface Shards {
  /** Frames that wait: in the outbox for the journal, in kept for Postgres. @throws UnavailableError */
  depths(shard: number): Promise<{ readonly outbox: number; readonly kept: number }>
  /** What this process knows of its own connections to a shard. */
  health(shard: number): OwnHealth
  /** Resolves once a gate call succeeded for the first time, in each shard. */
  ready(): Promise<void>
  /** Waits until nothing is in flight and everything acked is settled, at most `ms`, then closes the connections. */
  close(ms: number): Promise<void>
}

export interface OwnHealth {
  readonly gate: Health
  readonly journal: Health
  readonly conditions: Verdicts
}

/** All of it, as a process holds it. Whoever is handed the gate takes only the parts that they call. */
export type Gate = Decider & UserReader & HashReader & Shards
