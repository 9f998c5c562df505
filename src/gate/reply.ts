import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { decodeOrder, type OrderRecord, type OrderStatus } from './order-record.ts'
import type { Decision, RefusalCode } from './outcomes.ts'

const replyShape = Compile(
  Type.Tuple([
    Type.String(),
    Type.Array(Type.String()),
    Type.String(),
    Type.String(),
    Type.String(),
    Type.Array(Type.String())
  ])
)

/** A frame that is not known to be journaled: whoever answers publishes it and waits. */
export interface OpenFrame {
  /** `<epoch>-<batch>` */
  readonly entry: string
  readonly payload: string
  /** physical keys of the hashes it gives to; empty when it only takes */
  readonly giveKeys: readonly string[]
}

export type CallReply =
  /** `entry`: the frame that carries it */
  | { readonly kind: 'decided'; readonly decision: Decision; readonly entry: string; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly members: Record<string, unknown> }
  /** the cause of a transition is not journaled yet */
  | { readonly kind: 'wait'; readonly entry: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'orders'; readonly orders: ReadonlyArray<{ order: OrderRecord; journaled: boolean }> }
  /** a hash of Redis is not what it should be: an alarm */
  | { readonly kind: 'corrupt'; readonly key: string }

export interface BatchReply {
  readonly status: 'OK' | 'CLOSED' | 'LATE' | 'BACKLOG'
  /** Redis' time, ms */
  readonly now: number
  readonly outboxFrames: number
  readonly keptBytes: number
  readonly replies: readonly CallReply[]
  /** frames by `<epoch>-<batch>`: the new one and those that replays brought along */
  readonly frames: ReadonlyMap<string, OpenFrame>
}

const statusAfter: Record<string, OrderStatus> = {
  'order.accepted': 'accepted',
  'order.paid': 'paid',
  'order.cancelled': 'cancelled',
  'order.expired': 'expired',
  'order.shipped': 'shipped',
  'order.returned': 'returned'
}

/** `A|S|P;epoch;sequence;batch;type;at;entity;report`, then a line with the order's record. */
function decodeDecision(shard: number, reply: string): CallReply {
  const line = reply.indexOf('\n')
  const [letter, epoch, sequence, batch, type = '', at, entity = '', report = ''] = reply.slice(0, line).split(';')
  const record = reply.slice(line + 1)
  const order = record === '' ? undefined : decodeOrder(`${shard}-${entity}`, record)
  const status = statusAfter[type]
  const decision: Decision = {
    id: `${shard}-${epoch}-${sequence}`,
    sequence: Number(sequence),
    type,
    at: Number(at),
    // a replay tells the order as first decided, whatever became of it
    ...(order && { order: letter === 'A' || status === undefined ? order : asDecided(order, status) }),
    ...(report !== '' && { applied: report.split(',').map(Number) })
  }
  return { kind: 'decided', decision, entry: `${epoch}-${batch}`, replayed: letter !== 'A' }
}

function asDecided(order: OrderRecord, status: OrderStatus): OrderRecord {
  return { ...order, status, returned: status === 'returned' ? order.returned : 0 }
}

const iso = (ms: string) => new Date(Number(ms)).toISOString()

function decodeRefusal(reply: string): CallReply {
  const [, code, first = '', second = '', third = ''] = reply.split(';')
  const refused = (members: Record<string, unknown>): CallReply => ({
    kind: 'refused',
    code: code as RefusalCode,
    members
  })
  switch (code as RefusalCode) {
    case 'NOT_STARTED':
      return refused({ opensAt: iso(first) })
    case 'SESSION_CLOSED':
      return refused({ nextOpensAt: first === '' ? null : iso(first) })
    case 'SOLD_OUT':
      return refused({ remaining: Number(first), mayReopen: second === '1' })
    case 'LIMIT_REACHED':
      return refused({ scope: first, limit: Number(second) })
    case 'RATE_LIMITED':
      return refused({ scope: first, retryAfterMs: Number(second) })
    case 'NOT_ELIGIBLE':
      return refused({ requires: { [first]: first === 'level' ? Number(second) : second } })
    case 'CONFLICT':
      return refused(conflictMembers(first, second, third))
    case 'NOT_PAYABLE':
    case 'NOT_CANCELLABLE':
      return refused({ orderStatus: statusName(first) })
    default:
      return refused({})
  }
}

function statusName(letter: string): string {
  const names: Record<string, OrderStatus> = {
    a: 'accepted',
    p: 'paid',
    c: 'cancelled',
    e: 'expired',
    s: 'shipped',
    r: 'returned'
  }
  return names[letter] ?? letter
}

function conflictMembers(what: string, first: string, second: string): Record<string, unknown> {
  if (what === 'amount') return { reason: 'amount', expected: { amount: Number(first), currency: second } }
  if (what === 'quantity') return { reason: 'quantity', most: Number(first) }
  if (what === 'early') return { reason: 'early' }
  return { reason: 'status', orderStatus: statusName(what) }
}

function decodeOrders(shard: number, reply: string): CallReply {
  const lines = reply.split('\n').slice(1)
  const orders = lines.map((line) => {
    const [entity = '', journaled = ''] = line.split(' ', 2)
    const record = line.slice(entity.length + journaled.length + 2)
    return { order: decodeOrder(`${shard}-${entity}`, record), journaled: journaled === '1' }
  })
  return { kind: 'orders', orders }
}

function decodeCall(shard: number, reply: string): CallReply {
  switch (reply[0]) {
    case 'A':
    case 'P':
    case 'S':
      return decodeDecision(shard, reply)
    case 'R':
      return decodeRefusal(reply)
    case 'W':
      return { kind: 'wait', entry: reply.slice(2) }
    case 'N':
      return { kind: 'none' }
    case 'O':
      return decodeOrders(shard, reply)
    default:
      return { kind: 'corrupt', key: reply.slice(2) }
  }
}

/** One record that is not readable spoils its own reply, not those of the whole batch. */
function decodeOne(shard: number, call: string): CallReply {
  try {
    return decodeCall(shard, call)
  } catch (error) {
    return { kind: 'corrupt', key: error instanceof Error ? error.message : call }
  }
}

function giveKeys(gives: string): string[] {
  if (gives === '') return []
  const list = JSON.parse(gives) as Array<[key: string, field: string, delta: number]>
  return [...new Set(list.map(([key]) => key))]
}

/**
 * Reads the reply of lua/gate.lua.
 * @throws Error when the reply is not of the shape its header states
 */
export function decodeReply(shard: number, reply: unknown): BatchReply {
  if (!replyShape.Check(reply)) throw new Error('The reply of lua/gate.lua is not of the stated shape.')
  const [header, calls, entry, payload, gives, replayed] = reply
  const [status, now, outbox, kept] = header.split(';')
  const frames = new Map<string, OpenFrame>()
  if (entry !== '') frames.set(entry, { entry, payload, giveKeys: giveKeys(gives) })
  for (let i = 0; i + 2 < replayed.length; i += 3) {
    const id = replayed[i] ?? ''
    frames.set(id, { entry: id, payload: replayed[i + 1] ?? '', giveKeys: giveKeys(replayed[i + 2] ?? '') })
  }
  return {
    status: status as BatchReply['status'],
    now: Number(now),
    outboxFrames: Number(outbox),
    keptBytes: Number(kept),
    replies: calls.map((call) => decodeOne(shard, call)),
    frames
  }
}

/** Reads the gives of an outbox entry: the physical keys its settle needs. */
export { giveKeys }
