import { type InRedis, readBacklog } from '../../gate/redis/outbox.ts'
import type { Verdict } from '../../health/conditions.ts'
import type { Position } from '../../store/shard/shards.ts'
import type { WorkerReport } from './report.ts'

/** The end of the journal, and when it was seen (performance.now()). */
export interface SeenEnd {
  readonly end: Position
  readonly at: number
}

interface SightParts extends InRedis {
  readonly report: WorkerReport
  readonly limits: { readonly outboxFrames: number; readonly keptBytes: number }
  readonly seenEnd: () => SeenEnd | undefined
  readonly projection: () => Position
  readonly events: () => Position | undefined
  /** performance.now() of the last chunk that was compared */
  readonly comparedAt: () => number
}

const END_MS = 5000
const COMPARED_MS = 60_000
/** Longer than an entry of the outbox waits: a gateway publishes it at once, or the relay after a second. */
const OUTBOX_MS = 10_000
/** At this share of a bound the number of waiting frames is an alarm; at the bound the gate closes. */
const SHARE = 0.5

/** Checks the shard for its owner, the only process that reads journal, Redis and Postgres together, and reports the results. */
export async function lookAtShard(parts: SightParts): Promise<void> {
  const { report, seenEnd, projection, events, comparedAt } = parts
  const backlog = await lookAtBacklog(parts).catch(
    (error: Error): Verdict => ({ ok: false, detail: `not known: ${error.message}` })
  )
  const seen = seenEnd()
  const known = seen !== undefined && performance.now() - seen.at < END_MS
  const unknown = { ok: false, detail: 'not known: NATS does not say where the journal ends' }
  const silentMs = performance.now() - comparedAt()
  report.say({
    ...(known ? report.projection(seen.end, projection()) : { projecting: unknown, 'projection-lag': unknown }),
    'events-lag': known ? report.events(seen.end, events()) : unknown,
    backlog,
    reconciliation: {
      ok: silentMs < COMPARED_MS,
      detail: `compared ${Math.round(silentMs / 1000)} s ago`
    }
  })
}

async function lookAtBacklog(parts: SightParts): Promise<Verdict> {
  const { outbox, oldestMs, kept, keptBytes } = await readBacklog(parts)
  const age = oldestMs === undefined ? '' : `, the oldest for ${Math.round(oldestMs / 1000)} s`
  const detail = `${outbox} frames wait for the journal${age}; ${kept} for Postgres (${keptBytes} bytes)`
  const { outboxFrames, keptBytes: bytesMax } = parts.limits
  const ok = (oldestMs ?? 0) < OUTBOX_MS && outbox < outboxFrames * SHARE && keptBytes < bytesMax * SHARE
  return { ok, detail }
}
