import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JetStreamManager, type Msg, ReplayPolicy } from 'nats'
import type { JournalConnection } from './connection.ts'
import { pull } from './pull.ts'

interface WorkerQueueParts {
  readonly connection: JournalConnection
  readonly jsm: JetStreamManager
  readonly stream: string
  /** makes the stream; a second call changes nothing */
  readonly ensure: () => Promise<unknown>
  readonly consumer?: Partial<ConsumerConfig>
}

/** All workers share this consumer; NATS gives each message to one of them at a time. */
const CONSUMER = 'worker'
/** NATS gives a message to another worker when its worker has been silent about it for so long: that worker has died. */
const ACK_WAIT_MS = 30_000
const UNACKED_MOST = 1000

/** A stream whose messages are for any worker, each delivered until it is acknowledged. */
export class WorkerQueue {
  readonly #parts: WorkerQueueParts
  #ready = false

  constructor(parts: WorkerQueueParts) {
    this.#parts = parts
  }

  /** Takes at most `most` messages; waits up to `waitMs` for the first. @throws NatsError when NATS does not answer */
  async take(most: number, waitMs: number): Promise<readonly Msg[]> {
    const { connection, stream } = this.#parts
    if (!this.#ready) await this.#prepare()
    const request = { stream, consumer: CONSUMER }
    let pulled = await pull(connection.nc, { ...request, most, expiresMs: 0 })
    if (pulled.messages.length === 0 && !pulled.doubt && waitMs > 0) {
      pulled = await pull(connection.nc, { ...request, most: 1, expiresMs: waitMs })
    }
    if (pulled.doubt) this.#ready = false
    return pulled.messages
  }

  /** Answers a message that was taken, such as `+ACK`. */
  answer({ reply }: Msg, text: string): void {
    if (reply) this.#parts.connection.nc.publish(reply, text)
  }

  async #prepare(): Promise<void> {
    const { jsm, stream, ensure, consumer } = this.#parts
    await ensure()
    await jsm.consumers.add(stream, {
      durable_name: CONSUMER,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ACK_WAIT_MS * 1_000_000,
      max_deliver: -1,
      max_ack_pending: UNACKED_MOST,
      deliver_policy: DeliverPolicy.All,
      replay_policy: ReplayPolicy.Instant,
      ...consumer
    })
    this.#ready = true
  }
}
