import type { JetStreamManager, Msg } from 'nats'
import type { JournalConnection } from './connection.ts'
import { sequenceOf } from './pull.ts'
import { ensureCommandsStream, type StreamSettings } from './streams.ts'
import type { Names } from './subjects.ts'
import { WorkerQueue } from './worker-queue.ts'

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

/** Commands that other systems sent, each delivered until it is acknowledged. */
export class CommandQueue {
  readonly #names: Names
  readonly #queue: WorkerQueue

  constructor({ names, streams, ...parts }: QueueParts) {
    const ensure = () => ensureCommandsStream(parts.jsm, names, streams)
    this.#names = names
    this.#queue = new WorkerQueue({ ...parts, stream: names.commandsStream, ensure })
  }

  /** Takes at most `most` commands; waits up to `waitMs` for the first. @throws NatsError when NATS does not answer */
  async take(most: number, waitMs: number): Promise<QueuedCommand[]> {
    const messages = await this.#queue.take(most, waitMs)
    return messages.map((message) => this.#commandOf(message))
  }

  #commandOf(message: Msg): QueuedCommand {
    return {
      name: this.#names.commandName(message.subject),
      text: Buffer.from(message.data).toString('utf8'),
      sequence: sequenceOf(message),
      done: () => this.#queue.answer(message, '+ACK'),
      later: (ms) => this.#queue.answer(message, `-NAK {"delay": ${ms * 1_000_000}}`)
    }
  }
}
