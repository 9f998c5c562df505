import { Writable } from 'node:stream'
import { pino } from 'pino'
import { test } from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { startTraces } from '../../src/tracing/start.ts'
import type { Traces } from '../../src/tracing/traces.ts'
import type { Teardown } from '../support/servers/servers.ts'
import { callersTraceparent, type TraceEndpoint, traceEndpoint } from '../support/servers/trace-endpoint.ts'
import { waitFor } from '../support/wait.ts'

interface Started {
  readonly traces: Traces
  readonly endpoint: TraceEndpoint
  readonly lines: string[]
}

/** @param exportMs long, where spans must arrive however busy the machine is */
async function start(t: Teardown, env: Record<string, string> = {}, exportMs = 60_000): Promise<Started> {
  const endpoint = await traceEndpoint(t)
  const lines: string[] = []
  const log = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString())
      done()
    }
  })
  const config = loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint.url}/`, ...env })
  const traces = await startTraces({ config, name: 'floodgate-test', logger: pino(log), exportMs })
  if (traces === undefined) throw new Error('nothing is traced')
  return { traces, endpoint, lines }
}

function endSpans(traces: Traces, count: number): void {
  for (let n = 0; n < count; n++) traces.begin('work', { kind: 'server' }).end()
}

test('spans go to the endpoint with parent, links and failure', async (t) => {
  const { traces, endpoint } = await start(t, { OTEL_SERVICE_NAME: 'shop' })
  const parent = callersTraceparent(1)
  const [, traceId, spanId] = parent.split('-')
  const first = traces.begin('first', { kind: 'server', parent })
  const second = traces.begin('second', {
    ...{ kind: 'client', parent: first.traceparent, links: [first.traceparent, 'no traceparent'] },
    attributes: { 'floodgate.shard': 3 }
  })
  second.end('no ack')
  second.end()
  first.set('floodgate.outcome', 'SOLD_OUT')
  first.end()
  await traces.close(60_000)
  const [one, other] = ['first', 'second'].map((name) => endpoint.spans.find((span) => span.name === name))
  t.match(one, { traceId, parentSpanId: spanId, service: 'shop', attributes: { 'floodgate.outcome': 'SOLD_OUT' } })
  t.match(other, { traceId, parentSpanId: one?.spanId ?? '', attributes: { 'floodgate.shard': 3 } })
  t.match(other, { status: { code: 2, message: 'no ack' }, links: [{ traceId, spanId: one?.spanId ?? '' }] })
  t.equal(other?.links?.length, 1)
  t.match(endpoint.received[0], /^\/v1\/traces /)
  t.same(traces.counts, { exported: 2, failed: 0, dropped: 0 })
})

test('an endpoint that hangs costs a bounded number of spans, one line, and no end', async (t) => {
  const { traces, endpoint, lines } = await start(t, {}, 200)
  endpoint.mode = 'hang'
  endSpans(traces, 5000)
  t.equal(traces.counts.dropped, 5000 - 2048, 'what does not fit is dropped at once')
  await waitFor(() => traces.counts.failed > 0, { what: 'an export to be given up' })
  await traces.close(1)
  t.equal(traces.counts.exported, 0)
  t.equal(lines.filter((line) => line.includes('takes no spans')).length, 1)
})

test('it says once that the endpoint takes spans again', async (t) => {
  const { traces, endpoint, lines } = await start(t)
  endpoint.mode = 'refuse'
  endSpans(traces, 1024)
  await waitFor(() => traces.counts.failed === 1024, { what: 'all of them to be refused' })
  endpoint.mode = 'take'
  endSpans(traces, 1024)
  await waitFor(() => traces.counts.exported === 1024, { what: 'all of them to be taken' })
  await traces.close(60_000)
  const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
  t.strictSame(said, [
    'the endpoint of traces takes no spans; they are dropped',
    'the endpoint of traces takes spans again'
  ])
})

test('packages that are not installed are named where they are needed, and nowhere else', async (t) => {
  const missing = async () => {
    throw Object.assign(new Error("Cannot find package '@opentelemetry/api'"), { code: 'ERR_MODULE_NOT_FOUND' })
  }
  const options = (env: Record<string, string>) => ({
    ...{ config: loadConfig(env), name: 'floodgate-test' },
    logger: pino({ level: 'silent' })
  })
  await t.rejects(startTraces(options({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }), missing), {
    name: 'ConfigError',
    message: /packages of OpenTelemetry are not installed.*npm ci --include=optional/
  })
  t.equal(await startTraces(options({}), missing), undefined)
})

test('settings of traces are read as such', async (t) => {
  t.equal(loadConfig({ OTEL_TRACES_SAMPLER_ARG: '.25' }).OTEL_TRACES_SAMPLER_ARG, 0.25)
  t.throws(() => loadConfig({ OTEL_TRACES_SAMPLER_ARG: '1.5' }), { message: /OTEL_TRACES_SAMPLER_ARG/ })
  t.throws(() => loadConfig({ OTEL_TRACES_SAMPLER_ARG: 'half' }), { message: /OTEL_TRACES_SAMPLER_ARG/ })
  const wrong = t.throws(() => loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://u:secret@h' })) as Error
  t.match(wrong.message, /OTEL_EXPORTER_OTLP_ENDPOINT is no http/)
  t.notMatch(wrong.message, /secret/)
})
