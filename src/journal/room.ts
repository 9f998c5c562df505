import { type JetStreamManager, NatsError, StorageType, type StreamConfig } from 'nats'
import { FloodgateError } from '../base/errors.ts'
import { throughElection } from './election.ts'
import type { Publication } from './publisher.ts'
import type { Names } from './subjects.ts'

/** NATS answers with these codes when the account, the server, its store or a stream has no room for what a stream reserves. */
const NO_ROOM = [10002, 10023, 10047, 10122]
/** A cluster answers with one code whatever keeps it from placing a stream; a server that is down is no lack of room. */
const NO_PEERS = 10005
const UNKNOWN_STREAM = 10059
const GIB = 1024 ** 3

/** NATS has no room for a stream; the message says how much is reserved and what helps. */
export class NoRoomError extends FloodgateError {
  readonly code = 'no-room'
  readonly meaning = 'Without its stream the shard stays closed; nothing is lost.'
  readonly remedy = 'Raise the limit of the account, or set JOURNAL_MAX_BYTES lower; see docs/runbook.md.'
}

function saidBy(error: unknown): { code: number; words: string } {
  const { err_code: code = 0, description: words = '' } = (error instanceof NatsError && error.api_error) || {}
  return { code, words }
}

export function isNoRoom(error: unknown): boolean {
  const { code, words } = saidBy(error)
  return NO_ROOM.includes(code) || (code === NO_PEERS && /insufficient storage/.test(words) && !/offline/.test(words))
}

/** Whether a cluster has too few servers for the copies of a stream, because one of them is down. */
export function isServerAway(error: unknown): boolean {
  const { code, words } = saidBy(error)
  return code === NO_PEERS && /offline/.test(words)
}

/**
 * Makes something with `replicas` copies, or with a majority of them while a server is down that nothing replaces: a message that
 * is acked then is in all copies that exist.
 */
export async function withCopies<T>(replicas: number, make: (replicas: number) => Promise<T>): Promise<T> {
  try {
    return await make(replicas)
  } catch (error) {
    const majority = Math.floor(replicas / 2) + 1
    if (!isServerAway(error) || majority === replicas) throw error
    return make(majority)
  }
}

/**
 * Makes a stream with its `max_bytes`, or with the largest half, quarter ... of it that fits: JetStream reserves the whole bound
 * when a stream is made, however little it will hold.
 * @param leastBytes the smallest size that is of use
 * @returns the bytes that it reserves
 * @throws the error of NATS when not even `leastBytes` fit
 */
export async function addLargest(
  jsm: JetStreamManager,
  wanted: Partial<StreamConfig>,
  leastBytes: number
): Promise<number> {
  for (let bytes = wanted.max_bytes ?? leastBytes; ; bytes = Math.max(leastBytes, Math.floor(bytes / 2))) {
    try {
      await throughElection(() => jsm.streams.add({ ...wanted, max_bytes: bytes }))
      return bytes
    } catch (error) {
      if (!isNoRoom(error) || bytes <= leastBytes) throw error
    }
  }
}

/** What a stream of files adds to subject, headers and text of a message. */
const RECORD_BYTES = 34

/** How many bytes a stream takes for a message that is one of many; see `publishChain`. */
export function storedBytes({ subject, id, contentType = '', payload }: Publication): number {
  const named = `Nats-Msg-Id: ${id}\r\nContent-Type: ${contentType}\r\nNats-Expected-Last-Msg-Id: ${id}\r\n`
  return RECORD_BYTES + Buffer.byteLength(`${subject}NATS/1.0\r\n${named}\r\n${payload}`)
}

/**
 * Whether a stream of so many bytes could be made now. NATS tells clients only the bound of the account, and most accounts have
 * none: a client can learn the server's bound only by asking for the room.
 */
export async function hasRoom(
  jsm: JetStreamManager,
  names: Names,
  { shard, bytes, replicas }: { readonly shard: number; readonly bytes: number; readonly replicas: number }
): Promise<boolean> {
  const name = names.roomStream(shard)
  const clear = () =>
    jsm.streams.delete(name).catch((error: unknown) => {
      if (!(error instanceof NatsError && error.api_error?.err_code === UNKNOWN_STREAM)) throw error
    })
  await clear()
  try {
    const room = { name, subjects: [names.roomSubject(shard)], max_bytes: bytes }
    await withCopies(replicas, (copies) => throughElection(() => jsm.streams.add({ ...room, num_replicas: copies })))
  } catch (error) {
    if (isNoRoom(error)) return false
    throw error
  }
  await clear()
  return true
}

/** How many bytes the streams of a deployment reserve and hold, and how many the account may have. */
export interface Reserved {
  readonly streams: number
  readonly reserved: number
  readonly held: number
  /** undefined: the account has no bound of its own; the server's bound holds, and NATS does not tell it */
  readonly offered: number | undefined
}

/** @throws NatsError when NATS does not answer */
export async function reservedBytes(jsm: JetStreamManager, names: Names): Promise<Reserved> {
  const sum = { streams: 0, reserved: 0, held: 0 }
  for await (const { config, state } of jsm.streams.list()) {
    // signals take memory, not the store
    if (!names.isOurs(config.name) || config.storage === StorageType.Memory) continue
    sum.streams += 1
    sum.reserved += Math.max(config.max_bytes, state.bytes)
    sum.held += state.bytes
  }
  const { limits } = await jsm.getAccountInfo()
  return { ...sum, offered: limits.max_storage >= 0 ? limits.max_storage : undefined }
}

/** The same as a sentence for people. */
export function reservedText({ streams, reserved, held, offered }: Reserved): string {
  const size = (bytes: number) =>
    bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`
  const bound =
    offered === undefined
      ? "the account has no bound of its own, the server's max_file_store holds"
      : `the account may have ${size(offered)}`
  return `${streams} streams reserve ${size(reserved)} and hold ${size(held)}; ${bound}`
}
