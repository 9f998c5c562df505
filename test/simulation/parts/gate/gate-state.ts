import type { Bugs } from '../../bugs.ts'
import { ServerError } from '../../network.ts'
import type { FakeRedis } from '../fake-redis.ts'
import { type Give, type OpenFrame, type Place, placeOf } from '../frame.ts'

export interface Opening {
  readonly epoch: number
  readonly replid: string
  /** the version of the worker that opened: its scripts go with it */
  readonly version: Version
}

/** 1 knows no base, no checkpoint and nothing that goes; 2 does. */
export type Version = 1 | 2

export const LIMITS = { unitsPerUser: 2, earnedPerUser: 5, outboxFrames: 30, payWithinMs: 400 } as const

/** One campaign goes on; the other ends and is archived, in some runs. */
export const SALE = 'a'
export const PAST = 'b'
export const campaigns = [SALE, PAST] as const

export const shardKeys = {
  shard: 'shard',
  outbox: 'outbox',
  kept: 'kept',
  origin: 'origin',
  /** the opening that the data belong to */
  base: 'base',
  /** the place up to which replays were forgotten */
  marker: 'marker',
  /** campaigns that were archived */
  gone: 'gone'
} as const

const { shard, outbox, kept, origin, base, marker, gone } = shardKeys

/** Keys that are no fold of decisions. */
export const ownKeys: ReadonlySet<string> = new Set([shard, outbox, kept, origin, base, marker])

export function stockKey(campaign: string): string {
  return `s:${campaign}`
}

export function userKey(user: string): string {
  return `u:${user}`
}

/** Is it what a decision left under its key? */
export function isReplay(field: string): boolean {
  return field.startsWith('u:') || field.startsWith('x:')
}

/** The decision that a replay record names. */
export function decisionOf(record: string): Place {
  return placeOf(record.split(';')[1] ?? '')
}

export function count(node: FakeRedis, key: string, field: string): number {
  return Number(node.hget(key, field) ?? 0)
}

export function isGone(node: FakeRedis, campaign: string): boolean {
  return node.hget(gone, campaign) !== undefined
}

/** Is this the very opening that may write? */
export function isOpen(node: FakeRedis, opening: Opening, bugs: Bugs): boolean {
  const blind = bugs.has('one-sha') || bugs.has('no-replid-look')
  // another replication id, and still the data that this process had when it was opened
  const isOrigin = node.holdsOrigin(origin, String(opening.epoch), bugs.has('origin-by-value'))
  if (!blind && node.replid !== opening.replid && !isOrigin) return false
  if (node.hget(shard, 'epoch') !== String(opening.epoch)) return false
  if (bugs.has('no-open-look')) return node.hget(shard, 'batch') !== undefined
  return node.hget(shard, 'open') === String(opening.epoch) && node.hget(shard, 'batch') !== undefined
}

/** An emptied outbox still exists: a missing one lost decisions. */
export function outboxIsLost(node: FakeRedis): boolean {
  return count(node, shard, 'batch') > 0 && !node.exists(outbox)
}

export function outboxFrame(node: FakeRedis, entry: string): OpenFrame | undefined {
  const found = node.xget(outbox, entry)
  return found && openFrame(entry, found.fields)
}

export function openFrame(entry: string, fields: Readonly<Record<string, string>>): OpenFrame {
  return { entry, payload: fields.f ?? '', gives: fields.g !== '[]', at: Number(fields.t) }
}

/** Takes a journaled frame from the outbox to kept and applies what it gives, once. */
export function settleFrame(node: FakeRedis, entry: string, bugs: Bugs): void {
  const found = node.xget(outbox, entry)
  const payload = found?.fields.f ?? (bugs.has('settle-again') ? node.hget(kept, entry) : undefined)
  if (payload === undefined) return
  const gives = found?.fields.g ?? (JSON.parse(payload) as { gives: string }).gives
  for (const [key, field, delta] of JSON.parse(gives) as Give[]) node.hincrby(key, field, delta)
  if (!bugs.has('no-kept')) node.hset(kept, entry, payload)
  node.xdel(outbox, entry)
}

/** A script on an open shard: an error half-way through its writes takes the base away and closes the shard. */
export function guarded<T>(node: FakeRedis, bugs: Bugs, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof ServerError && !bugs.has('error-stays-open')) {
      node.del(base)
      node.hset(shard, 'open', '0')
    }
    throw error
  }
}
