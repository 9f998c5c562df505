import { ServerError } from '../network.ts'

export interface Message {
  readonly sequence: number
  readonly id: string
  readonly payload: string
}

interface Stream {
  readonly name: string
  readonly subject: string
  readonly windowMs: number
  sealed: boolean
  messages: Message[]
  lastSequence: number
  /** Nats-Msg-Id -> its sequence, and when it came */
  readonly seen: Map<string, { readonly sequence: number; readonly at: number }>
}

export interface Ack {
  readonly stream: string
  readonly sequence: number
  readonly duplicate: boolean
}

export interface StreamInfo {
  readonly sealed: boolean
  readonly firstSequence: number
  readonly lastSequence: number
}

export const DEDUPE_WINDOW_MS = 120_000

/** JetStream: streams of one subject each, with sealing, dedupe within a window, and reading from a place. */
export class FakeNats {
  /** its disk has no room: it takes no message, and can be read, sealed and deleted */
  isFull = false
  readonly #streams = new Map<string, Stream>()
  readonly #now: () => number
  /** told of every message that is stored anew */
  onStored: (stream: string, message: Message) => void = () => {}

  constructor(now: () => number) {
    this.#now = now
  }

  /** Making it again changes nothing. @throws ServerError when it stands sealed (10058) */
  addStream(name: string, subject: string, windowMs = DEDUPE_WINDOW_MS): void {
    const known = this.#streams.get(name)
    if (known?.sealed) throw new ServerError('10058 stream name already in use with a different configuration')
    if (known) return
    this.#streams.set(name, { name, subject, windowMs, sealed: false, messages: [], lastSequence: 0, seen: new Map() })
  }

  /** For good. @throws ServerError when it is gone */
  seal(name: string): void {
    this.#known(name).sealed = true
  }

  /** @throws ServerError when it is sealed */
  unseal(name: string): void {
    if (this.#known(name).sealed) throw new ServerError('10052 can not unseal a sealed stream')
  }

  /** undefined when there is no such stream */
  info(name: string): StreamInfo | undefined {
    const stream = this.#streams.get(name)
    if (!stream) return undefined
    const { sealed, lastSequence, messages } = stream
    return { sealed, lastSequence, firstSequence: messages[0]?.sequence ?? lastSequence + 1 }
  }

  names(): string[] {
    return [...this.#streams.keys()]
  }

  deleteStream(name: string): void {
    this.#streams.delete(name)
  }

  /** Up to and without a sequence. @throws ServerError when it is sealed */
  purge(name: string, before: number): void {
    const stream = this.#known(name)
    if (stream.sealed) throw new ServerError('10109 invalid operation on sealed stream')
    stream.messages = stream.messages.filter(({ sequence }) => sequence >= before)
  }

  /** @throws ServerError when no stream listens, or it is sealed */
  publish(subject: string, id: string, payload: string): Ack {
    const stream = [...this.#streams.values()].find((each) => each.subject === subject)
    if (!stream) throw new ServerError('503 no responders')
    if (stream.sealed) throw new ServerError('10109 invalid operation on sealed stream')
    if (this.isFull) throw new ServerError('10077 maximum bytes exceeded')
    const known = id === '' ? undefined : stream.seen.get(id)
    if (known && this.#now() - known.at < stream.windowMs) {
      return { stream: stream.name, sequence: known.sequence, duplicate: true }
    }
    stream.lastSequence += 1
    const message = { sequence: stream.lastSequence, id, payload }
    stream.messages.push(message)
    if (id !== '') stream.seen.set(id, { sequence: message.sequence, at: this.#now() })
    this.onStored(stream.name, message)
    return { stream: stream.name, sequence: message.sequence, duplicate: false }
  }

  /** What is there from a sequence on. @throws ServerError when the stream is gone */
  pull(name: string, from: number, most: number): Message[] {
    return this.#known(name)
      .messages.filter(({ sequence }) => sequence >= from)
      .slice(0, most)
  }

  wipe(): void {
    this.#streams.clear()
  }

  #known(name: string): Stream {
    const stream = this.#streams.get(name)
    if (!stream) throw new ServerError('10059 stream not found')
    return stream
  }
}
