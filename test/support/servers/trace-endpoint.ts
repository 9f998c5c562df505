import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Teardown } from './servers.ts'

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number }
}

/** A span as OTLP writes it in JSON. */
interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: readonly Attribute[]
  readonly links?: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly status: { readonly code: number; readonly message?: string }
}

export interface ReceivedSpan extends Omit<SentSpan, 'attributes'> {
  /** service.name */
  readonly service: string
  readonly attributes: Readonly<Record<string, string | number | undefined>>
}

interface Sent {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: readonly SentSpan[] }>
  }>
}

/** Where traces are sent to: what an OpenTelemetry collector is. */
export interface TraceEndpoint {
  readonly url: string
  /** every request that came in, as it came: its path and its bytes */
  readonly received: string[]
  readonly spans: ReceivedSpan[]
  /** `hang`: it takes requests and answers none; `refuse`: it answers with 400 */
  mode: 'take' | 'hang' | 'refuse'
}

function named(attributes: readonly Attribute[]): Record<string, string | number | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]))
}

function spansOf(sent: Sent): ReceivedSpan[] {
  return sent.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(named(resource.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({ ...span, service, attributes: named(span.attributes) }))
    )
  })
}

/** An endpoint on loopback; it ends with the test. */
export async function traceEndpoint(t: Teardown): Promise<TraceEndpoint> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      endpoint.received.push(`${request.url} ${text}`)
      if (endpoint.mode === 'hang') return
      if (endpoint.mode === 'take') endpoint.spans.push(...spansOf(JSON.parse(text) as Sent))
      response.writeHead(endpoint.mode === 'take' ? 200 : 400, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const endpoint: TraceEndpoint = { url: `http://127.0.0.1:${port}`, received: [], spans: [], mode: 'take' }
  return endpoint
}

/** A `traceparent` as a caller sends it, of a trace and a span by their last digits. */
export function callersTraceparent(id: number, isSampled = true): string {
  const hex = id.toString(16)
  return `00-${hex.padStart(32, 'a')}-${hex.padStart(16, 'b')}-0${isSampled ? 1 : 0}`
}
