import type { JetStreamManager } from 'nats'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { failPoint } from '../../config/fail-points.ts'
import { type PublicEvent, toEvents, withTrace } from '../../events/cloud-event.ts'
import type { Publisher } from '../../journal/publisher.ts'
import { JournalGapError, type StoredMessage } from '../../journal/reader.ts'
import type { SharedJournal, SharingReader } from '../../journal/shared-journal.ts'
import { journalEpochs, streamInfo } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import { type OpenedPlace, openedPlaces } from '../../store/shard/opened.ts'
import {
  EVENTS_READER,
  type Position,
  readReaderPosition,
  readShard,
  saveReaderPosition
} from '../../store/shard/shards.ts'
import { carryFrames } from '../projection/carry-frames.ts'
import { Openings } from '../projection/openings.ts'
import { publishEvents } from './publish-events.ts'

interface EventRelayOptions {
  readonly jsm: JetStreamManager
  readonly journal: SharedJournal
  readonly publisher: Publisher
  readonly pool: Pool
  readonly names: Names
  readonly shard: number
  readonly logger: Logger
}

const SAVE_EVERY_MS = 500
/** A place that stays: Postgres may have been restored from a backup. */
const SAVE_AGAIN_MS = 30_000
const FRAMES_AT_ONCE = 128

/** Reads the journal from a place of its own and tells each decision to the public stream. Does not wait for Postgres. */
export class EventRelay {
  readonly #options: EventRelayOptions
  readonly #openings = new Openings()
  #place: Position | undefined
  #savedAt = 0
  /** the place that Postgres has of this relay */
  #saved: Position | undefined
  #lookedAt = 0
  #saving: Promise<void> | undefined
  #reader: { readonly epoch: number; readonly stream: SharingReader } | undefined

  constructor(options: EventRelayOptions) {
    this.#options = options
  }

  get place(): Position | undefined {
    return this.#place
  }

  get hasMore(): boolean {
    return this.#reader?.stream.hasMore ?? false
  }

  get isAhead(): boolean {
    return this.#reader?.stream.isAhead ?? false
  }

  /**
   * One step: publishes what is there, or waits up to `waitMs`.
   * @returns how many messages were read
   * @throws what NATS says when it is away
   */
  async step(waitMs: number): Promise<number> {
    this.#place ??= await this.#firstPlace()
    const epoch = await this.#epochToRead(this.#place)
    if (epoch === undefined) return 0
    const from = this.#place.epoch === epoch ? this.#place.sequence + 1 : 1
    if (this.#reader?.epoch !== epoch || this.#reader.stream.next !== from) {
      await this.#reader?.stream.close()
      const { journal, names, shard } = this.#options
      this.#reader = { epoch, stream: journal.reader(names.journalStream(shard, epoch), from) }
    }
    const messages = await this.#reader.stream.read(FRAMES_AT_ONCE, waitMs).catch((error: unknown) => {
      if (!(error instanceof JournalGapError)) throw error
      return this.#skipGap(epoch, from)
    })
    const last = messages.at(-1)
    if (last) {
      await this.#tell(epoch, messages)
      if (failPoint) await failPoint('X3')
      this.#place = { epoch, sequence: last.sequence }
    }
    this.#save()
    return messages.length
  }

  /** Saves the place and forgets it: whoever tells next begins there, and maybe that is this relay again. */
  async close(): Promise<void> {
    await this.#reader?.stream.close()
    this.#reader = undefined
    this.#savedAt = 0
    this.#saved = undefined
    this.#save()
    await this.#saving
    this.#place = undefined
  }

  /** Without a place of its own it begins with the oldest stream there is. */
  async #firstPlace(): Promise<Position> {
    const { pool, shard } = this.#options
    return (await readReaderPosition(pool, EVENTS_READER, shard)) ?? { epoch: 0, sequence: 0 }
  }

  /** Frames that are gone can be told by nobody: after an alarm it goes on with the first that is there. */
  async #skipGap(epoch: number, from: number): Promise<StoredMessage[]> {
    const { jsm, names, shard, logger } = this.#options
    const stream = names.journalStream(shard, epoch)
    const first = (await streamInfo(jsm, stream))?.state.first_seq ?? from
    logger.error({ alarm: 'EVENTS_GAP', stream, from, first }, 'frames are gone that were not told as events')
    this.#place = { epoch, sequence: Math.max(first, from) - 1 }
    return []
  }

  /**
   * The stream to read now: that of the place until it is over and read to its end, then the next that holds something. One is
   * over when one of a higher epoch exists, which is made behind the fence. (Its seal is no sign: a recovery that was paused
   * makes its stream behind the next one's fence, and nobody ever seals it.)
   */
  async #epochToRead(place: Position): Promise<number | undefined> {
    if (this.#reader?.epoch === place.epoch && performance.now() - this.#lookedAt < 1000) return place.epoch
    const { jsm, names, shard } = this.#options
    this.#lookedAt = performance.now()
    const epochs = await journalEpochs(jsm, names, shard)
    const newest = epochs.at(-1) ?? 0
    if (epochs.includes(place.epoch)) {
      const info = await streamInfo(jsm, names.journalStream(shard, place.epoch))
      if (info && !(place.epoch < newest && place.sequence >= info.state.last_seq)) return place.epoch
    }
    for (const epoch of epochs.filter((known) => known > place.epoch)) {
      const info = await streamInfo(jsm, names.journalStream(shard, epoch))
      // one that is over without a frame moves no place: it would be the next one for as long as it exists
      if (info && !(epoch < newest && info.state.last_seq === 0)) return epoch
    }
    return undefined
  }

  #tell(epoch: number, messages: readonly StoredMessage[]): Promise<void> {
    const { names, shard } = this.#options
    return carryFrames(messages, {
      shard,
      epoch,
      openings: this.#openings,
      askOpened: ({ sequence }, places) => this.#opened({ epoch, sequence }, places),
      // it goes to the dead letters of the projection, with an alarm there
      refuse: () => {},
      make: (frame, { trace }) =>
        frame.decisions.flatMap((decision) => {
          const events = toEvents(frame, decision, names)
          return trace === undefined ? events : withTrace(events, decision, trace)
        }),
      store: (events) => this.#publish(events.flat())
    })
  }

  /**
   * Asks Postgres what it has seen opened; only for what this process has not read itself.
   * @throws Error while the projection is behind a message that takes from what it has not seen opened: it may be ours
   */
  async #opened(place: Position, places: readonly OpenedPlace[]): Promise<readonly string[]> {
    const { pool, shard } = this.#options
    // in this order: what is read second knows of everything up to the position
    const position = (await readShard(pool, shard))?.position ?? { epoch: 0, sequence: 0 }
    const opened = await openedPlaces(pool, shard, places)
    const passed =
      position.epoch > place.epoch || (position.epoch === place.epoch && position.sequence >= place.sequence)
    if (opened.length < places.length && !passed) {
      throw new Error(`The projection has not come to frame ${place.epoch}:${place.sequence} yet.`)
    }
    return opened
  }

  async #publish(events: readonly PublicEvent[]): Promise<void> {
    const { stored, reason } = await publishEvents(this.#options.publisher, events)
    if (stored < events.length) throw new Error(`The public stream does not take events: ${reason}`)
  }

  /** At least once: a place saved late only means that events are told again, with the same ids. */
  #save(): void {
    const { pool, shard, logger } = this.#options
    const place = this.#place
    const waitMs = place === this.#saved ? SAVE_AGAIN_MS : SAVE_EVERY_MS
    if (!place || this.#saving || performance.now() - this.#savedAt < waitMs) return
    this.#savedAt = performance.now()
    this.#saving = saveReaderPosition(pool, EVENTS_READER, { ...place, shard })
      .then(() => {
        this.#saved = place
      })
      .catch((error: Error) => logger.debug({ err: error }, 'the place of the events reader was not saved'))
      .finally(() => {
        this.#saving = undefined
      })
  }
}
