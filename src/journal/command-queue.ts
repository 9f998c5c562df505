import { AckPolicy, DeliverPolicy, type JetStreamManager, type Msg, ReplayPolicy } from 'nats'
import type { JournalConnection } from './connection.ts'
import { pull, sequenceOf } from './pull.ts'
import { ensureCommandsStream, type StreamSettings } from './streams.ts'
import type { Names } from './subjects.ts'

/** A command of another system, as it came. */
export interface QueuedCommand {
  /** what its subject says that it is, such as order.pay; there may be no such command */
  readonly name: string
  readonly text: string
  /** its place in the stream: no other attempt has it, and it is the same whenever this one is delivered */
  readonly sequence: number
  /** It has had its effect and its answer: it does not come again. */
  done(): void
  /** It could not be carried out now: it comes again after so many ms. */
  later(ms: number): void
}

interface QueueParts {
  readonly connection: JournalConnection
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly streams: StreamSettings
}

/** All workers share it; each command goes to one of them at a time. */
const CONSUMER = 'worker'
/** A worker that has not said anything of a command for so long has died with it. */
const ACK_WAIT_MS = 30_000
const UNACKED_MOST = 1000

/** Commands of other systems, each delivered until it is done. */
export class CommandQueue {
  readonly #parts: QueueParts
  #ready = false

  constructor(parts: QueueParts) {
    this.#parts = parts
  }

  /** What is there, at most `most`; waits up to `waitMs` for the first. @throws NatsError when NATS does not answer */
  async take(most: number, waitMs: number): Promise<QueuedCommand[]> {
    const { connection, names } = this.#parts
    if (!this.#ready) await this.#prepare()
    const request = { stream: names.commandsStream, consumer: CONSUMER }
    let pulled = await pull(connection.nc, { ...request, most, expiresMs: 0 })
    if (pulled.messages.length === 0 && !pulled.doubt && waitMs > 0) {
      pulled = await pull(connection.nc, { ...request, most: 1, expiresMs: waitMs })
    }
    if (pulled.doubt) this.#ready = false
    return pulled.messages.map((message) => this.#commandOf(message))
  }

  async #prepare(): Promise<void> {
    const { jsm, names, streams } = this.#parts
    await ensureCommandsStream(jsm, names, streams)
    await jsm.consumers.add(names.commandsStream, {
      durable_name: CONSUMER,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ACK_WAIT_MS * 1_000_000,
      max_deliver: -1,
      max_ack_pending: UNACKED_MOST,
      deliver_policy: DeliverPolicy.All,
      replay_policy: ReplayPolicy.Instant
    })
    this.#ready = true
  }

  #commandOf(message: Msg): QueuedCommand {
    const { connection, names } = this.#parts
    const tell = (text: string) => {
      if (message.reply) connection.nc.publish(message.reply, text)
    }
    return {
      name: names.commandName(message.subject),
      text: Buffer.from(message.data).toString('utf8'),
      sequence: sequenceOf(message),
      done: () => tell('+ACK'),
      later: (ms) => tell(`-NAK {"delay": ${ms * 1_000_000}}`)
    }
  }
}
