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

/** How streams are kept. */
export interface StreamSettings {
  readonly replicas: number
  readonly maxBytes: number
  /** what a journal stream has at least, where there is no room for `maxBytes`; that where absent */
  readonly leastBytes?: number
}

const API_DEADLINE_MS = 3000
const STREAM_NOT_FOUND = 10059

export function manager(connection: JournalConnection): Promise<JetStreamManager> {
  return connection.nc.jetstreamManager({ timeout: API_DEADLINE_MS, checkAPI: false })
}

function settings(name: string, subjects: string[], { replicas, maxBytes }: StreamSettings): Partial<StreamConfig> {
  return {
    name,
    subjects,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // never drop the oldest: a full journal refuses, and the gate closes
    discard: DiscardPolicy.New,
    max_bytes: maxBytes,
    num_replicas: replicas,
    duplicate_window: 120_000_000_000
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
 * The stream of one opening of a shard. Creating it again changes nothing.
 * @returns what it reserves
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

/** Commands are small and leave when they are done. */
const COMMANDS_MAX_BYTES = 256 * 1024 ** 2

/** Of the streams for others, where there is no room for more: smaller ones would be of no use. */
const EVENTS_LEAST_BYTES = 64 * 1024 ** 2

/** Makes a stream, or gives an earlier version's its subjects; other settings stay as whoever keeps NATS may have set them. */
async function ensureStream(jsm: JetStreamManager, wanted: Partial<StreamConfig>): Promise<void> {
  const { name = '', subjects = [] } = wanted
  const info = await streamInfo(jsm, name)
  if (!info) await addLargest(jsm, wanted, Math.min(wanted.max_bytes ?? 0, EVENTS_LEAST_BYTES))
  else if (info.config.subjects.join() !== subjects.join()) await jsm.streams.update(name, { ...info.config, subjects })
}

/** The stream by which other systems send commands. A command that is done leaves it; a full one refuses. */
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
 * The stream that downstream systems read. Commands come first: those of an earlier version had subjects that lie within
 * what this stream lists now, and no subject may be in two streams.
 */
export async function ensurePublicStream(
  jsm: JetStreamManager,
  names: Names,
  keep: StreamSettings & { readonly keepSeconds: number }
): Promise<void> {
  await ensureCommandsStream(jsm, names, keep)
  await ensureStream(jsm, {
    ...settings(names.publicStream, names.eventSubjects, keep),
    // for readers, not for promises: what is older than the retention goes, `export events` has it
    discard: DiscardPolicy.Old,
    max_age: keep.keepSeconds * 1_000_000_000
  })
}

/**
 * Seals a stream: the barrier after which nothing can be stored in it, ever.
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

/** More than a sealed stream holds, so that no way of counting ever drops its oldest message. */
const SPARE_BYTES = 64 * 1024

/**
 * A sealed stream goes on reserving its whole bound, for days, though nothing comes to it: what it does not hold is for the next
 * one. Only ever behind the seal: what came between would push the oldest message out.
 */
async function giveBack(jsm: JetStreamManager, { config, state }: StreamInfo): Promise<void> {
  const enough = state.bytes + SPARE_BYTES
  if (config.max_bytes > 0 && config.max_bytes <= enough) return
  try {
    await jsm.streams.update(config.name, { ...config, max_bytes: enough })
  } catch (error) {
    // a server that does not do this for a sealed stream keeps the room, and the seal
    if (!(error instanceof NatsError && error.api_error)) throw error
  }
}

/**
 * Gives the open stream what it was made without: its whole bound, where there was no room, and all its copies, where a server was
 * away. @returns whether it got something
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
