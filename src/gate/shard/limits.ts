import type { BatcherLimits } from '../batch/options.ts'

/** Bounds of a gateway's gate; a test may lower them. */
export const defaultLimits: BatcherLimits = {
  batchCalls: 128,
  // one batch is decided while the next one gathers; a second one in flight made batches smaller and cost Redis 10 % more
  batchesInFlight: 1,
  queuedCalls: 20_000,
  // with the batch in flight and the journal's ack a confirmed order then takes less than a quarter of a second
  waitMs: 150,
  queueMs: 700,
  replyMs: 800,
  settleIdleMs: 5,
  outboxFrames: 5000,
  keptBytes: 512 * 1024 ** 2,
  decisionsPerUser: 10_000
}

/** Bounds for the reads of a process: few in a call, so that no call is long; and few in the queue, because a caller waits for each. */
export const readLimits = { batchCalls: 8, queuedCalls: 500 }

/**
 * How many bytes of frames Postgres may lack. nats-server 2.9 makes room in a full stream by dropping its oldest message, whatever
 * its settings: Postgres must have that message by then, so this is at most half of what a stream may hold.
 */
export function keptBound({ JOURNAL_MAX_BYTES }: { readonly JOURNAL_MAX_BYTES: number }): number {
  return Math.min(defaultLimits.keptBytes, JOURNAL_MAX_BYTES / 2)
}
