import { failPoint } from '../config/fail-points.ts'
import type { Batcher, CallResult } from './batcher.ts'
import type { Command } from './commands.ts'
import type { Confirmer } from './confirmer.ts'
import { type Gate, type LiveDecision, type LiveOrder, type LiveWin, UnavailableError } from './gate.ts'
import type { OpeningWatch } from './opening-watch.ts'
import type { Outcome } from './outcomes.ts'
import type { CallReply, OpenFrame } from './reply.ts'

interface ShardGateParts {
  readonly batcher: Batcher
  readonly confirmer: Confirmer
  readonly watch: OpeningWatch
  readonly read: Gate['read']
  readonly ownerOf: Gate['ownerOf']
  readonly unstoredOf: Gate['unstoredOf']
  readonly depths: Gate['depths']
  readonly health: Gate['health']
  readonly disconnect: () => Promise<void>
  readonly pendingPublishes: () => number
}

type Reply = Extract<CallResult, { kind: 'reply' }>
type ListReply = Extract<CallReply, { items: unknown }>
type ItemsOf<What> = Extract<ListReply, { kind: What }>['items']

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
    const items = await this.#list(user, 'orders')
    return items.map(({ item, journaled }) => ({ order: item, journaled }))
  }

  async winsOf(user: string): Promise<LiveWin[]> {
    const items = await this.#list(user, 'wins')
    return items.map(({ item, journaled }) => ({ win: item, journaled }))
  }

  async decisionsOf(user: string): Promise<LiveDecision[]> {
    const items = await this.#list(user, 'decisions')
    return items.map(({ item, journaled }) => ({ decision: item, journaled }))
  }

  async #list<What extends ListReply['kind']>(user: string, what: What): Promise<ItemsOf<What>> {
    const result = await this.#parts.batcher.enqueue({ op: 'list', what, user })
    if (result.kind !== 'reply') throw new UnavailableError(result.reason)
    if (result.reply.kind !== what) throw new UnavailableError(`The ${what} of this user are not readable in Redis.`)
    return result.reply.items as ItemsOf<What>
  }

  async lookup(user: string, key: string) {
    const result = await this.#parts.batcher.enqueue({ op: 'query', user, key })
    if (result.kind !== 'reply') throw new UnavailableError(result.reason)
    if (result.reply.kind === 'none') return undefined
    if (result.reply.kind !== 'decided') throw new UnavailableError('The record of this key is not readable in Redis.')
    return this.#outcome(result, result.reply)
  }

  read(keys: readonly string[]) {
    return this.#parts.read(keys)
  }

  unstoredOf(user: string) {
    return this.#parts.unstoredOf(user)
  }

  ownerOf(order: string) {
    return this.#parts.ownerOf(order)
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
    const { batcher, watch, pendingPublishes, disconnect } = this.#parts
    const deadline = Date.now() + ms
    while (Date.now() < deadline && !(batcher.idle() && pendingPublishes() === 0)) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10)
      })
    }
    watch.stop()
    batcher.stop()
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
