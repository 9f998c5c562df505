import type { Client } from 'pg'
import type { Logger } from 'pino'
import { failPoint } from '../../config/fail-points.ts'
import type { Frame } from '../../journal/frame.ts'
import { JournalGapError, type StoredMessage } from '../../journal/reader.ts'
import type { JournalReader, SharingReader } from '../../journal/shared-journal.ts'
import type { Names } from '../../journal/subjects.ts'
import { storeFrames } from '../../store/projection/projection.ts'
import type { DeadLetter, FrameRow } from '../../store/projection/rows.ts'
import { isViolation, storeFramesApart, type Violation } from '../../store/projection/store-apart.ts'
import { openedPlaces } from '../../store/shard/opened.ts'
import type { Position } from '../../store/shard/shards.ts'
import type { Traces } from '../../tracing/traces.ts'
import { carryFrames } from './carry-frames.ts'
import { foldFrames, partsOf } from './fold-frames.ts'
import { Openings } from './openings.ts'
import { traceProjection } from './projection-trace.ts'

/** Frames in one transaction at most. */
const FRAMES_PER_TRANSACTION = 128

/** One that reads by itself does not say whether more is there. */
type Reader = JournalReader & Partial<Pick<SharingReader, 'hasMore'>>

interface ProjectorOptions {
  readonly session: Client
  readonly shard: number
  readonly ownerTerm: number
  readonly names: Names
  readonly openReader: (stream: string, from: number) => Reader
  /** the frames are committed: they may leave kept */
  readonly committed: (frames: readonly Frame[]) => void
  /** campaigns have to be paused: what they decided violates a check */
  readonly violated?: () => void
  /** absent: nothing is traced */
  readonly traces?: Traces | undefined
  readonly logger: Logger
}

/** A frame, and its own row. */
interface Read {
  readonly frame: Frame
  readonly row: FrameRow
}

function frameRow({ epoch, batch, at, decisions }: Frame, place: Position): FrameRow {
  return {
    epoch,
    batch,
    stream_epoch: place.epoch,
    stream_sequence: place.sequence,
    decided_at: at,
    decisions: decisions.length,
    first_sequence: decisions[0]?.seq ?? 0
  }
}

/** Brings the journal into Postgres: Postgres == fold of the journal up to its position. */
export class Projector {
  readonly #options: ProjectorOptions
  readonly #openings = new Openings()
  #position: Position
  #reader: Reader | undefined
  #readerEpoch = 0

  constructor(options: ProjectorOptions, position: Position) {
    this.#options = options
    this.#position = position
  }

  get position(): Position {
    return this.#position
  }

  /** Whether more is there than was read last. */
  get hasMore(): boolean {
    return this.#reader?.hasMore ?? false
  }

  /**
   * Projects what the stream of an epoch holds beyond the position; waits up to `waitMs` for something to come.
   * @param refused why all of them become dead letters; absent: they are projected
   * @returns how many messages were projected
   * @throws OwnershipLostError, JournalGapError, database errors
   */
  async step(epoch: number, waitMs: number, refused?: string): Promise<number> {
    const { names, shard, openReader } = this.#options
    const from = this.#position.epoch === epoch ? this.#position.sequence + 1 : 1
    if (!this.#reader || this.#readerEpoch !== epoch || this.#reader.next !== from) {
      await this.#reader?.close()
      this.#reader = openReader(names.journalStream(shard, epoch), from)
      this.#readerEpoch = epoch
    }
    const messages = await this.#reader.read(FRAMES_PER_TRANSACTION, waitMs)
    if (failPoint && messages.length > 0) await failPoint('W1')
    if (messages.length === 0) return 0
    const { traces } = this.#options
    const ended = traces && traceProjection(traces, shard, messages)
    try {
      await this.#project(epoch, messages, refused)
      ended?.()
    } catch (error) {
      ended?.('not stored')
      throw error
    }
    return messages.length
  }

  /** Projects the stream of an epoch up to and including a sequence. An empty read is not an end. */
  async drain(
    epoch: number,
    upTo: number,
    { deadlineMs, refused }: { readonly deadlineMs: number; readonly refused?: string }
  ): Promise<void> {
    const deadline = Date.now() + deadlineMs
    while (this.#position.epoch < epoch ? upTo > 0 : this.#position.epoch === epoch && this.#position.sequence < upTo) {
      if (Date.now() > deadline) {
        throw new JournalGapError(
          `The journal of epoch ${epoch} was read to ${this.#position.sequence} of ${upTo} only.`
        )
      }
      await this.step(epoch, 500, refused)
    }
  }

  async close(): Promise<void> {
    await this.#reader?.close()
    this.#reader = undefined
  }

  /** What a message that is no frame of ours leaves in Postgres, after an alarm. */
  #deadLetter(epoch: number, { sequence, text }: StoredMessage, reason: string): DeadLetter {
    const { names, shard, logger } = this.#options
    const stream = names.journalStream(shard, epoch)
    logger.error({ alarm: 'DEAD_LETTER', stream, sequence, reason }, 'a message of the journal is no frame of ours')
    return { stream, sequence, reason, payload: Buffer.from(text).toString('base64') }
  }

  /** Other campaigns go on; the one that is named is paused by the driver of holds. */
  #tell(violations: readonly Violation[]): void {
    for (const { campaign, what, stored } of violations) {
      const kept = stored ? 'its decisions are stored' : 'its decisions are dead letters'
      const said = `a campaign went beyond what Postgres allows; ${kept}, and it is paused`
      this.#options.logger.fatal({ alarm: 'VIOLATION', campaign, what }, said)
    }
    this.#options.violated?.()
  }

  async #project(epoch: number, messages: readonly StoredMessage[], refused?: string): Promise<void> {
    const { session, shard } = this.#options
    const position = { epoch, sequence: messages.at(-1)?.sequence ?? 0 }
    const deadLetters: DeadLetter[] = []
    await carryFrames(messages, {
      shard,
      epoch,
      openings: this.#openings,
      askOpened: (_message, places) => openedPlaces(session, shard, places),
      refused,
      refuse: (message, reason) => deadLetters.push(this.#deadLetter(epoch, message, reason)),
      make: (frame, { sequence }) => ({ frame, row: frameRow(frame, { epoch, sequence }) }),
      store: (made) => this.#store(made, { position, deadLetters })
    })
  }

  async #store(
    made: readonly Read[],
    { position, deadLetters }: { readonly position: Position; readonly deadLetters: readonly DeadLetter[] }
  ): Promise<void> {
    const { session, shard, ownerTerm, names, committed } = this.#options
    const frames = made.map(({ frame }) => frame)
    const rows = made.map(({ row }) => row)
    const stored = { shard, ownerTerm, frames: rows, deadLetters, position }
    try {
      await storeFrames(session, { ...stored, fold: (fresh) => foldFrames(frames, fresh) })
    } catch (error) {
      if (!isViolation(error)) throw error
      const stream = names.journalStream(shard, position.epoch)
      this.#tell(await storeFramesApart(session, { ...stored, parts: partsOf(frames, rows, stream) }))
    }
    if (failPoint) await failPoint('W4')
    this.#position = position
    committed(frames)
  }
}
