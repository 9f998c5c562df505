import { AckPolicy, DeliverPolicy, type JetStreamManager, type Msg, ReplayPolicy } from 'nats'
import type { JournalConnection } from './connection.ts'
import { pull, sequenceOf } from './pull.ts'
import { ensureCommandsStream, type StreamSettings } from './streams.ts'
import type { Names } from './subjects.ts'

/** A command that another system sent, as it arrived. */
export interface QueuedCommand {
  /** the type that its subject names, such as order.pay; the type may not exist */
  readonly name: string
  readonly text: string
  /** its sequence in the stream: no other command has it, and a redelivery has the same */
  readonly sequence: number
  /** Acknowledges the command: it was carried out and answered, and is not delivered again. */
  done(): void
  /** Returns the command, which could not be carried out now: NATS delivers it again after so many ms. */
  later(ms: number): void
}

interface QueueParts {
  readonly connection: JournalConnection
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly streams: StreamSettings
}

/** All workers share this consumer; NATS gives each command to one of them at a time. */
const CONSUMER = 'worker'
/** NATS gives a command to another worker when its worker has been silent about it for so long: that worker has died. */
const ACK_WAIT_MS = 30_000
const UNACKED_MOST = 1000

/** Commands that other systems sent, each delivered until it is acknowledged. */
export class CommandQueue {
  readonly #parts: QueueParts
  #ready = false

  constructor(parts: QueueParts) {
    this.#parts = parts
  }

  /** Takes at most `most` commands; waits up to `waitMs` for the first. @throws NatsError when NATS does not answer */
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
    const reply = (text: string) => {
      if (message.reply) connection.nc.publish(message.reply, text)
    }
    return {
      name: names.commandName(message.subject),
      text: Buffer.from(message.data).toString('utf8'),
      sequence: sequenceOf(message),
      done: () => reply('+ACK'),
      later: (ms) => reply(`-NAK {"delay": ${ms * 1_000_000}}`)
    }
  }
}
