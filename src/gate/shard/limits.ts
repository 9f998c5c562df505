import type { BatcherLimits } from '../batch/batcher.ts'

/** Bounds of a gateway's gate; a test may tighten them. */
export const defaultLimits: BatcherLimits = {
  batchCalls: 128,
  // one batch decides while the next one gathers; a second in flight made batches smaller and cost Redis 10 % more
  batchesInFlight: 1,
  queuedCalls: 20_000,
  queueMs: 700,
  replyMs: 800,
  settleIdleMs: 5,
  outboxFrames: 5000,
  keptBytes: 512 * 1024 ** 2,
  decisionsPerUser: 10_000
}

/** Reads of a process: few in a call, so that none is long, and few that wait, for each has a caller who waits. */
export const readLimits = { batchCalls: 8, queuedCalls: 500 }

/**
 * How much Postgres may lack, in bytes. nats-server 2.9 makes room in a full stream by dropping its oldest message, whatever it
 * was told: by then it must be in Postgres, so this is at most half of what a stream may hold.
 */
export function keptBound({ JOURNAL_MAX_BYTES }: { readonly JOURNAL_MAX_BYTES: number }): number {
  return Math.min(defaultLimits.keptBytes, JOURNAL_MAX_BYTES / 2)
}
