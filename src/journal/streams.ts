import {
  DiscardPolicy,
  type JetStreamManager,
  NatsError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo
} from 'nats'
import type { JournalConnection } from './connection.ts'
import { addLargest, isNoRoom, isServerAway } from './room.ts'
import type { Names } from './subjects.ts'

/** Settings of a stream. */
export interface StreamSettings {
  readonly replicas: number
  readonly maxBytes: number
  /** the smallest size of a journal stream where there is no room for `maxBytes`; absent: `maxBytes` itself */
  readonly leastBytes?: number
}

const API_DEADLINE_MS = 3000
const STREAM_NOT_FOUND = 10059

export function manager(connection: JournalConnection): Promise<JetStreamManager> {
  return connection.nc.jetstreamManager({ timeout: API_DEADLINE_MS, checkAPI: false })
}

/** For how long a message with an id that is stored is not stored again. */
const KNOWN_AGAIN_NS = 120_000_000_000

function settings(name: string, subjects: string[], { replicas, maxBytes }: StreamSettings): Partial<StreamConfig> {
  return {
    name,
    subjects,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // never drops its oldest message: a full journal refuses, and the gate closes
    discard: DiscardPolicy.New,
    max_bytes: maxBytes,
    num_replicas: replicas,
    duplicate_window: KNOWN_AGAIN_NS
  }
}

/** undefined when there is no such stream. @throws NatsError when NATS does not answer */
export async function streamInfo(jsm: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await jsm.streams.info(name)
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === STREAM_NOT_FOUND) return undefined
    throw error
  }
}

/**
 * Makes the stream of one opening of a shard. A second call changes nothing.
 * @returns the bytes that it reserves
 */
export async function createJournalStream(
  jsm: JetStreamManager,
  names: Names,
  opening: { readonly shard: number; readonly epoch: number; readonly settings: StreamSettings }
): Promise<number> {
  const { shard, epoch } = opening
  const name = names.journalStream(shard, epoch)
  const { leastBytes = opening.settings.maxBytes } = opening.settings
  return addLargest(jsm, settings(name, [names.journalSubject(shard, epoch)], opening.settings), leastBytes)
}

/** Commands are small, and the stream drops those that are done. */
const COMMANDS_MAX_BYTES = 256 * 1024 ** 2

/** Smallest sizes of the streams for other systems, where there is no room for more: smaller ones would be of no use. */
const EVENTS_LEAST_BYTES = 64 * 1024 ** 2

/** Makes a stream, or changes an existing one to these subjects; its other settings stay as whoever runs NATS may have set them. */
async function ensureStream(jsm: JetStreamManager, wanted: Partial<StreamConfig>): Promise<void> {
  const { name = '', subjects = [] } = wanted
  const info = await streamInfo(jsm, name)
  if (!info) await addLargest(jsm, wanted, Math.min(wanted.max_bytes ?? 0, EVENTS_LEAST_BYTES))
  else if (info.config.subjects.join() !== subjects.join()) await jsm.streams.update(name, { ...info.config, subjects })
}

/** Makes the stream by which other systems send commands. A command that is done leaves it; when it is full it refuses. */
export async function ensureCommandsStream(
  jsm: JetStreamManager,
  { commandsStream, commandSubjects }: Names,
  { replicas, maxBytes }: StreamSettings
): Promise<void> {
  const bounds = { replicas, maxBytes: Math.min(maxBytes, COMMANDS_MAX_BYTES) }
  await ensureStream(jsm, {
    ...settings(commandsStream, commandSubjects, bounds),
    retention: RetentionPolicy.Workqueue
  })
}

/**
 * Makes the stream that other systems read. Make the commands' stream first: in an earlier version its subjects lay within those
 * that this stream lists now, and no subject may be in two streams.
 */
export async function ensurePublicStream(
  jsm: JetStreamManager,
  names: Names,
  keep: StreamSettings & { readonly keepSeconds: number }
): Promise<void> {
  await ensureCommandsStream(jsm, names, keep)
  await ensureStream(jsm, {
    ...settings(names.publicStream, names.eventSubjects, keep),
    // this stream serves readers and promises nothing: events older than the retention go, `export events` still has them
    discard: DiscardPolicy.Old,
    // NATS takes no shorter age than that for which it knows ids again
    max_age: keep.keepSeconds === 0 ? 0 : Math.max(keep.keepSeconds * 1_000_000_000, KNOWN_AGAIN_NS)
  })
}

/**
 * Seals a stream: nothing can ever be stored in it afterwards.
 * @returns the last sequence, read after the seal; undefined when the stream is gone
 */
export async function sealStream(jsm: JetStreamManager, name: string): Promise<number | undefined> {
  const info = await streamInfo(jsm, name)
  if (!info) return undefined
  if (!info.config.sealed) {
    await jsm.streams.update(name, { ...info.config, sealed: true } as StreamConfig)
  }
  const sealed = await streamInfo(jsm, name)
  if (!sealed?.config.sealed) throw new Error(`The stream ${name} did not seal; it may still take frames.`)
  await giveBack(jsm, sealed)
  return sealed.state.last_seq
}

/** More than a sealed stream can hold, so that its oldest message is never dropped, however NATS counts. */
const SPARE_BYTES = 64 * 1024

/**
 * Shrinks a sealed stream to what it holds: it would go on reserving its whole bound for days although nothing more comes to it, and
 * the next stream needs the room. Call it only after the seal: a message that came in between would push the oldest one out.
 */
async function giveBack(jsm: JetStreamManager, { config, state }: StreamInfo): Promise<void> {
  const enough = state.bytes + SPARE_BYTES
  if (config.max_bytes > 0 && config.max_bytes <= enough) return
  try {
    await jsm.streams.update(config.name, { ...config, max_bytes: enough })
  } catch (error) {
    // a server that cannot do this for a sealed stream keeps the room; the seal still holds
    if (!(error instanceof NatsError && error.api_error)) throw error
  }
}

/**
 * Gives the open stream what it lacks: the rest of its bound, where there was no room, and the rest of its copies, where a server
 * was down. @returns whether it gave anything
 */
export async function completeStream(
  jsm: JetStreamManager,
  { config }: StreamInfo,
  { maxBytes, replicas }: StreamSettings
): Promise<boolean> {
  if (config.sealed) return false
  const missing: Array<Partial<StreamConfig>> = []
  if (config.max_bytes > 0 && config.max_bytes < maxBytes) missing.push({ max_bytes: maxBytes })
  if (config.num_replicas < replicas) missing.push({ num_replicas: replicas })
  let whole = config
  for (const part of missing) {
    try {
      ;({ config: whole } = await jsm.streams.update(config.name, { ...whole, ...part }))
    } catch (error) {
      if (!isNoRoom(error) && !isServerAway(error)) throw error
    }
  }
  return whole !== config
}

/** Epochs of a shard's journal streams that exist, oldest first. */
export async function journalEpochs(jsm: JetStreamManager, names: Names, shard: number): Promise<number[]> {
  const prefix = names.journalPrefix(shard)
  const epochs: number[] = []
  for await (const name of jsm.streams.names(`${names.journalSubject(shard, 0).replace(/0$/, '*')}`)) {
    if (name.startsWith(prefix)) epochs.push(Number(name.slice(prefix.length)))
  }
  return epochs.sort((a, b) => a - b)
}
