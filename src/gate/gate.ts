import type { Verdicts } from '../health/conditions.ts'
import type { OrderRecord } from '../record/order.ts'
import type { WinRecord } from '../record/win.ts'
import type { Command } from './batch/commands.ts'
import type { Look } from './batch/decode.ts'
import type { Fact, Item } from './batch/encode.ts'
import type { Health, Outcome, RefusalCode } from './batch/outcomes.ts'

/** An order as Redis holds it, and whether the decision that last changed it is journaled. */
export interface LiveOrder {
  readonly order: OrderRecord
  readonly journaled: boolean
}

/** A win as Redis holds it, likewise. */
export interface LiveWin {
  readonly win: WinRecord
  readonly journaled: boolean
}

/** A decision of a user that Postgres does not have yet, read from its frame. */
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
  /** `<shard>-<epoch>-<sequence>` of the order or win that it is about, and its record right after; record '' when it is about none */
  readonly entity: string
  readonly record: string
  /** the request */
  readonly request: unknown
  /** deltas by field of the user's hash: what the decision took and gave */
  readonly moved: Readonly<Record<string, number>>
  readonly journaled: boolean
}

/** The part of the gate that changes something. */
export interface Decider {
  /** Decides, publishes, waits for the journal's ack, and settles what the decision gives. Never throws. */
  submit(command: Command): Promise<Outcome>
}

/** What would come of a command now. */
export type Foreseen =
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly members: Record<string, unknown> }
  /** it would be decided later, or asked again */
  | { readonly kind: 'unavailable'; readonly reason: string }

/** The part of the gate that says what would be decided. */
export interface Foreseer {
  /**
   * Decides as `submit` would, and leaves nothing behind: no decision, no count, no token of a rate. Its script may not write.
   * @throws UnavailableError while the shard of the user is not open
   */
  foresee(command: Command): Promise<Foreseen>
}

/** The part of the gate that says how much it has to do. */
export interface Admission {
  /** Whether a new request would wait too long whichever user sent it: a route refuses it before it reads the token. */
  isBusy(): boolean
}

/** The part of the gate that answers questions about a user, with what Postgres may lack. */
export interface UserReader {
  /**
   * Orders of a user that Postgres may lack, or may have in an older state: those that the user's newest decisions made or
   * changed, newest first. Ask Postgres after this call: it then has every other order.
   * @throws UnavailableError when Redis does not answer in time, or more of this user waits for Postgres than the script reads
   */
  ordersOf(user: string): Promise<LiveOrder[]>
  /** Wins of a user, likewise. @throws UnavailableError */
  winsOf(user: string): Promise<LiveWin[]>
  /** An order of this user as Redis holds it; undefined when there is none. @throws UnavailableError */
  orderOf(user: string, order: string): Promise<LiveOrder | undefined>
  /** A win of this user, likewise. @throws UnavailableError */
  winOf(user: string, win: string): Promise<LiveWin | undefined>
  /** Decisions of a user whose frames wait in Redis for Postgres, likewise. @throws UnavailableError */
  unstoredOf(user: string): Promise<UnstoredDecision[]>
  /** The one decision under a replay field; undefined when it is stored, or there is none. @throws UnavailableError */
  unstoredUnder(user: string, key: string): Promise<UnstoredDecision | undefined>
  /** Values of fields of a user's hash by name, without those that do not exist. @throws UnavailableError */
  fieldsOf(user: string, names: readonly string[]): Promise<Record<string, string>>
  /**
   * The decision under a replay field. A decision that is not journaled yet is published first: `pending` means that the
   * journal did not ack it in time, undefined that Redis holds no decision.
   * @throws UnavailableError when Redis does not answer in time
   */
  lookup(user: string, key: string): Promise<Extract<Outcome, { kind: 'confirmed' | 'pending' }> | undefined>
  /** The user of an order or win that Postgres may lack; undefined when it is stored. @throws UnavailableError */
  ownerOf(id: string): Promise<string | undefined>
}

/** The part of the gate that reads rules and stock, which every shard has. */
export interface HashReader {
  /**
   * Hashes by logical key (`c:`, `a:`, `s:`), their fields by name; an absent key is an empty object.
   * @param shard whose hashes; absent: rules of any, and what is counted summed over all shards
   * @throws UnavailableError when a shard that is read is not open
   */
  read(keys: readonly string[], shard?: number): Promise<Array<Record<string, string>>>
}

/** The part of the gate that knows what shards can lend to one another. */
export interface Lending {
  /** What is left of items in a shard, with its opening and the time of its Redis. @throws UnavailableError while it is not open */
  look(shard: number, items: readonly Item[]): Promise<Look>
  /**
   * Notes in a shard what all others have of an item: it is believed for a second from `seen` on. Not where the shard was opened again, has
   * lent units of the item since, or knows something newer.
   * @throws UnavailableError where it is not known to be noted
   */
  writeFact(shard: number, fact: Fact): Promise<void>
}

/** The shards of a process. */
export interface Shards {
  /** all shards of the deployment */
  readonly numbers: readonly number[]
  /** How many frames wait: in the outbox for the journal, in kept for Postgres. @throws UnavailableError */
  depths(shard: number): Promise<{ readonly outbox: number; readonly kept: number }>
  /** What this process knows about its own connections to a shard. */
  health(shard: number): OwnHealth
  /**
   * Resolves when a gate call has succeeded for the first time in each shard.
   * @param patienceMs how long to wait for the others after the first one: what keeps one closed keeps no process from the others' users
   */
  ready(patienceMs?: number): Promise<void>
  /** Waits until nothing is in flight and every acked frame is settled, at most `ms`, then closes the connections. */
  close(ms: number): Promise<void>
}

export interface OwnHealth {
  readonly gate: Health
  readonly journal: Health
  readonly conditions: Verdicts
}

/** All parts, as a process holds them. A caller gets only the parts that it uses. */
export type Gate = Decider & Foreseer & Admission & UserReader & HashReader & Lending & Shards
