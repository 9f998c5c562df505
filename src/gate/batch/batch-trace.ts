import type { TracedDecision } from '../../journal/message-trace.ts'
import type { Span, TraceParent, Traces } from '../../tracing/traces.ts'
import { RedisCallError } from '../redis/caller.ts'
import type { BatchReply, CallReply } from './decode.ts'
import type { Call } from './encode.ts'

/** The span of a batch that traced requests are in: from its call of the script to the reply. */
interface BatchTrace {
  /** Ends it, and notes in the frames of the reply what is traced of them. */
  answered(reply: BatchReply): void
  failed(error: unknown): void
}

const traceOf = (call: Call): TraceParent | undefined => ('trace' in call ? call.trace : undefined)

function noteInFrame(frames: BatchReply['frames'], reply: CallReply, { span, request }: Traced): void {
  if (reply.kind !== 'decided' && reply.kind !== 'wait') return
  const frame = frames.get(reply.entry)
  if (frame === undefined) return
  const isNew = reply.kind === 'decided' && !reply.replayed
  const decided: TracedDecision[] = isNew ? [[reply.decision.sequence, request]] : []
  frame.trace = { traceparent: span.traceparent, decisions: [...(frame.trace?.decisions ?? []), ...decided] }
}

interface Traced {
  readonly span: Span
  readonly request: TraceParent
}

/**
 * Begins the span of a batch; undefined where none of its calls is of a traced request. A batch serves many requests: its span is a child of
 * the first of them that is traced, and has a link to each of them.
 */
export function traceBatch(traces: Traces, shard: number, calls: readonly Call[]): BatchTrace | undefined {
  const links: TraceParent[] = []
  for (const call of calls) {
    const request = traceOf(call)
    if (request !== undefined) links.push(request)
  }
  const [parent] = links
  if (parent === undefined) return undefined
  const attributes = { 'db.system.name': 'redis', 'floodgate.shard': shard, 'floodgate.commands': calls.length }
  const span = traces.begin('gate.batch', { kind: 'client', parent, links, attributes })
  return {
    answered(reply) {
      for (const [index, call] of calls.entries()) {
        const request = traceOf(call)
        const own = reply.replies[index]
        if (request !== undefined && own !== undefined) noteInFrame(reply.frames, own, { span, request })
      }
      span.end(reply.status === 'OK' ? undefined : reply.status)
    },
    failed: (error) => span.end(error instanceof RedisCallError ? error.reason : 'no readable reply')
  }
}
