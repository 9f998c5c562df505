import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { loadConfig } from '../src/config/config.ts'
import { traceBatch } from '../src/gate/batch/batch-trace.ts'
import type { BuyCommand } from '../src/gate/batch/commands.ts'
import type { BatchReply } from '../src/gate/batch/decode.ts'
import { startTraces } from '../src/tracing/start.ts'
import type { Span, Traces } from '../src/tracing/traces.ts'
import { readArguments } from './running/arguments.ts'
import { createStops } from './running/stops.ts'

// What tracing adds to an order in a gateway: everything that is done for it, and nothing else of an order.

const BATCH = 16
const PER_SECOND = 16_000
const ROUTE = '/v1/campaigns/:campaign/sales/:sale/orders'
const REPLY: BatchReply = { status: 'OK', now: 0, outboxFrames: 0, keptBytes: 0, replies: [], frames: new Map() }

/** Takes what is sent to it, in a process of its own, whose CPU does not count. */
const ENDPOINT = `
import { createServer } from 'node:http'
const server = createServer((request, response) => request.resume().on('end', () => response.end('{}')))
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())`

function orderOf(n: number): BuyCommand {
  const base = { user: `customer-${n}`, key: `u:${n}`, hash: 'a1B2c3D4e5F', campaign: 'bench', activity: 'phone' }
  return { ...base, op: 'buy', quantity: 1, level: 0, request: '{"quantity":1}' }
}

function beginRequest(traces: Traces): Span {
  const attributes = { 'http.request.method': 'POST', 'http.route': ROUTE }
  return traces.begin(`POST ${ROUTE}`, { kind: 'server', attributes })
}

/** One batch of orders, from their requests to their answers. */
function playBatch(traces: Traces | undefined): void {
  const spans: Span[] = []
  const calls: BuyCommand[] = []
  for (let n = 0; n < BATCH; n++) {
    const order = orderOf(n)
    const span = traces?.samples(undefined) ? beginRequest(traces) : undefined
    if (span !== undefined) spans.push(span)
    calls.push(span === undefined ? order : { ...order, trace: span.traceparent })
  }
  const batch = traces && traceBatch(traces, 0, calls)
  batch?.answered(REPLY)
  for (const span of spans) {
    traces?.begin('journal.publish', { kind: 'producer', parent: span.traceparent }).end()
    span.set('http.response.status_code', 201)
    span.set('floodgate.outcome', 'confirmed')
    span.end()
  }
}

/** us of CPU for each order, by the clock and with the exports, so that spans wait and leave as they do in a sale. */
async function paced(traces: Traces | undefined, orders: number): Promise<number> {
  const [before, startedAt] = [process.cpuUsage(), performance.now()]
  for (let done = 0; done < orders; await delay(10)) {
    const due = Math.min(orders, ((performance.now() - startedAt) * PER_SECOND) / 1000)
    for (; done < due; done += BATCH) playBatch(traces)
  }
  const { counts } = traces ?? {}
  await delay(counts === undefined ? 0 : 2500)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / orders
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

async function startEndpoint(): Promise<{ child: ChildProcess; url: string }> {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
  const child = spawn(process.execPath, ['--input-type=module', '-e', ENDPOINT], { stdio: [...stdio] })
  const [port] = await once(child, 'message')
  return { child, url: `http://127.0.0.1:${port}` }
}

const usage = `npm run bench:traces -- [options]

  --ratio N     the share of orders that is traced   (0.01)
  --rounds N    off and on take turns so often       (5)
`

async function run(): Promise<void> {
  const option = (initial: string) => ({ type: 'string', default: initial }) as const
  const values = readArguments(usage, { ratio: option('0.01'), rounds: option('5') })
  const stops = createStops()
  try {
    const { url } = await stops.after(startEndpoint(), async ({ child }) => child.disconnect())
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url }
    const options = { name: 'floodgate-bench', logger: pino({ level: 'silent' }) }
    const start = (ratio: string) =>
      startTraces({ ...options, config: loadConfig({ ...env, OTEL_TRACES_SAMPLER_ARG: ratio }) })
    const ways = { off: undefined, none: await start('0'), some: await start(values.ratio) }
    const taken = { off: [] as number[], none: [] as number[], some: [] as number[] }
    for (let round = 0; round < Number(values.rounds); round++)
      for (const way of ['off', 'none', 'some'] as const) taken[way].push(await paced(ways[way], 3 * PER_SECOND))
    const [off, none, some] = [taken.off, taken.none, taken.some].map(median) as [number, number, number]
    console.log(`us of CPU that an order takes more than without: ${(none - off).toFixed(2)} where none is traced,`)
    console.log(
      `${(some - off).toFixed(2)} at ${values.ratio}, ${((some - off) / Number(values.ratio)).toFixed(0)} for each that is`
    )
    console.log(`spans: ${JSON.stringify(ways.some?.counts)}; load ${loadavg()[0]?.toFixed(1)}`)
    await Promise.all([ways.none?.close(1000), ways.some?.close(1000)])
  } finally {
    await stops.all()
  }
}

await run()
