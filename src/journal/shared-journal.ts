import type { StoredMessage, StreamReader } from './reader.ts'

/** Reads a stream in order from a sequence; see `StreamReader`. */
export type JournalReader = Pick<StreamReader, 'next' | 'read' | 'close'>

/** Messages, and bytes of them, that are kept for a reader that comes later; one that is further behind reads by itself. */
const KEPT = 256
const KEPT_BYTES = 2 * 1024 ** 2
/** Messages of one pull. */
const PULLED = 128
const PULLED_LEAST = 8
/**
 * Bytes that one read gives: some 1,200 purchases. A transaction of more costs Postgres hardly less for each, and what was made of
 * them lives so long that collecting garbage takes a fifth of the worker's time.
 */
const READ_BYTES = 512 * 1024

/** One of several readers. */
export interface SharingReader extends JournalReader {
  /** whether its last read left something to read, as far as is known */
  readonly hasMore: boolean
  /** whether another one, who is near, is more than a read behind */
  readonly isAhead: boolean
}

type Open = (from: number) => JournalReader

function bytesOf(messages: readonly StoredMessage[]): number {
  return messages.reduce((sum, { text }) => sum + text.length, 0)
}

/** What is read of one stream, and who reads it. */
class SharedStream {
  readonly open: Open
  readonly readers = new Set<SharedReader>()
  #source: JournalReader
  /** the messages before `#end`, oldest first */
  #kept: StoredMessage[] = []
  #end: number
  /** how many messages the next pull asks for */
  #pull = PULLED
  #isFull = false
  #reading: Promise<void> | undefined

  constructor(open: Open, from: number) {
    this.open = open
    this.#source = open(from)
    this.#end = from
  }

  /** The sequence of the first message that nobody has read here. */
  get end(): number {
    return this.#end
  }

  /** Whether the last pull found as much as it asked for. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Bytes of what is kept from a place on. */
  bytesAfter(place: number): number {
    return bytesOf(this.#kept.slice(Math.max(0, this.#kept.length - (this.#end - place))))
  }

  /** Whether a reader at this place can go on with what is kept, or with what is read next. */
  reaches(next: number): boolean {
    return next <= this.#end && next >= this.#end - this.#kept.length
  }

  /** Reads on at the end, once for all who wait there. @throws what the stream's reader throws */
  readOn(waitMs: number): Promise<void> {
    this.#reading ??= this.#read(waitMs).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(waitMs: number): Promise<void> {
    const source = this.#source
    const asked = this.#pull
    const messages = await source.read(asked, waitMs)
    // moved meanwhile
    if (source !== this.#source) return
    this.#isFull = messages.length === asked
    if (messages.length > 0) {
      const fitting = Math.ceil((READ_BYTES * messages.length) / Math.max(1, bytesOf(messages)))
      this.#pull = Math.min(PULLED, Math.max(PULLED_LEAST, fitting))
    }
    this.#kept.push(...messages)
    this.#end += messages.length
  }

  take(from: number, most: number): StoredMessage[] {
    const first = this.#end - this.#kept.length
    const there = this.#kept.slice(from - first, from - first + most)
    let bytes = 0
    const tooMany = there.findIndex(({ text }, index) => {
      bytes += text.length
      return index > 0 && bytes > READ_BYTES
    })
    return tooMany < 0 ? there : there.slice(0, tooMany)
  }

  /** Lets go what all have read, and what is too much for those that have not. */
  release(): void {
    const places = Array.from(this.readers, ({ next }) => next).filter((next) => this.reaches(next))
    const read = Math.min(this.#end, ...places)
    let kept = Math.min(this.#end - read, KEPT, this.#kept.length)
    // what nobody has read yet stays
    let bytes = this.bytesAfter(this.#end - kept) - this.bytesAfter(Math.max(read, ...places))
    while (bytes > KEPT_BYTES) {
      bytes -= this.#kept[this.#kept.length - kept]?.text.length ?? 0
      kept -= 1
    }
    if (kept < this.#kept.length) this.#kept = this.#kept.slice(this.#kept.length - kept)
  }

  /** Goes on at another place, where the only one who still reads here is. */
  async moveTo(next: number): Promise<void> {
    const source = this.#source
    this.#source = this.open(next)
    this.#kept = []
    this.#end = next
    await source.close()
  }

  async close(): Promise<void> {
    await this.#source.close()
  }
}

/** One who reads: with the others while near them, by itself otherwise. */
class SharedReader implements SharingReader {
  readonly #stream: SharedStream
  readonly #left: () => Promise<void>
  #next: number
  #alone: JournalReader | undefined
  #hasMore = false

  constructor(stream: SharedStream, from: number, left: () => Promise<void>) {
    this.#stream = stream
    this.#next = from
    this.#left = left
    stream.readers.add(this)
  }

  get next(): number {
    return this.#next
  }

  get hasMore(): boolean {
    return this.#hasMore
  }

  get isAhead(): boolean {
    const stream = this.#stream
    const rest = stream.bytesAfter(this.#next)
    return [...stream.readers].some(
      ({ next }) => next < this.#next && stream.reaches(next) && stream.bytesAfter(next) - rest > READ_BYTES
    )
  }

  async read(most: number, waitMs: number): Promise<StoredMessage[]> {
    const stream = this.#stream
    if (!stream.reaches(this.#next) && !this.#othersReadHere()) await stream.moveTo(this.#next)
    if (!stream.reaches(this.#next)) return this.#readAlone(most, waitMs)
    await this.#join()
    if (this.#next === stream.end) await stream.readOn(waitMs)
    // the others may have gone on too far while this one waited
    if (!stream.reaches(this.#next)) return []
    const messages = stream.take(this.#next, most)
    this.#next += messages.length
    this.#hasMore = this.#next < stream.end || stream.isFull
    stream.release()
    return messages
  }

  async close(): Promise<void> {
    this.#stream.readers.delete(this)
    await this.#join()
    this.#stream.release()
    await this.#left()
  }

  #othersReadHere(): boolean {
    return [...this.#stream.readers].some((other) => other !== this && this.#stream.reaches(other.next))
  }

  async #readAlone(most: number, waitMs: number): Promise<StoredMessage[]> {
    this.#alone ??= this.#stream.open(this.#next)
    const messages = await this.#alone.read(most, waitMs)
    this.#next += messages.length
    this.#hasMore = messages.length === most
    return messages
  }

  async #join(): Promise<void> {
    const alone = this.#alone
    this.#alone = undefined
    await alone?.close()
  }
}

/**
 * One reading of the journal for several readers, each at a place of its own: what is read from NATS for one is there for the others, as the
 * same objects, so that a frame is parsed once. None waits for another: one that stays behind reads by itself until it is near the others again.
 */
export class SharedJournal {
  readonly #open: (stream: string, from: number) => JournalReader
  readonly #streams = new Map<string, SharedStream>()

  /** @param open makes a reader of NATS */
  constructor(open: (stream: string, from: number) => JournalReader) {
    this.#open = open
  }

  /** A reader of a stream from a sequence on; it has to be closed. */
  reader(name: string, from: number): SharingReader {
    const stream = this.#streams.get(name) ?? new SharedStream((place) => this.#open(name, place), from)
    this.#streams.set(name, stream)
    return new SharedReader(stream, from, async () => {
      if (stream.readers.size > 0 || this.#streams.get(name) !== stream) return
      this.#streams.delete(name)
      await stream.close()
    })
  }
}
