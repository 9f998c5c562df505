import { failPoint } from '../../config/fail-points.ts'
import { isOfCall, RedisCallError } from '../redis/caller.ts'
import type { LiveOpening } from '../redis/epoch-watch.ts'
import { traceBatch } from './batch-trace.ts'
import { goesAlone, isOfUser, sendable } from './call-traits.ts'
import { type BatchReply, type CallReply, decodeReply, type OpenFrame } from './decode.ts'
import { type Call, type CallLimits, encodeBatch, type SettleRequest, UNBOUNDED } from './encode.ts'
import type { BatcherOptions } from './options.ts'
import type { Unavailable } from './outcomes.ts'
import { Pace } from './pace.ts'

export type CallResult =
  | { readonly kind: 'reply'; readonly reply: CallReply; readonly frame: OpenFrame | undefined; readonly at: number }
  | Unavailable
  | { readonly kind: 'unknown'; readonly reason: string }

interface Waiting {
  readonly call: Call
  readonly since: number
  readonly resolve: (result: CallResult) => void
}

interface WaitingSettle extends SettleRequest {
  readonly done: () => void
}

export interface Batcher {
  enqueue(call: Call): Promise<CallResult>
  settle(request: SettleRequest): Promise<void>
  /** whether so many commands wait that a new one would wait too long: then commands of users are refused */
  isBusy(): boolean
  /** whether nothing is queued, in flight or waiting to be settled */
  idle(): boolean
  /** whether it refuses every command, because the journal is full, or Postgres or the journal lags too far behind */
  isRefusing(): boolean
  stop(): void
}

const SETTLES_PER_CALL = 64
/** how long the gate counts as refusing after its last reply that said so, when no call follows */
const REFUSING_MS = 5000

/** Gathers the calls of one turn of the event loop into one EVALSHA, with a bounded number of them in flight. */
export class ShardBatcher implements Batcher {
  readonly #options: BatcherOptions
  #queue: Waiting[] = []
  #settles: WaitingSettle[] = []
  #inFlight = 0
  readonly #pace: Pace
  #scheduled = false
  #settleTimer: NodeJS.Timeout | undefined
  readonly #sweep: NodeJS.Timeout
  /** the clock of Redis minus ours, from the last reply; undefined before the first reply */
  #clockOffset: number | undefined
  #lagsSince = Number.NEGATIVE_INFINITY

  constructor(options: BatcherOptions) {
    this.#options = options
    this.#pace = new Pace(options.limits)
    this.#sweep = setInterval(() => this.#dropOverdue(), 100)
    this.#sweep.unref()
  }

  enqueue(call: Call): Promise<CallResult> {
    const { watch, limits } = this.#options
    if (!watch.current()) return Promise.resolve(unavailable('the gate is closed', 500))
    const isFull = this.#queue.length >= limits.queuedCalls || (isOfUser(call) && this.isBusy())
    if (isFull) return Promise.resolve(busy('too many requests wait'))
    return new Promise((resolve) => {
      this.#queue.push({ call, since: Date.now(), resolve })
      this.#advance()
    })
  }

  settle(request: SettleRequest): Promise<void> {
    return new Promise((resolve) => {
      this.#settles.push({ ...request, done: resolve })
      if (request.keys.length > 0) this.#schedule()
      else this.#settleTimer ??= setTimeout(() => this.#flush(true), this.#options.limits.settleIdleMs)
    })
  }

  isBusy(): boolean {
    // a slow gate, too, has a whole batch waiting
    if (this.#queue.length < this.#options.limits.batchCalls) return false
    return this.#queue.length >= this.#pace.room(this.#inFlight > 0, performance.now())
  }

  idle(): boolean {
    return this.#queue.length === 0 && this.#inFlight === 0 && this.#settles.length === 0
  }

  isRefusing(): boolean {
    return this.#options.isFull() || performance.now() - this.#lagsSince < REFUSING_MS
  }

  /** Reads the clock of Redis from a reply: without it a not-after time has no meaning. */
  learnClock(now: number): void {
    this.#clockOffset = now - Date.now()
  }

  stop(): void {
    clearInterval(this.#sweep)
    clearTimeout(this.#settleTimer)
    for (const waiting of this.#queue) waiting.resolve(unavailable('stopping', 1000))
    this.#queue = []
    this.#dropSettles()
  }

  /**
   * A full batch goes at once, all others at the end of this turn of the event loop. In an overload a turn is long, because it
   * refuses hundreds of requests; Redis would wait for its end each time.
   */
  #advance(): void {
    const { batchCalls, batchesInFlight } = this.#options.limits
    if (this.#queue.length >= batchCalls && this.#inFlight < batchesInFlight) this.#flush(false)
    if (this.#queue.length > 0) this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flush(false)
    })
  }

  #flush(settlesAlone: boolean): void {
    if (settlesAlone) this.#settleTimer = undefined
    const opening = this.#options.watch.current()
    if (!opening) {
      this.#failAll()
      return
    }
    const urgent = settlesAlone || this.#settles.some((settle) => settle.keys.length > 0)
    if (this.#queue.length === 0 && urgent && this.#settles.length > 0) void this.#send(opening, [])
    while (this.#queue.length > 0 && this.#inFlight < this.#options.limits.batchesInFlight) {
      void this.#send(opening, this.#takeBatch())
    }
  }

  /** A call that writes rules or stock goes in a batch of its own, because the script parses rules once a batch. */
  #takeBatch(): Waiting[] {
    const most = this.#options.limits.batchCalls
    if (this.#queue[0] && goesAlone(this.#queue[0].call)) return this.#queue.splice(0, 1)
    const adjustment = this.#queue.findIndex(({ call }, index) => index >= most || goesAlone(call))
    return this.#queue.splice(0, adjustment === -1 ? most : adjustment)
  }

  async #send(opening: LiveOpening, taken: Waiting[]): Promise<void> {
    const { caller, shard, limits, figures } = this.#options
    // made before the calls are looked at: of a process that stands still between the two Redis takes nothing
    const callLimits = this.#callLimits()
    const { batch, refused } = sendable(taken, opening)
    for (const [{ resolve }, reason] of refused) resolve(unavailable(reason, 1000))
    const settles = this.#settles.splice(0, SETTLES_PER_CALL)
    clearTimeout(this.#settleTimer)
    this.#settleTimer = undefined
    // more settles than one call can carry, and perhaps no other call follows
    if (this.#settles.length > 0) this.#settleTimer = setTimeout(() => this.#flush(true), limits.settleIdleMs)
    const calls = batch.map(({ call }) => call)
    const { keys, args } = encodeBatch(this.#options, calls, { settles, limits: callLimits })
    this.#inFlight += 1
    const sentAt = performance.now()
    const trace = this.#options.traces && traceBatch(this.#options.traces, shard, calls)
    if (batch.length > 0) this.#pace.sent(batch.length, this.#queue.length, sentAt)
    try {
      if (failPoint && batch.length > 0) await failPoint('G1')
      const reply = await caller.call('EVALSHA', [opening.sha, keys.length, ...keys, ...args], limits.replyMs)
      this.#options.redisHealth?.answered()
      if (batch.length > 0) figures?.answered(batch.length, performance.now() - sentAt)
      if (failPoint && batch.length > 0) await failPoint('G2')
      const decoded = decodeReply(shard, reply)
      trace?.answered(decoded)
      this.#answer(batch, decoded)
    } catch (error) {
      trace?.failed(error)
      this.#fail(batch, error)
    } finally {
      this.#inFlight -= 1
      for (const settle of settles) settle.done()
      this.#advance()
    }
  }

  #callLimits(): CallLimits {
    if (this.#options.readsOnly) return UNBOUNDED
    const { outboxFrames, keptBytes, decisionsPerUser, replyMs } = this.#options.limits
    const notAfter = Date.now() + (this.#clockOffset ?? 0) + replyMs
    // a full journal counts as a backlog: the script still settles, but decides nothing
    const most = this.#options.isFull() ? 0 : outboxFrames
    return { notAfter: Math.ceil(notAfter), outboxFrames: most, keptBytes, decisionsPerUser }
  }

  #answer(batch: Waiting[], reply: BatchReply): void {
    if (reply.status === 'CLOSED') {
      this.#options.watch.invalidate('CLOSED')
      for (const { resolve } of batch) resolve(unavailable('the gate is closed', 500))
      return
    }
    this.learnClock(reply.now)
    this.#lagsSince = reply.status === 'BACKLOG' ? performance.now() : Number.NEGATIVE_INFINITY
    if (reply.status !== 'OK') {
      const reason = reply.status === 'LATE' ? 'Redis answered too late' : 'the journal or Postgres lags behind'
      for (const { resolve } of batch) resolve(busy(reason))
      return
    }
    const at = performance.now()
    for (const [index, { resolve }] of batch.entries()) {
      const own = reply.replies[index]
      if (!own) {
        resolve(unavailable('the gate gave no reply', 1000))
        continue
      }
      if (own.kind === 'corrupt')
        this.#options.logger.error({ alarm: 'CORRUPT', key: own.key }, 'a hash in Redis is not readable')
      const entry = own.kind === 'decided' || own.kind === 'wait' ? own.entry : ''
      resolve({ kind: 'reply', reply: own, frame: reply.frames.get(entry), at })
    }
  }

  #fail(batch: Waiting[], error: unknown): void {
    const { watch, redisHealth, logger, readsOnly } = this.#options
    redisHealth?.failed(error)
    if (!(error instanceof RedisCallError)) {
      logger.error({ err: error }, 'a gate call failed')
      for (const { resolve } of batch) resolve({ kind: 'unknown', reason: 'the reply of the gate is not readable' })
      return
    }
    const isOfConnection = error.reason === 'timeout' || error.reason === 'lost' || error.reason === 'disconnected'
    if (isOfCall(error)) logger.error({ err: error }, 'Redis refused a gate call')
    else if (!(readsOnly && isOfConnection)) watch.invalidate(error)
    const result: CallResult =
      error.done === 'unknown' ? { kind: 'unknown', reason: error.message } : unavailable(error.message, 500)
    for (const { resolve } of batch) resolve(result)
  }

  #failAll(): void {
    const waiting = this.#queue
    this.#queue = []
    for (const { resolve } of waiting) resolve(unavailable('the gate is closed', 500))
    this.#dropSettles()
  }

  /** Relay and recovery settle the frames that are not settled here. */
  #dropSettles(): void {
    const settles = this.#settles
    this.#settles = []
    for (const { done } of settles) done()
  }

  #dropOverdue(): void {
    const oldest = Date.now() - this.#options.limits.queueMs
    while (this.#queue[0] && this.#queue[0].since < oldest) {
      this.#queue.shift()?.resolve(busy('Redis is slow'))
    }
  }
}

function unavailable(reason: string, retryAfterMs: number): Unavailable {
  return { kind: 'unavailable', reason, retryAfterMs }
}

function busy(reason: string): Unavailable {
  return { ...unavailable(reason, 1000), isBusy: true }
}
