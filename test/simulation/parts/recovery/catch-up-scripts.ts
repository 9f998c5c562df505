import type { Bugs } from '../../bugs.ts'
import type { FakeRedis } from '../fake-redis.ts'
import type { Hashes } from '../frame.ts'
import { count, outboxIsLost, settleFrame, shardKeys } from '../gate/gate-state.ts'
import { writeFields } from '../upkeep/fold.ts'

/** What a page demands to find, and what it leaves: the base, the batch and the sequence that the data are a prefix up to. */
export interface Prefix {
  readonly base: string
  readonly batch: number
  readonly seq: number
}

export interface PageCall {
  readonly from: Prefix
  readonly to: Prefix
  readonly hashes: Hashes
  /** shard time is at least this from here */
  readonly clock: number
}

const { shard, outbox, kept, base } = shardKeys

function isAt(node: FakeRedis, prefix: Prefix): boolean {
  const same = node.hget(base, 'value') === prefix.base && count(node, shard, 'batch') === prefix.batch
  return same && count(node, shard, 'seq') === prefix.seq
}

/** Settles what the outbox holds: all of it is journaled and in Postgres. An error half-way leaves no base. */
export function settleLeft(node: FakeRedis, bugs: Bugs): string {
  const value = node.hget(base, 'value')
  if (value === undefined) return 'MOVED'
  // lost since `close` looked
  if (outboxIsLost(node) && !bugs.has('outbox-lost-unseen')) {
    forsake(node)
    return 'MOVED'
  }
  const left = node.xrange(outbox)
  if (left.length === 0) return 'OK'
  const keeps = bugs.has('settle-keeps-base')
  if (!keeps) node.del(base)
  for (const { id } of left) settleFrame(node, id, bugs)
  if (!keeps) node.hset(base, 'value', value)
  return 'OK'
}

export function dropKept(node: FakeRedis): string {
  node.del(kept)
  return 'OK'
}

/** What is there is no prefix after all: the next recovery writes everything anew. */
export function forsake(node: FakeRedis): string {
  node.del(base)
  return 'OK'
}

/** This Redis's clock, or what it remembers, may be behind the newest decision. */
export function raiseClock(node: FakeRedis, newest: number, bugs: Bugs): void {
  if (!bugs.has('clock-left')) node.hset(shard, 'clock', String(Math.max(count(node, shard, 'clock'), newest)))
}

/** Whole frames. The base goes first and comes back last, so an error half-way leaves none; sent again, it finds that it is done. */
export function page(node: FakeRedis, { from, to, hashes, clock }: PageCall, bugs: Bugs): string {
  if (!isAt(node, from)) return isAt(node, to) ? 'OK' : 'MOVED'
  if (!bugs.has('page-keeps-base') && !bugs.has('base-not-moved')) node.del(base)
  for (const hash of hashes) writeFields(node, hash, !bugs.has('d-by-decision'))
  raiseClock(node, clock, bugs)
  if (bugs.has('base-not-moved')) return 'OK'
  node.hset(shard, 'batch', String(to.batch))
  node.hset(shard, 'seq', String(to.seq))
  node.hset(base, 'value', to.base)
  return 'OK'
}
