import { UnavailableError } from '../../base/errors.ts'
import { failPoint } from '../../config/fail-points.ts'
import type { Batcher, CallResult } from '../batch/batcher.ts'
import type { Command } from '../batch/commands.ts'
import type { CallReply, OpenFrame } from '../batch/decode.ts'
import { type Call, entityOf } from '../batch/encode.ts'
import type { Outcome } from '../batch/outcomes.ts'
import type { Gate, LiveOrder, LiveWin } from '../gate.ts'
import type { OpeningWatch } from '../redis/epoch-watch.ts'
import type { Confirmer } from './confirmer.ts'
import type { Settling } from './settling.ts'
import { readUnstored } from './unstored.ts'

interface ShardGateParts {
  readonly shard: number
  /** decides */
  readonly batcher: Batcher
  /** reads, over a connection of its own: whoever asks a lot stands in nobody's way */
  readonly reader: Batcher
  readonly confirmer: Confirmer
  readonly settling: Settling
  readonly watch: OpeningWatch
  readonly read: Gate['read']
  readonly depths: Gate['depths']
  readonly health: Gate['health']
  readonly disconnect: () => Promise<void>
  readonly pendingPublishes: () => number
}

type Reply = Extract<CallResult, { kind: 'reply' }>
type Read = Exclude<Call, Command>
type ListReply = Extract<CallReply, { items: unknown }>
type ReplyOf<Kind> = Extract<CallReply, { kind: Kind }>

/** A frame is never published later than this after Redis handed it out: then it is the relay's. */
const PUBLISH_WITHIN_MS = 2000
/** How long a command waits for its causes, one after the other: ten spins of one user at once may each rest on the one before. */
const CAUSES_WITHIN_MS = 2000

/** The gate of one shard: batcher, journal and settle as one answer. */
export class ShardGate implements Gate {
  readonly #parts: ShardGateParts

  constructor(parts: ShardGateParts) {
    this.#parts = parts
  }

  async submit(command: Command): Promise<Outcome> {
    const deadline = performance.now() + CAUSES_WITHIN_MS
    do {
      const result = await this.#parts.batcher.enqueue(command)
      if (result.kind !== 'reply') return result
      const { reply } = result
      if (reply.kind === 'refused') return reply
      if (reply.kind === 'decided') return this.#outcome(result, reply)
      if (reply.kind !== 'wait')
        return { kind: 'unavailable', reason: 'a record in Redis is not readable', retryAfterMs: 1000 }
      if (!(await this.#confirm(result.frame, result.at))) break
    } while (performance.now() < deadline)
    return { kind: 'unavailable', reason: 'what it rests on is not journaled yet', retryAfterMs: 500 }
  }

  async ordersOf(user: string): Promise<LiveOrder[]> {
    const { items } = await this.#list(user, 'orders', '')
    return items.map(({ item, journaled }) => ({ order: item, journaled }))
  }

  async winsOf(user: string): Promise<LiveWin[]> {
    const { items } = await this.#list(user, 'wins', '')
    return items.map(({ item, journaled }) => ({ win: item, journaled }))
  }

  async orderOf(user: string, order: string): Promise<LiveOrder | undefined> {
    if (!this.#isMine(order)) return undefined
    const { items } = await this.#list(user, 'orders', entityOf(order))
    return items.map(({ item, journaled }) => ({ order: item, journaled }))[0]
  }

  async winOf(user: string, win: string): Promise<LiveWin | undefined> {
    if (!this.#isMine(win)) return undefined
    const { items } = await this.#list(user, 'wins', entityOf(win))
    return items.map(({ item, journaled }) => ({ win: item, journaled }))[0]
  }

  async unstoredOf(user: string) {
    return readUnstored((await this.#list(user, 'decisions', '')).items)
  }

  async unstoredUnder(user: string, key: string) {
    return readUnstored((await this.#list(user, 'decisions', key)).items)[0]
  }

  async fieldsOf(user: string, names: readonly string[]): Promise<Record<string, string>> {
    if (names.length === 0) return {}
    const { values } = await this.#read({ op: 'fields', user, names }, 'fields')
    const there = names.flatMap((name, index) => {
      const value = values[index]
      return value === undefined ? [] : [[name, value] as const]
    })
    return Object.fromEntries(there)
  }

  #isMine(id: string): boolean {
    return id.startsWith(`${this.#parts.shard}-`)
  }

  #list<What extends ListReply['kind']>(user: string, what: What, name: string): Promise<ReplyOf<What>> {
    return this.#read({ op: 'list', what, user, name }, what)
  }

  async #read<Kind extends CallReply['kind']>(call: Read, kind: Kind): Promise<ReplyOf<Kind>> {
    await this.#parts.settling.ended()
    const result = await this.#parts.reader.enqueue(call)
    if (result.kind !== 'reply') throw new UnavailableError(result.reason)
    const { reply } = result
    if (reply.kind === kind) return reply as ReplyOf<Kind>
    if (reply.kind === 'too many')
      throw new UnavailableError('Postgres lags behind: too much of this user waits for it.')
    throw new UnavailableError(`The ${kind} of this user are not readable in Redis.`)
  }

  async lookup(user: string, key: string) {
    const result = await this.#parts.reader.enqueue({ op: 'query', user, key })
    if (result.kind !== 'reply') throw new UnavailableError(result.reason)
    if (result.reply.kind === 'none') return undefined
    if (result.reply.kind !== 'decided') throw new UnavailableError('The record of this key is not readable in Redis.')
    return this.#outcome(result, result.reply)
  }

  read(keys: readonly string[]) {
    return this.#parts.read(keys)
  }

  async ownerOf(order: string): Promise<string | undefined> {
    if (!this.#isMine(order)) return undefined
    const result = await this.#parts.reader.enqueue({ op: 'owner', entity: entityOf(order) })
    if (result.kind !== 'reply') throw new UnavailableError(result.reason)
    return result.reply.kind === 'owner' ? result.reply.user : undefined
  }

  depths() {
    return this.#parts.depths()
  }

  health() {
    return this.#parts.health()
  }

  ready() {
    return this.#parts.watch.ready()
  }

  async close(ms: number): Promise<void> {
    const { batcher, reader, watch, pendingPublishes, disconnect } = this.#parts
    const deadline = Date.now() + ms
    while (Date.now() < deadline && !(batcher.idle() && reader.idle() && pendingPublishes() === 0)) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10)
      })
    }
    watch.stop()
    batcher.stop()
    reader.stop()
    await disconnect()
  }

  /** Confirmed when the frame is journaled: acked now, or not in the outbox any more. */
  async #outcome(
    result: Reply,
    reply: Extract<Reply['reply'], { kind: 'decided' }>
  ): Promise<Extract<Outcome, { kind: 'confirmed' | 'pending' }>> {
    const { decision, replayed } = reply
    const journaled = result.frame === undefined || (await this.#confirm(result.frame, result.at))
    // by then the answer is written
    if (failPoint && journaled) setImmediate(() => void failPoint?.('G6'))
    return journaled ? { kind: 'confirmed', decision, replayed } : { kind: 'pending', decision }
  }

  async #confirm(frame: OpenFrame | undefined, at: number): Promise<boolean> {
    if (!frame || performance.now() - at > PUBLISH_WITHIN_MS) return false
    return this.#parts.confirmer.confirm(frame)
  }
}
