import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { MessageTrace } from '../../journal/message-trace.ts'
import { asDecided } from '../../record/as-decided.ts'
import { decodeReport } from '../../record/decisions.ts'
import { entityIn } from '../../record/entities.ts'
import { decodeOrder, type OrderRecord } from '../../record/order.ts'
import { decodeWin, type WinRecord } from '../../record/win.ts'
import { giveKeys } from '../redis/outbox.ts'
import type { Item } from './encode.ts'
import type { Decision, RefusalCode } from './outcomes.ts'
import { decodeRefusal } from './refusals.ts'

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

/** A frame that may not be journaled yet: the caller publishes it and waits for the ack. */
export interface OpenFrame {
  /** `<epoch>-<batch>` */
  readonly entry: string
  readonly payload: string
  /** physical keys of the hashes that its gives name; empty when it gives nothing */
  readonly giveKeys: readonly string[]
  /** what of its decisions is traced; noted by the batch that a traced request was in */
  trace?: MessageTrace
}

/** An item of a user's hash, and whether the frame that last changed it is journaled. */
export interface Live<Item> {
  readonly item: Item
  readonly journaled: boolean
}

/** What is left of items in a shard. */
export interface Look {
  /** epoch */
  readonly opening: number
  /** Redis' own time, ms */
  readonly time: number
  /** batch of the oldest frame in the outbox: those of this opening before it are settled; undefined when none waits */
  readonly oldestBatch: number | undefined
  /** the last frame and decision of the shard before it looked; undefined where a worker of an earlier version has opened the shard */
  readonly last: { readonly batch: number; readonly sequence: number } | undefined
  readonly units: ReadonlyArray<number | 'unreadable' | undefined>
}

export type CallReply =
  /** `entry`: the frame that holds it */
  | { readonly kind: 'decided'; readonly decision: Decision; readonly entry: string; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly members: Record<string, unknown> }
  /** the frame of a cause is not journaled yet */
  | { readonly kind: 'wait'; readonly entry: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'orders'; readonly items: ReadonlyArray<Live<OrderRecord>> }
  | { readonly kind: 'wins'; readonly items: ReadonlyArray<Live<WinRecord>> }
  /** frames with one decision each, as text */
  | { readonly kind: 'decisions'; readonly items: ReadonlyArray<Live<string>> }
  | { readonly kind: 'owner'; readonly user: string }
  /** more decisions of this user may wait for Postgres than the script reads */
  | { readonly kind: 'too many' }
  /** in the order of the names asked for, undefined where there is no such field */
  | { readonly kind: 'fields'; readonly values: ReadonlyArray<string | undefined> }
  /** units of each item in their order, undefined where it has no such field, 'unreadable' where its hash is not a readable one */
  | ({ readonly kind: 'look' } & Look)
  /** fewer units of an item are here than are asked for, and others may have them: nothing was decided */
  | { readonly kind: 'lacks'; readonly item: Item; readonly missing: number }
  /** nothing was decided, and the same may be asked for again */
  | { readonly kind: 'not now' }
  /** a hash in Redis is not readable: this is an alarm */
  | { readonly kind: 'corrupt'; readonly key: string }

export interface BatchReply {
  readonly status: 'OK' | 'CLOSED' | 'LATE' | 'BACKLOG'
  /** Redis' time, ms */
  readonly now: number
  readonly outboxFrames: number
  readonly keptBytes: number
  readonly replies: readonly CallReply[]
  /** frames by `<epoch>-<batch>`: the new one and those of replayed decisions */
  readonly frames: ReadonlyMap<string, OpenFrame>
}

/** `epoch;sequence;batch;type;at;entity;report` of a decision. */
function headOf(head: string) {
  const [epoch, sequence = '', batch, type = '', at, entity = '', ...report] = head.split(';')
  return { epoch, sequence, batch, type, at: Number(at), entity, report: report.join(';') }
}

/** `A|S|P;<decision>`, then a line with the record of the order or win. A replay returns order and win as they were first decided. */
function decodeDecision(shard: number, reply: string): CallReply {
  const line = reply.indexOf('\n')
  const { epoch, sequence, batch, type, at, entity, report } = headOf(reply.slice(2, line))
  const replayed = reply[0] !== 'A'
  const now = entityIn(type, `${shard}-${entity}`, reply.slice(line + 1))
  const said = decodeReport(type, report)
  return {
    kind: 'decided',
    decision: {
      id: `${shard}-${epoch}-${sequence}`,
      sequence: Number(sequence),
      type,
      at,
      report,
      ...(replayed ? asDecided(now, { type, report }) : now),
      ...(said?.kind === 'adjustment' && { applied: said.applied })
    },
    entry: `${epoch}-${batch}`,
    replayed
  }
}

function liveLines<Item>(reply: string, decode: (id: string, record: string) => Item): Array<Live<Item>> {
  const lines = reply.split('\n').slice(1)
  return lines.map((line) => {
    const [entity = '', journaled = ''] = line.split(' ', 2)
    return {
      item: decode(entity, line.slice(entity.length + journaled.length + 2)),
      journaled: journaled === '1'
    }
  })
}

/** `L` and the list's letter, then a line `<epoch>-<sequence> <journaled> <record>` for each item; of decisions `<journaled> <frame>`. */
function decodeList(shard: number, reply: string): CallReply {
  switch (reply[1]) {
    case 'o':
      return { kind: 'orders', items: liveLines(reply, (entity, record) => decodeOrder(`${shard}-${entity}`, record)) }
    case 'w':
      return { kind: 'wins', items: liveLines(reply, (entity, record) => decodeWin(`${shard}-${entity}`, record)) }
    case 'd': {
      const lines = reply.split('\n').slice(1)
      return { kind: 'decisions', items: lines.map((line) => ({ item: line.slice(2), journaled: line[0] === '1' })) }
    }
    default:
      return { kind: 'too many' }
  }
}

function decodeFields(reply: string): CallReply {
  const lines = reply.split('\n').slice(1)
  return { kind: 'fields', values: lines.map((line) => (line[0] === '+' ? line.slice(1) : undefined)) }
}

/** `T;<epoch>;<time>;<oldest batch>;<last batch>;<last sequence>`, then a line for each item. */
function decodeLook(reply: string): CallReply {
  const [head = '', ...lines] = reply.split('\n')
  const [, opening, time, oldest, batch, sequence] = head.split(';')
  const numberOf = (text: string | undefined) => (text ? Number(text) : undefined)
  return {
    kind: 'look',
    opening: Number(opening),
    time: Number(time),
    oldestBatch: numberOf(oldest),
    last: batch && sequence ? { batch: Number(batch), sequence: Number(sequence) } : undefined,
    units: lines.map((line) => (line === 'X' ? 'unreadable' : numberOf(line)))
  }
}

/** `M;<key> <field> <missing>` */
function decodeLacks(reply: string): CallReply {
  const [key = '', field = '', missing] = reply.slice(2).split(' ')
  return { kind: 'lacks', item: { key, field }, missing: Number(missing) }
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
    case 'L':
      return decodeList(shard, reply)
    case 'O':
      return { kind: 'owner', user: reply.slice(1) }
    case 'F':
      return decodeFields(reply)
    case 'T':
      return decodeLook(reply)
    case 'M':
      return decodeLacks(reply)
    case 'U':
      return { kind: 'not now' }
    default:
      return { kind: 'corrupt', key: reply.slice(2) }
  }
}

/** A record that is not readable spoils only its own reply, not those of the whole batch. */
function decodeOne(shard: number, call: string): CallReply {
  try {
    return decodeCall(shard, call)
  } catch (error) {
    return { kind: 'corrupt', key: error instanceof Error ? error.message : call }
  }
}

/**
 * Reads the reply of lua/gate.lua.
 * @throws Error when the reply does not have the form that the script's header states
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
