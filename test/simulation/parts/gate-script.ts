import type { Bugs } from '../bugs.ts'
import type { FakeRedis, Script } from './fake-redis.ts'
import { type Decision, entryOf, epochOf, type Frame, type Give, type OpenFrame } from './frame.ts'

export interface Opening {
  readonly epoch: number
  readonly replid: string
}

export interface Command {
  readonly op: 'buy' | 'cancel' | 'pay' | 'expire' | 'earn' | 'claim' | 'adjust' | 'credit' | 'query'
  readonly user: string
  readonly key: string
  readonly hash: string
  readonly order?: string
  readonly delta?: number
  /** what a credit or an adjustment comes from */
  readonly cause?: string
  readonly creditTo?: string
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

export const LIMITS = { unitsPerUser: 2, earnedPerUser: 2, outboxFrames: 30, payWithinMs: 400 } as const

const SHARD = 'shard'
const OUTBOX = 'outbox'
const KEPT = 'kept'
export const STOCK = 's'
export const shardKeys = { shard: SHARD, outbox: OUTBOX, kept: KEPT, origin: 'origin' } as const

export function userKey(user: string): string {
  return `u:${user}`
}

/** Is this the very opening that may write? */
export function isOpen(node: FakeRedis, opening: Opening, bugs: Bugs): boolean {
  const blind = bugs.has('one-sha') || bugs.has('no-replid-look')
  // another replication id, and still the data that this process had when it was opened
  const isOrigin = node.holdsOrigin(shardKeys.origin, String(opening.epoch), bugs.has('origin-by-value'))
  if (!blind && node.replid !== opening.replid && !isOrigin) return false
  if (node.hget(SHARD, 'epoch') !== String(opening.epoch)) return false
  if (bugs.has('no-open-look')) return node.hget(SHARD, 'batch') !== undefined
  return node.hget(SHARD, 'open') === String(opening.epoch) && node.hget(SHARD, 'batch') !== undefined
}

function count(node: FakeRedis, key: string, field: string): number {
  return Number(node.hget(key, field) ?? 0)
}

export function outboxFrame(node: FakeRedis, entry: string): OpenFrame | undefined {
  const found = node.xget(OUTBOX, entry)
  return found && openFrame(entry, found.fields)
}

export function openFrame(entry: string, fields: Readonly<Record<string, string>>): OpenFrame {
  return { entry, payload: fields.f ?? '', gives: fields.g !== '[]', at: Number(fields.t) }
}

/** Takes a journaled frame from the outbox to kept and applies what it gives, once. */
export function settleFrame(node: FakeRedis, entry: string, bugs: Bugs): void {
  const found = node.xget(OUTBOX, entry)
  const payload = found?.fields.f ?? (bugs.has('settle-again') ? node.hget(KEPT, entry) : undefined)
  if (payload === undefined) return
  const gives = found?.fields.g ?? (JSON.parse(payload) as { gives: string }).gives
  for (const [key, field, delta] of JSON.parse(gives) as Give[]) node.hincrby(key, field, delta)
  if (!bugs.has('no-kept')) node.hset(KEPT, entry, payload)
  node.xdel(OUTBOX, entry)
}

/** One batch while it is decided: nothing of it can fail, so it writes as it goes. */
class Batch {
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
    this.#firstSeq = count(node, SHARD, 'seq')
    this.#batch = count(node, SHARD, 'batch') + 1
    this.entry = entryOf({ epoch: opening.epoch, batch: this.#batch })
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

  /** Usable once the frame is settled. */
  give(key: string, field: string, delta: number): void {
    if (this.bugs.has('gives-at-decision')) this.node.hincrby(key, field, delta)
    else this.gives.push([key, field, delta])
  }

  decide(command: Command, rest: Pick<Decision, 'type' | 'add'> & Partial<Decision>): CallReply {
    const id = this.nextId
    const { user, key, hash } = command
    const decision: Decision = { ...rest, user, key, hash, seq: this.#firstSeq + this.decisions.length + 1 }
    this.decisions.push(decision)
    this.node.hset(userKey(user), key, `${hash};${id};${this.entry}`)
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
    node.xadd(OUTBOX, this.entry, { f: payload, t: String(this.now), g: gives })
    node.hset(SHARD, 'seq', String(this.#firstSeq + decisions.length))
    node.hset(SHARD, 'batch', String(this.#batch))
    return { entry: this.entry, payload, gives: this.gives.length > 0, at: this.now }
  }
}

const refused = (code: string): CallReply => ({ kind: 'refused', code })

function replay(batch: Batch, { user, key, hash }: Command): CallReply | undefined {
  const record = batch.node.hget(userKey(user), key)
  if (record === undefined) return undefined
  const [known, id = '', entry = ''] = record.split(';')
  if (hash !== '' && known !== hash && !batch.bugs.has('no-request-hash')) return refused('KEY_REUSED')
  if (!batch.bugs.has('replay-without-outbox')) batch.isOpen(entry)
  return { kind: 'decided', id, entry, replayed: true }
}

/** `status;frame that moved it last;accepted at` */
function orderRecord(status: string, entry: string, at: string): string {
  return `${status};${entry};${at}`
}

function buy(batch: Batch, command: Command): CallReply {
  const { node } = batch
  const user = userKey(command.user)
  if (count(node, user, 'n') >= LIMITS.unitsPerUser) return refused('LIMIT_REACHED')
  if (count(node, STOCK, 'remaining') < 1) return refused('SOLD_OUT')
  batch.take(STOCK, 'remaining', -1)
  batch.take(STOCK, 'held', 1)
  batch.take(user, 'n', 1)
  return batch.decide(command, {
    type: 'accepted',
    order: batch.nextId,
    record: orderRecord('a', batch.entry, String(batch.now)),
    add: { [STOCK]: { remaining: -1, held: 1 }, [user]: { n: 1 } }
  })
}

/** Points and a unit go at once; nothing comes back. */
function claim(batch: Batch, command: Command): CallReply {
  const { node } = batch
  const user = userKey(command.user)
  if (count(node, user, 'points') < 1) return refused('INSUFFICIENT_BALANCE')
  if (count(node, STOCK, 'remaining') < 1) return refused('SOLD_OUT')
  batch.take(user, 'points', -1)
  batch.take(STOCK, 'remaining', -1)
  batch.take(STOCK, 'paid', 1)
  return batch.decide(command, {
    type: 'claimed',
    add: { [STOCK]: { remaining: -1, paid: 1 }, [user]: { points: -1 } }
  })
}

function earn(batch: Batch, command: Command): CallReply {
  const user = userKey(command.user)
  if (count(batch.node, user, 'earned') >= LIMITS.earnedPerUser) return refused('LIMIT_REACHED')
  batch.take(user, 'earned', 1)
  batch.give(user, 'points', 1)
  return batch.decide(command, {
    type: 'earned',
    add: { [user]: { earned: 1, points: 1 } },
    ...(command.creditTo !== undefined && { creditTo: command.creditTo })
  })
}

function credit(batch: Batch, command: Command): CallReply {
  const user = userKey(command.user)
  batch.give(user, 'points', 1)
  return batch.decide(command, { type: 'credited', add: { [user]: { points: 1 } }, cause: command.cause ?? '' })
}

function adjust(batch: Batch, command: Command): CallReply {
  const wanted = command.delta ?? 0
  const delta = Math.max(wanted, -count(batch.node, STOCK, 'remaining'))
  const move = (field: string) => (delta < 0 ? batch.take(STOCK, field, delta) : batch.give(STOCK, field, delta))
  move('remaining')
  move('total')
  const add = { [STOCK]: { remaining: delta, total: delta } }
  return batch.decide(command, { type: 'adjusted', add, cause: command.cause ?? '' })
}

function transition(batch: Batch, command: Command): CallReply {
  const order = command.order ?? ''
  const user = userKey(command.user)
  const record = batch.node.hget(user, `o:${order}`)
  if (record === undefined) return refused('NOT_FOUND')
  const [status, entry = '', at = ''] = record.split(';')
  if (!batch.bugs.has('no-wait-for-cause') && batch.isOpen(entry)) return { kind: 'wait', entry }
  // money that came too late: a decision that changes nothing and is never lost
  const late = { type: 'refund-due', order, record: orderRecord(status ?? '', batch.entry, at), add: {} } as const
  if (status !== 'a') return command.op === 'pay' ? batch.decide(command, late) : refused('CONFLICT')
  if (command.op === 'expire' && batch.now < Number(at) + LIMITS.payWithinMs) return refused('EARLY')
  batch.take(STOCK, 'held', -1)
  if (command.op === 'pay') {
    batch.take(STOCK, 'paid', 1)
    const add = { [STOCK]: { held: -1, paid: 1 } }
    return batch.decide(command, { type: 'paid', order, record: orderRecord('p', batch.entry, at), add })
  }
  batch.give(STOCK, 'remaining', 1)
  batch.give(user, 'n', -1)
  return batch.decide(command, {
    type: command.op === 'cancel' ? 'cancelled' : 'expired',
    order,
    record: orderRecord(command.op === 'cancel' ? 'c' : 'e', batch.entry, at),
    add: { [STOCK]: { held: -1, remaining: 1 }, [user]: { n: -1 } }
  })
}

const commands: Record<Command['op'], (batch: Batch, command: Command) => CallReply> = {
  buy,
  claim,
  earn,
  credit,
  adjust,
  cancel: transition,
  pay: transition,
  expire: transition,
  query: () => ({ kind: 'none' })
}

/** lua/gate.lua: decides a batch in one atomic step, settles journaled frames on the way. */
export function gateScript(name: string, own: Opening, given: { clock: () => number; bugs: Bugs }): Script {
  const { clock, bugs } = given
  const run = (node: FakeRedis, call: BatchCall): BatchReply => {
    const opening = bugs.has('one-sha') || bugs.has('shared-sha') ? call.opening : own
    const answer = (status: BatchReply['status']) => ({ status, now: clock(), replies: [], frames: [] })
    if (!isOpen(node, opening, bugs)) return answer('CLOSED')
    for (const entry of call.settle) settleFrame(node, entry, bugs)
    if (call.commands.length > 0) {
      if (call.notAfter > 0 && clock() > call.notAfter && !bugs.has('no-not-after')) return answer('LATE')
      if (node.xrange(OUTBOX).length >= LIMITS.outboxFrames) return answer('BACKLOG')
    }
    const batch = new Batch(node, opening, { now: clock(), bugs })
    const replies = call.commands.map((command) => replay(batch, command) ?? commands[command.op](batch, command))
    const frame = batch.write()
    const frames = [...batch.replayed.values(), ...(frame ? [frame] : [])]
    return { status: 'OK', now: clock(), replies, frames }
  }
  return { sha: name, run }
}
