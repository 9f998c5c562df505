import type { Redis } from 'ioredis'
import { shardKeys } from '../../record/keys.ts'

/** The keys of a shard, and a connection to the Redis that holds them. */
export interface InRedis {
  readonly redis: Redis
  readonly prefix: string
}

/** A frame in the outbox: it waits for the journal. */
export interface WaitingFrame {
  /** `<epoch>-<batch>` */
  readonly entry: string
  readonly payload: string
  /** shard time in ms since 1970 */
  readonly at: number
  /** as the script wrote them, for `parseGives` and `giveKeys` */
  readonly gives: string
}

/** What a settle adds: the physical key of a hash, a field, a delta. */
export type Give = readonly [key: string, field: string, delta: number]

export function parseGives(gives: string): Give[] {
  return gives === '' ? [] : (JSON.parse(gives) as Give[])
}

/** The physical keys of the hashes that gives name: a settle needs them. */
export function giveKeys(gives: string): string[] {
  return [...new Set(parseGives(gives).map(([key]) => key))]
}

/** An entry of the outbox as Redis gives it: names and values of its fields, one after the other. */
export type RawEntry = readonly [entry: string, fields: readonly string[]]

export function waitingFrame([entry, fields]: RawEntry): WaitingFrame {
  return { entry, payload: fields[1] ?? '', at: Number(fields[3] ?? 0), gives: fields[5] ?? '' }
}

/** Frames of the outbox, oldest first. @param most all where absent @throws what Redis says */
export async function readOutbox({ redis, prefix }: InRedis, most?: number): Promise<WaitingFrame[]> {
  const [, outbox] = shardKeys(prefix)
  const entries =
    most === undefined ? await redis.xrange(outbox, '-', '+') : await redis.xrange(outbox, '-', '+', 'COUNT', most)
  return entries.map(waitingFrame)
}

/** About `perCall` frames of kept, from a cursor on: those of a call, and the next cursor, '0' after the last. @throws what Redis says */
async function scanKept({ redis, prefix }: InRedis, cursor: string, perCall: number) {
  const [, , kept] = shardKeys(prefix)
  const [next, pairs] = await redis.hscan(kept, cursor, 'COUNT', perCall)
  const frames = new Map<string, string>()
  for (let i = 0; i + 1 < pairs.length; i += 2) frames.set(pairs[i] ?? '', pairs[i + 1] ?? '')
  return { next, frames }
}

/** Payloads of all frames that are journaled and wait for Postgres, by entry. @throws what Redis says */
export async function readKept(place: InRedis): Promise<Map<string, string>> {
  const all = new Map<string, string>()
  let cursor = '0'
  do {
    const { next, frames } = await scanKept(place, cursor, 200)
    for (const [entry, payload] of frames) all.set(entry, payload)
    cursor = next
  } while (cursor !== '0')
  return all
}

/** Entries of some frames of kept, about `most` of them. @throws what Redis says */
export async function someOfKept(place: InRedis, most: number): Promise<string[]> {
  const { frames } = await scanKept(place, '0', most)
  return [...frames.keys()]
}

/** Redis' own clock in ms since 1970. @throws what Redis says */
export async function readClock(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

/** What waits for journal and Postgres. */
interface Backlog {
  /** frames that wait for the journal, and the age in ms of the oldest one, undefined where none waits */
  readonly outbox: number
  readonly oldestMs: number | undefined
  /** frames that wait for Postgres, and their bytes */
  readonly kept: number
  readonly keptBytes: number
}

/** @throws what Redis says */
export async function readBacklog(place: InRedis): Promise<Backlog> {
  const { redis, prefix } = place
  const [shard, outbox, kept] = shardKeys(prefix)
  const [now, waiting, [oldest], frames, bytes] = await Promise.all([
    readClock(redis),
    redis.xlen(outbox),
    readOutbox(place, 1),
    redis.hlen(kept),
    redis.hget(shard, 'kept_bytes')
  ])
  return { outbox: waiting, oldestMs: oldest && now - oldest.at, kept: frames, keptBytes: Number(bytes ?? 0) }
}
