import type { MsgHdrs } from 'nats'
import type { TraceParent } from '../tracing/traces.ts'

/** A decision that a traced request made: its position in the shard, and the span of the request. */
export type TracedDecision = readonly [sequence: number, request: TraceParent]

/** What is traced of a frame. It stands in headers of its message, never in its bytes, and a frame without it is as good. */
export interface MessageTrace {
  /** the span that published it, or of the batch that decided it */
  readonly traceparent: TraceParent
  readonly decisions: readonly TracedDecision[]
}

const PARENT = 'traceparent'
const DECISIONS = 'Floodgate-Traced'

/** Decisions that a message names at most: some 2 KiB. The span of its batch has links to further ones all the same. */
const NAMED_MAX = 32

/** The lines of the headers. */
export function writtenTrace({ traceparent, decisions }: MessageTrace): string {
  const named = decisions.slice(0, NAMED_MAX).map(([sequence, request]) => `${sequence}=${request}`)
  const parent = `${PARENT}: ${traceparent}\r\n`
  return named.length === 0 ? parent : `${parent}${DECISIONS}: ${named.join()}\r\n`
}

/** What the headers of a message say; undefined where nothing of it is traced. */
export function readTrace(headers: MsgHdrs | undefined): MessageTrace | undefined {
  const traceparent = headers?.get(PARENT) ?? ''
  if (traceparent === '') return undefined
  const decisions = (headers?.get(DECISIONS) ?? '').split(',').flatMap((named): TracedDecision[] => {
    const [sequence = '', request = ''] = named.split('=')
    return request === '' ? [] : [[Number(sequence), request]]
  })
  return { traceparent, decisions }
}
