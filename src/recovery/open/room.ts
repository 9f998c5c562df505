import type { JetStreamManager } from 'nats'
import type { Logger } from 'pino'
import { hasRoom, isNoRoom, NoRoomError, reservedBytes, reservedText, withCopies } from '../../journal/room.ts'
import { createJournalStream, type StreamSettings, streamInfo } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import {
  EVENTS_READER,
  listOpenings,
  type Position,
  readReaderPosition,
  recordDeleted
} from '../../store/shard/shards.ts'

type Queryable = Parameters<typeof listOpenings>[0]

interface RoomParts {
  readonly session: Queryable
  readonly shard: number
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly streams: StreamSettings
  readonly projector: { readonly position: Position }
  readonly logger: Logger
}

/** A position as a sequence in the stream of one epoch: 0 before that stream, the largest number after it. */
export function sequenceWithin(epoch: number, position: Position): number {
  if (position.epoch === epoch) return position.sequence
  return position.epoch > epoch ? Number.MAX_SAFE_INTEGER : 0
}

interface Givable {
  readonly epoch: number
  readonly stream: string
  readonly bytes: number
}

/** Sealed streams that projection and events have both read to their end, oldest first: they may be deleted for room. */
async function givable({ session, shard, jsm, names, projector }: RoomParts): Promise<Givable[]> {
  const events = await readReaderPosition(session, EVENTS_READER, shard)
  const found: Givable[] = []
  if (!events) return found
  for (const { epoch, lastSequence } of await listOpenings(session, shard)) {
    const stream = names.journalStream(shard, epoch)
    const info = lastSequence === null ? undefined : await streamInfo(jsm, stream)
    if (!info?.config.sealed) continue
    const read = Math.min(sequenceWithin(epoch, projector.position), sequenceWithin(epoch, events))
    if (read >= info.state.last_seq) found.push({ epoch, stream, bytes: Math.max(0, info.config.max_bytes) })
  }
  return found
}

/**
 * Makes an attempt that needs `bytes` of room. Where room is missing, and younger streams that both have read can give enough, it
 * deletes these, oldest first: selling matters more than keeping journals for their time. It deletes none unless all together
 * give enough.
 * @returns the result of the attempt; undefined when there is no room
 */
async function withRoomMade<T>(
  parts: RoomParts,
  bytes: number,
  attempt: () => Promise<T | undefined>
): Promise<T | undefined> {
  const made = await attempt()
  if (made !== undefined) return made
  const old = await givable(parts)
  const missing = bytes - old.reduce((sum, each) => sum + each.bytes, 0)
  const { jsm, names, shard, session, streams, logger } = parts
  if (
    old.length === 0 ||
    (missing > 0 && !(await hasRoom(jsm, names, { shard, bytes: missing, replicas: streams.replicas })))
  ) {
    return undefined
  }
  for (const { epoch, stream } of old) {
    await jsm.streams.delete(stream)
    await recordDeleted(session, shard, epoch)
    logger.warn(
      { alarm: 'JOURNAL_ROOM', stream },
      'a journal stream that all have read was deleted before its time: NATS has no room for the next one'
    )
    const later = await attempt()
    if (later !== undefined) return later
  }
  return undefined
}

/** What there is too little room for, and what helps, for people. */
async function tooLittle({ jsm, names, streams }: RoomParts): Promise<string> {
  const least = Math.ceil((streams.leastBytes ?? streams.maxBytes) / 1024 ** 2)
  return (
    `a journal stream of ${least} MiB: ${reservedText(await reservedBytes(jsm, names))}. Give JetStream more room ` +
    '(max_file_store, or the limit of the account), or set JOURNAL_MAX_BYTES lower'
  )
}

/**
 * Makes the stream of an opening: as large as JOURNAL_MAX_BYTES, where deleting streams that all readers have read gives the room,
 * else as large as there is room for; with fewer copies while a server is down that nothing replaces. The janitor later gives it the
 * rest. Call it after the fence, because the fence makes older streams give back the room that they do not use.
 * @throws NoRoomError when not even the smallest fits
 */
export async function createWithRoom(parts: RoomParts, epoch: number): Promise<void> {
  const { streams, logger } = parts
  await withCopies(streams.replicas, async (replicas) => {
    if (replicas < streams.replicas) {
      logger.warn(
        { alarm: 'JOURNAL_REPLICAS', replicas, wanted: streams.replicas },
        'a NATS server is away: the journal stream is made with fewer copies, and gets the others when it is back'
      )
    }
    await createLargest({ ...parts, streams: { ...streams, replicas } }, epoch)
  })
}

async function createLargest(parts: RoomParts, epoch: number): Promise<void> {
  const { jsm, names, shard, streams, logger } = parts
  const create = async (settings: StreamSettings): Promise<number | undefined> => {
    try {
      return await createJournalStream(jsm, names, { shard, epoch, settings })
    } catch (error) {
      if (isNoRoom(error)) return undefined
      throw error
    }
  }
  const least = streams.leastBytes ?? streams.maxBytes
  const whole = () => create({ ...streams, leastBytes: streams.maxBytes })
  const bytes =
    (await withRoomMade(parts, streams.maxBytes, whole)) ?? (await withRoomMade(parts, least, () => create(streams)))
  if (bytes === undefined) throw new NoRoomError(`NATS has no room for ${await tooLittle(parts)}.`)
  if (bytes < streams.maxBytes) {
    logger.warn(
      { alarm: 'JOURNAL_ROOM', bytes, wanted: streams.maxBytes },
      'NATS has room for a smaller journal stream only; it grows when there is more'
    )
  }
}

/**
 * When the attempt before this one found no room for its stream, waits for room before this one raises the epoch. (The fence of that
 * attempt made older streams give back what they do not use, so the answer is exact.)
 * @returns what to wait for, in words; undefined when there is room
 */
export async function missingRoom(parts: RoomParts): Promise<string | undefined> {
  const { session, shard, jsm, names, streams } = parts
  const last = (await listOpenings(session, shard)).at(-1)
  if (last === undefined || last.created) return undefined
  const bytes = streams.leastBytes ?? streams.maxBytes
  const found = await withRoomMade(parts, bytes, async () =>
    (await hasRoom(jsm, names, { shard, bytes, replicas: streams.replicas })) ? true : undefined
  )
  return found === undefined ? `room in NATS for ${await tooLittle(parts)}` : undefined
}
