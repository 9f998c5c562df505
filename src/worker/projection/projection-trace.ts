import type { StoredMessage } from '../../journal/reader.ts'
import type { Traces } from '../../tracing/traces.ts'

/** Begins a span for each message that is traced, from its reading on. @returns what ends them, with why they were not stored */
export function traceProjection(
  traces: Traces,
  shard: number,
  messages: readonly StoredMessage[]
): (failure?: string) => void {
  const attributes = { 'db.system.name': 'postgresql', 'floodgate.shard': shard, 'floodgate.frames': messages.length }
  const spans = messages.flatMap(({ trace }) =>
    trace === undefined
      ? []
      : [traces.begin('worker.project', { kind: 'consumer', parent: trace.traceparent, attributes })]
  )
  return (failure) => {
    for (const span of spans) span.end(failure)
  }
}
