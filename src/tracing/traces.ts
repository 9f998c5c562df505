import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'

/** Where a span stands, as W3C's `traceparent` writes it: `00-<trace>-<span>-01`. */
export type TraceParent = string

/** A span that is under way. */
export interface Span {
  /** for the spans that come of it */
  readonly traceparent: TraceParent
  /** Notes a word or a number of ours: never what a user, an address or a key is called. */
  set(name: string, value: string | number): void
  /** Ends it. @param failure in fixed words, why it came to nothing; absent: it went well */
  end(failure?: string): void
}

export interface SpanStart {
  readonly kind: 'server' | 'client' | 'producer' | 'consumer'
  /** absent: it begins a trace of its own */
  readonly parent?: TraceParent | undefined
  readonly links?: readonly TraceParent[]
  readonly attributes?: Readonly<Record<string, string | number>>
}

/** What became of spans since the process began. */
export interface SpanCounts {
  exported: number
  /** the endpoint did not take them */
  failed: number
  /** too many waited for the endpoint */
  dropped: number
}

/** What a process traces with. A process that traces nothing has none, so that nothing is asked or made for a request. */
export interface Traces {
  /** Whether to trace a request. Makes no object: it is asked for every one. @param traceparent of its caller, as it was sent */
  samples(traceparent: string | undefined): boolean
  begin(name: string, start: SpanStart): Span
  readonly counts: Readonly<SpanCounts>
  /** Sends what has ended, within `ms` at most, and ends. */
  close(ms: number): Promise<void>
}

/** The longest that the end of a process waits for its last spans. */
export const LAST_SPANS_MS = 1000

type Settings = Pick<
  Config,
  'NAMESPACE' | 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_SERVICE_NAME' | 'OTEL_TRACES_SAMPLER_ARG'
>

export interface TracesOptions {
  readonly config: Settings
  /** what the process is called unless OTEL_SERVICE_NAME says */
  readonly name: string
  readonly logger: Logger
  /** how long the endpoint may take, also for the last spans of a process (3,000) */
  readonly exportMs?: number
}
