import type { Bugs } from '../../bugs.ts'
import type { FakeRedis } from '../fake-redis.ts'
import {
  type Decision,
  type Dels,
  entryOf,
  epochOf,
  type Frame,
  type Give,
  type OpenFrame,
  type Place
} from '../frame.ts'
import { count, type Opening, outboxFrame, shardKeys, userKey } from './gate-state.ts'

export interface Command {
  readonly op:
    | 'buy'
    | 'cancel'
    | 'pay'
    | 'expire'
    | 'earn'
    | 'claim'
    | 'adjust'
    | 'credit'
    | 'end'
    | 'final'
    | 'archive'
    | 'lapse'
    | 'revoke'
    | 'spend'
    | 'query'
  readonly campaign: string
  readonly user: string
  readonly key: string
  readonly hash: string
  readonly order?: string
  readonly delta?: number
  /** what a credit or an adjustment comes from */
  readonly cause?: string
  readonly creditTo?: string
  /** what an archive takes out of Redis */
  readonly del?: Dels
  /** nothing is left to take out */
  readonly last?: boolean
  /** of points that expire: how many, by the user's decisions up to this one, as they were stored under this opening */
  readonly lapse?: { readonly amount: number; readonly newest: Place; readonly epoch: number; readonly upTo: string }
  /** a decision by which points were earned, `<epoch>-<sequence>`, and how many, which are taken back */
  readonly gift?: { readonly id: string; readonly points: number }
  /** whoever asks knew until then that this was not decided; infinite when absent */
  readonly notAfter?: number
}

export type CallReply =
  | { readonly kind: 'decided'; readonly id: string; readonly entry: string; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'wait'; readonly entry: string }
  | { readonly kind: 'none' }

export interface BatchCall {
  readonly settle: readonly string[]
  readonly commands: readonly Command[]
  /** 0 = none */
  readonly notAfter: number
  /** for scripts that do not name their opening themselves */
  readonly opening: Opening
}

export interface BatchReply {
  readonly status: 'OK' | 'CLOSED' | 'LATE' | 'BACKLOG'
  readonly now: number
  readonly replies: readonly CallReply[]
  /** the new one, and those that replays brought along */
  readonly frames: readonly OpenFrame[]
}

const { shard, outbox } = shardKeys

/** One batch while it is decided: nothing of it can fail, so it writes as it goes. */
export class Batch {
  readonly decisions: Decision[] = []
  readonly gives: Give[] = []
  readonly replayed = new Map<string, OpenFrame>()
  readonly entry: string
  readonly node: FakeRedis
  readonly now: number
  readonly bugs: Bugs
  readonly #opening: Opening
  readonly #firstSeq: number
  readonly #batch: number

  constructor(node: FakeRedis, opening: Opening, given: { now: number; bugs: Bugs }) {
    this.node = node
    this.now = given.now
    this.bugs = given.bugs
    this.#opening = opening
    this.#firstSeq = count(node, shard, 'seq')
    this.#batch = count(node, shard, 'batch') + 1
    this.entry = entryOf({ epoch: opening.epoch, batch: this.#batch })
  }

  get epoch(): number {
    return this.#opening.epoch
  }

  get nextId(): string {
    return `${this.#opening.epoch}-${this.#firstSeq + this.decisions.length + 1}`
  }

  /** true while the frame is not known to be journaled; then it comes along */
  isOpen(entry: string): boolean {
    if (entry === this.entry) return true
    if (epochOf(entry) !== this.#opening.epoch) return false
    const frame = outboxFrame(this.node, entry)
    if (frame) this.replayed.set(entry, frame)
    return frame !== undefined
  }

  /** Counts at once. */
  take(key: string, field: string, delta: number): void {
    this.node.hincrby(key, field, delta)
  }

  /** What does not sum: at once as well. */
  put(key: string, field: string, value: string): void {
    this.node.hset(key, field, value)
  }

  /** Usable once the frame is settled. */
  give(key: string, field: string, delta: number): void {
    if (this.bugs.has('gives-at-decision')) this.node.hincrby(key, field, delta)
    else this.gives.push([key, field, delta])
  }

  decide(command: Command, rest: Pick<Decision, 'type'> & Partial<Decision>): CallReply {
    const id = this.nextId
    const { user, key, hash, campaign } = command
    const seq = this.#firstSeq + this.decisions.length + 1
    const decision: Decision = { add: {}, ...rest, campaign, user, key, hash, seq }
    this.decisions.push(decision)
    if (decision.type !== 'lapsed' || !this.bugs.has('lapse-without-record')) {
      this.node.hset(userKey(user), key, `${hash};${id};${this.entry}`)
      this.node.hincrby(userKey(user), 'd', 1)
    }
    if (decision.order !== undefined && decision.record !== undefined) {
      this.node.hset(userKey(user), `o:${decision.order}`, decision.record)
    }
    return { kind: 'decided', id, entry: this.entry, replayed: false }
  }

  write(): OpenFrame | undefined {
    const { decisions, node } = this
    if (decisions.length === 0) return undefined
    const frame: Frame = { epoch: this.#opening.epoch, batch: this.#batch, at: this.now, decisions }
    const gives = JSON.stringify(this.gives)
    const payload = JSON.stringify(this.bugs.has('settle-again') ? { ...frame, gives } : frame)
    node.xadd(outbox, this.entry, { f: payload, t: String(this.now), g: gives })
    node.hset(shard, 'seq', String(this.#firstSeq + decisions.length))
    node.hset(shard, 'batch', String(this.#batch))
    node.hset(shard, 'clock', String(this.now))
    return { entry: this.entry, payload, gives: this.gives.length > 0, at: this.now }
  }
}
