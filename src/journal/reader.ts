import { AckPolicy, DeliverPolicy, type JetStreamManager, type Msg, ReplayPolicy } from 'nats'
import { FloodgateError } from '../base/errors.ts'
import type { JournalConnection } from './connection.ts'
import { REPUBLISHED } from './frame.ts'
import { type MessageTrace, readTrace } from './message-trace.ts'
import { pull, sequenceOf } from './pull.ts'
import { streamInfo } from './streams.ts'

/** One message of a stream. */
export interface StoredMessage {
  readonly sequence: number
  readonly text: string
  /** a recovery published it again, so its frame may have an older epoch than the stream */
  readonly republished: boolean
  /** absent where nothing of it is traced, or the reader does not look */
  readonly trace?: MessageTrace | undefined
}

/** The stream no longer holds the next message: frames are missing. */
export class JournalGapError extends FloodgateError {
  readonly code = 'journal-gap'
  readonly meaning = 'Frames are missing: what they decided is known to Redis and Postgres only, or is lost.'
  readonly remedy = "See the worker's log; it opens the shard again where that helps."
}

interface ReaderOptions {
  readonly connection: JournalConnection
  readonly jsm: JetStreamManager
  readonly stream: string
  /** the first sequence to read */
  readonly from: number
  /** whether to read what is traced of messages */
  readonly traced?: boolean
}

const PULL = 256
const PULL_MS = 2000

/**
 * Reads a stream in order from a sequence, without acks and without redelivery. On any doubt it makes the pull consumer again,
 * from the next sequence. (The client's own ordered consumer hung once after servers were killed.)
 */
export class StreamReader {
  readonly #options: ReaderOptions
  #next: number
  #consumer: string | undefined

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#next = options.from
  }

  /** The sequence that the next message will have. */
  get next(): number {
    return this.#next
  }

  /**
   * Returns the next messages in order; waits up to `waitMs` for the first. An empty answer does not mean the end.
   * @throws JournalGapError when the next message is gone; NatsError when NATS does not answer
   */
  async read(most: number, waitMs: number): Promise<StoredMessage[]> {
    const fresh = this.#consumer === undefined
    const consumer = this.#consumer ?? (await this.#create())
    const { messages, doubt } = await this.#pullAvailable(consumer, Math.min(most, PULL), waitMs)
    const inOrder: StoredMessage[] = []
    for (const message of messages) {
      if (message.sequence !== this.#next) break
      inOrder.push(message)
      this.#next += 1
    }
    const outOfOrder = inOrder.length < messages.length
    if (outOfOrder && fresh && inOrder.length === 0) {
      throw new JournalGapError(
        `${this.#options.stream} goes on at ${messages[0]?.sequence}, but ${this.#next} was not read yet.`
      )
    }
    if (outOfOrder || doubt || (messages.length === 0 && (await this.#isBehind()))) await this.close()
    return inOrder
  }

  /** Nothing arrived, but the stream has more: a delivery was lost, and no later delivery would show it. */
  async #isBehind(): Promise<boolean> {
    const info = await streamInfo(this.#options.jsm, this.#options.stream)
    return info !== undefined && info.state.last_seq >= this.#next
  }

  async close(): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = undefined
    if (consumer === undefined) return
    // NATS removes an unused ephemeral consumer by itself
    await this.#options.jsm.consumers.delete(this.#options.stream, consumer).catch(() => false)
  }

  async #create(): Promise<string> {
    const { jsm, stream } = this.#options
    const info = await jsm.consumers.add(stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#next,
      replay_policy: ReplayPolicy.Instant,
      inactive_threshold: 30_000_000_000,
      mem_storage: true,
      num_replicas: 1
    })
    this.#consumer = info.name
    return info.name
  }

  /** The messages that are there now; otherwise the first one to arrive within `waitMs`. */
  async #pullAvailable(consumer: string, most: number, waitMs: number): Promise<Pulled> {
    const there = await this.#pull(consumer, most, 0)
    if (there.messages.length > 0 || there.doubt || waitMs === 0) return there
    return this.#pull(consumer, 1, Math.min(waitMs, PULL_MS))
  }

  async #pull(consumer: string, most: number, expiresMs: number): Promise<Pulled> {
    const { connection, stream, traced = false } = this.#options
    const { messages, doubt } = await pull(connection.nc, { stream, consumer, most, expiresMs })
    return { messages: messages.map((message) => storedMessage(message, traced)), doubt }
  }
}

function storedMessage(message: Msg, traced: boolean): StoredMessage {
  return {
    sequence: sequenceOf(message),
    text: Buffer.from(message.data).toString('utf8'),
    republished: message.headers?.get(REPUBLISHED) === 'true',
    trace: traced ? readTrace(message.headers) : undefined
  }
}

interface Pulled {
  readonly messages: StoredMessage[]
  readonly doubt: boolean
}
