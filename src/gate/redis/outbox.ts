import type { Redis } from 'ioredis'
import { shardKeys } from '../../record/keys.ts'

/** The prefix of a shard's keys, and a connection to the Redis that holds them. */
export interface InRedis {
  readonly redis: Redis
  readonly prefix: string
}

/** A frame in the outbox, which waits for the journal. */
export interface WaitingFrame {
  /** `<epoch>-<batch>` */
  readonly entry: string
  readonly payload: string
  /** shard time in ms since 1970 */
  readonly at: number
  /** the text that the script wrote; `parseGives` and `giveKeys` read it */
  readonly gives: string
}

/** One addition of a settle: the physical key of a hash, a field, a delta. */
export type Give = readonly [key: string, field: string, delta: number]

export function parseGives(gives: string): Give[] {
  return gives === '' ? [] : (JSON.parse(gives) as Give[])
}

/** The physical keys of the hashes that gives name, which the call that settles has to pass. */
export function giveKeys(gives: string): string[] {
  return [...new Set(parseGives(gives).map(([key]) => key))]
}

/** An entry of the outbox as Redis returns it: names and values of its fields, one after the other. */
export type RawEntry = readonly [entry: string, fields: readonly string[]]

export function waitingFrame([entry, fields]: RawEntry): WaitingFrame {
  return { entry, payload: fields[1] ?? '', at: Number(fields[3] ?? 0), gives: fields[5] ?? '' }
}

/** Frames of the outbox, oldest first. @param most absent: all @throws the error of Redis */
export async function readOutbox({ redis, prefix }: InRedis, most?: number): Promise<WaitingFrame[]> {
  const [, outbox] = shardKeys(prefix)
  const entries =
    most === undefined ? await redis.xrange(outbox, '-', '+') : await redis.xrange(outbox, '-', '+', 'COUNT', most)
  return entries.map(waitingFrame)
}

/** About `perCall` frames of kept from a cursor on, and the next cursor, '0' after the last. @throws the error of Redis */
async function scanKept({ redis, prefix }: InRedis, cursor: string, perCall: number) {
  const [, , kept] = shardKeys(prefix)
  const [next, pairs] = await redis.hscan(kept, cursor, 'COUNT', perCall)
  const frames = new Map<string, string>()
  for (let i = 0; i + 1 < pairs.length; i += 2) frames.set(pairs[i] ?? '', pairs[i + 1] ?? '')
  return { next, frames }
}

/** Payloads of all frames that are journaled and wait for Postgres, by entry. @throws the error of Redis */
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

/** Entries of some frames of kept, about `most` of them. @throws the error of Redis */
export async function someOfKept(place: InRedis, most: number): Promise<string[]> {
  const { frames } = await scanKept(place, '0', most)
  return [...frames.keys()]
}

/** Redis' own clock in ms since 1970. @throws the error of Redis */
export async function readClock(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

/** The time by which a shard stamps its decisions: it stands still where the clock of Redis was put back. @throws the error of Redis */
export async function readShardClock({ redis, prefix }: InRedis): Promise<number> {
  const [shard] = shardKeys(prefix)
  const [now, latest] = await Promise.all([readClock(redis), redis.hget(shard, 'clock')])
  return Math.max(now, Number(latest ?? 0))
}

/** How much waits for the journal and for Postgres. */
interface Backlog {
  /** frames that wait for the journal, and the age in ms of the oldest; undefined when none waits */
  readonly outbox: number
  readonly oldestMs: number | undefined
  /** frames that wait for Postgres, and their bytes */
  readonly kept: number
  readonly keptBytes: number
}

/** @throws the error of Redis */
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
