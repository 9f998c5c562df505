import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { DiscardPolicy, type JetStreamManager, type Msg, NatsError, RetentionPolicy, StorageType } from 'nats'
import { connectJournal, type JournalConnection } from './connection.ts'
import { streamInfo } from './streams.ts'
import type { Names } from './subjects.ts'
import { WorkerQueue } from './worker-queue.ts'

/** Signals older than this are worth nothing to whoever has not read them. */
const KEEP_NS = 60_000_000_000
const MAX_BYTES = 16 * 1024 ** 2
const RETRY_MS = 1000
const DRAIN_MS = 500

/**
 * Makes the stream of signals: small, in memory, and it drops its oldest message. In files where NATS has no memory to give.
 * @throws NatsError when NATS does not answer or gives no room
 */
async function ensureSignalsStream(jsm: JetStreamManager, names: Names): Promise<void> {
  if ((await streamInfo(jsm, names.signalsStream)) !== undefined) return
  const settings = {
    name: names.signalsStream,
    subjects: names.signalSubjects,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_bytes: MAX_BYTES,
    max_age: KEEP_NS,
    duplicate_window: KEEP_NS,
    num_replicas: 1
  }
  try {
    await jsm.streams.add({ ...settings, storage: StorageType.Memory })
  } catch (error) {
    if (!(error instanceof NatsError && error.api_error)) throw error
    await jsm.streams.add({ ...settings, storage: StorageType.File })
  }
}

/** A message of a gateway for the workers. */
interface QueuedSignals {
  readonly text: string
  done(): void
}

/** What gateways said, each message for one worker. */
export class SignalQueue {
  readonly #queue: WorkerQueue

  constructor(parts: {
    readonly connection: JournalConnection
    readonly jsm: JetStreamManager
    readonly names: Names
  }) {
    const { jsm, names } = parts
    const ensure = () => ensureSignalsStream(jsm, names)
    this.#queue = new WorkerQueue({ ...parts, stream: names.signalsStream, ensure, consumer: { mem_storage: true } })
  }

  /** The messages that are there now. @throws NatsError when NATS does not answer */
  async take(most: number): Promise<QueuedSignals[]> {
    const messages = await this.#queue.take(most, 0)
    return messages.map((message) => ({
      text: Buffer.from(message.data).toString('utf8'),
      done: () => this.#queue.answer(message, '+ACK')
    }))
  }
}

/** A connection for signals alone: whatever NATS does with them, the journal's connection does not notice. */
export interface SignalLine {
  /** Sends a message that may be lost. Never throws. @returns false while there is no connection */
  send(text: string): boolean
  /** Calls with each message of any gateway of this deployment, from now on. */
  hear(take: (text: string) => void): void
  close(): Promise<void>
}

/** A name for a process that no other has, as a part of a subject. */
const ownName = (): string =>
  `${hostname().replace(/[^A-Za-z0-9_-]/g, '-')}-${process.pid}-${randomBytes(3).toString('hex')}`

/** Connects in the background, and again and again while NATS is away. */
export function openSignalLine(
  url: string,
  { creds, names }: { readonly creds: string; readonly names: Names }
): SignalLine {
  const subject = names.signalSubject(ownName())
  const takers: Array<(text: string) => void> = []
  const closing = new AbortController()
  let line: JournalConnection | undefined

  function listen({ nc }: JournalConnection, take: (text: string) => void): void {
    const callback = (error: NatsError | null, message: Msg) => {
      // whoever may not listen hears nothing
      if (error === null) take(Buffer.from(message.data).toString('utf8'))
    }
    nc.subscribe(names.signalSubjects[0] ?? '', { callback })
  }

  async function connect(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const made = await connectJournal({ url, creds, name: 'floodgate-signals' })
        if (closing.signal.aborted) return void (await made.close())
        line = made
        for (const take of takers) listen(made, take)
        return
      } catch {
        await delay(RETRY_MS, undefined, { signal: closing.signal, ref: false }).catch(() => {})
      }
    }
  }
  void connect()

  return {
    send(text) {
      if (line?.isUp() !== true) return false
      try {
        line.nc.publish(subject, text)
      } catch {
        // NATS allows no message of this size: kept, it would only grow
      }
      return true
    },
    hear(take) {
      takers.push(take)
      if (line !== undefined) listen(line, take)
    },
    async close() {
      closing.abort()
      if (line === undefined) return
      // the last second goes too, if NATS takes it at once
      if (line.isUp()) await Promise.race([line.nc.drain().catch(() => {}), delay(DRAIN_MS, undefined, { ref: false })])
      await line.close()
    }
  }
}
