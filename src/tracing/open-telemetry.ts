import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createSampler } from './sampling.ts'
import { readTraceparent, writeTraceparent } from './traceparent.ts'
import type { Span, SpanStart, TraceParent, Traces, TracesOptions } from './traces.ts'
import { WatchedExporter } from './watched-exporter.ts'

// The only file that imports OpenTelemetry; `start.ts` loads it where there is somewhere to send spans.

/** Spans that may wait for the endpoint or be on their way to it: some 2 MiB. Further ones are dropped. */
const WAITING_MAX = 2048
const PER_EXPORT = 512
const EXPORT_EVERY_MS = 2000
const EXPORT_MS = 3000
const EXPORTS_AT_ONCE = 2

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER
}

function placeOf(traceparent: TraceParent) {
  const place = readTraceparent(traceparent)
  return place && { ...place, traceFlags: TraceFlags.SAMPLED, isRemote: true }
}

function under(parent: TraceParent | undefined): Context {
  const place = parent === undefined ? undefined : placeOf(parent)
  return place ? trace.setSpanContext(ROOT_CONTEXT, place) : ROOT_CONTEXT
}

/** `/v1/traces` below the endpoint, as the standard says. */
function urlOf(endpoint: string): string {
  return `${endpoint.replace(/\/+$/, '')}/v1/traces`
}

/** Traces that go to the endpoint of the configuration as OTLP over HTTP. Nothing of it keeps a process alive but an export under way. */
export function exportTraces({ config, name, logger, exportMs = EXPORT_MS }: TracesOptions): Traces {
  const url = urlOf(config.OTEL_EXPORTER_OTLP_ENDPOINT)
  const agent = url.startsWith('https:') ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  const sender = new OTLPTraceExporter({
    url,
    timeoutMillis: exportMs,
    concurrencyLimit: EXPORTS_AT_ONCE,
    httpAgentOptions: () => agent
  })
  const exporter = new WatchedExporter(sender, { host: new URL(url).host, logger })
  const queue = {
    maxQueueSize: WAITING_MAX,
    maxExportBatchSize: PER_EXPORT,
    scheduledDelayMillis: EXPORT_EVERY_MS,
    exportTimeoutMillis: exportMs
  }
  const about = {
    'service.name': config.OTEL_SERVICE_NAME === '' ? name : config.OTEL_SERVICE_NAME,
    'service.namespace': config.NAMESPACE,
    'process.pid': process.pid
  }
  const provider = new BasicTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(about)),
    // who is traced is decided before anything is made for it
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor(exporter, queue)]
  })
  const tracer = provider.getTracer('floodgate')

  function begin(title: string, { kind, parent, links = [], attributes = {} }: SpanStart): Span {
    const places = links.flatMap((link) => placeOf(link) ?? [])
    const options = { kind: kinds[kind], links: places.map((context) => ({ context })), attributes }
    const span = tracer.startSpan(title, options, under(parent))
    return {
      traceparent: writeTraceparent(span.spanContext()),
      set: (of, value) => void span.setAttribute(of, value),
      end(failure) {
        if (!span.isRecording() || !exporter.takes(WAITING_MAX)) return
        if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
        span.end()
      }
    }
  }

  return {
    samples: createSampler(config.OTEL_TRACES_SAMPLER_ARG),
    begin,
    counts: exporter.counts,
    async close(ms) {
      const ended = provider.shutdown().catch(() => undefined)
      await Promise.race([ended, delay(ms, undefined, { ref: false })])
      // an endpoint that hangs holds no connection of a process that ends
      agent.destroy()
    }
  }
}
