import t from 'tap'
import { poll } from '../../src/stack/processes/wait.ts'
import { Shop } from '../support/http/storefront.ts'
import { readEvents } from '../support/judging/evidence.ts'
import { startStack } from '../support/servers/stack.ts'
import { callersTraceparent, type ReceivedSpan, traceEndpoint } from '../support/servers/trace-endpoint.ts'
import { openSession, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

// Two gateway processes and a worker, of which only requests are traced whose callers say so.
const endpoint = await traceEndpoint(t)
const stack = await startStack(t, {
  env: { GATEWAY_PROCESSES: '2', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.url, OTEL_TRACES_SAMPLER_ARG: '0' }
})
const shop = new Shop(stack)
await stack.publish(saleDefinition({ id: 'launch', sales: { phone: { sessions: [openSession(100)] } } }))

const ROUTE = 'POST /v1/campaigns/:campaign/sales/:sale/orders'
const traceIdOf = (trace: number) => callersTraceparent(trace).split('-')[1] ?? ''
const spansOf = (trace: number) => endpoint.spans.filter(({ traceId }) => traceId === traceIdOf(trace))

/** How long spans may take before somebody else is traced, and how often that is tried. */
const EACH_MS = 15_000
const TRIES = 20
let traces = 0

/**
 * Does something that is traced until it is seen as it should be. On a busy machine an export may be given up, an answer be asked for
 * again, and a frame be published by the owner of its shard, who knows of no trace: whatever is seen is right, and once it is whole.
 * @param act what is done in the trace of this number
 */
async function seen<Found>(act: (trace: number) => Promise<unknown>, find: (trace: number) => Found | undefined) {
  let found: Found | undefined
  for (let tried = 0; tried < TRIES && found === undefined; tried++) {
    traces += 1
    const trace = traces
    await act(trace)
    const look = () => {
      found = find(trace)
      return found !== undefined
    }
    await poll(look, EACH_MS, 20)
  }
  if (found === undefined) throw new Error(`Not seen in ${TRIES} traces: ${JSON.stringify(endpoint.spans)}`)
  return { ...found, trace: traces }
}

const headersOf = (trace: number, isSampled = true) => ({ traceparent: callersTraceparent(trace, isSampled) })
const buy = (trace: number) => shop.buy('launch/phone', `mallory.visible-${trace}`, { headers: headersOf(trace) })

/** The spans of an order from the last to the first, each by the parent of the one before. */
function chainOf(trace: number) {
  const parentOf = (child: ReceivedSpan | undefined, name: string) =>
    spansOf(trace).find((span) => span.name === name && span.spanId === child?.parentSpanId)
  const project = spansOf(trace).find(({ name }) => name === 'worker.project')
  const publish = parentOf(project, 'journal.publish')
  const batch = parentOf(publish, 'gate.batch')
  const request = parentOf(batch, ROUTE)
  if (!project || !publish || !batch || request?.attributes['floodgate.outcome'] !== 'confirmed') return undefined
  return { project, publish, batch, request }
}

/** The order that the first test sees whole. */
let whole: { readonly trace: number; readonly request: ReceivedSpan } | undefined

t.test('an order of a traced caller is four spans, each the parent of the next', async (t) => {
  t.match(await shop.buy('launch/phone', 'nobody-traces-me'), { status: 201 })
  const untraced = 500
  t.match(await shop.buy('launch/phone', 'respects-my-caller', { headers: headersOf(untraced, false) }), {
    status: 201
  })
  const found = await seen(buy, chainOf)
  const { trace, project, publish, batch, request } = found
  whole = found
  t.equal(request.parentSpanId, callersTraceparent(trace).split('-')[2])
  t.match(batch.links, [{ traceId: request.traceId, spanId: request.spanId }])
  t.match(request.attributes, {
    'http.request.method': 'POST',
    'http.route': '/v1/campaigns/:campaign/sales/:sale/orders',
    'http.response.status_code': 201
  })
  t.same([request.service, batch.service, publish.service], Array(3).fill('floodgate-gateway'))
  t.equal(project.service, 'floodgate-worker')
  const ours = Array.from({ length: traces }, (_, n) => traceIdOf(n + 1))
  t.same(
    endpoint.spans.filter(({ traceId }) => !ours.includes(traceId)),
    [],
    'nothing else is traced'
  )
})

t.test('its event names the span of the request, and events of others none', async (t) => {
  const user = `mallory.visible-${whole?.trace}`
  let events: Array<Readonly<Record<string, unknown>>> = []
  const look = async () => {
    events = (await readEvents(stack.places(), 'launch')).map(({ event }) => event ?? {})
    return events.some(({ partitionkey }) => partitionkey === user)
  }
  await waitFor(look, { what: 'the event of the traced order' })
  const ofUser = (name: string) => events.filter(({ partitionkey }) => partitionkey === name)
  const { traceId, spanId } = whole?.request ?? {}
  t.match(ofUser(user), [{ type: 'floodgate.order.accepted', traceparent: `00-${traceId}-${spanId}-01` }])
  for (const name of ['nobody-traces-me', 'respects-my-caller'])
    t.same(
      ofUser(name).map(({ traceparent }) => traceparent),
      [undefined],
      name
    )
})

t.test('a refusal says its code', async (t) => {
  const refused = (name: string, code: string) => (trace: number) =>
    spansOf(trace).find((span) => span.name === name && span.attributes['floodgate.outcome'] === code)
  const notThere = (trace: number) => shop.buy('launch/none', 'oscar', { headers: headersOf(trace) })
  t.match(await seen(notThere, refused(ROUTE, 'NOT_FOUND')), { attributes: { 'http.response.status_code': 404 } })
  const nowhere = (trace: number) => shop.ask('/nowhere', { headers: headersOf(trace) })
  t.match(await seen(nowhere, refused('GET', 'NOT_FOUND')), { attributes: { 'http.request.method': 'GET' } })
})

t.test('nothing that is sent names a user, a key or an address', async (t) => {
  const key = 'key-1-of-trudy'
  const act = (trace: number) =>
    shop.buy('launch/phone', 'trudy', { key, headers: { ...headersOf(trace), 'x-forwarded-for': '203.0.113.9' } })
  await seen(act, (trace) => spansOf(trace).find(({ name }) => name === 'gate.batch'))
  const secrets = ['mallory', 'trudy', key, '203.0.113.9', '127.0.0.1', stack.tokenOf('trudy')]
  for (const text of endpoint.received) t.match(text, /^\/v1\/traces \{/)
  const told = secrets.filter((secret) => endpoint.received.some((text) => text.includes(secret)))
  t.same(told, [])
})

t.test('while the endpoint hangs orders are confirmed, and the stack stops', async (t) => {
  endpoint.mode = 'hang'
  const before = endpoint.received.length
  await seen(buy, () => (endpoint.received.length > before ? {} : undefined))
  t.match(await shop.buy('launch/phone', 'bob'), { status: 201 })
  await stack.stop()
})
