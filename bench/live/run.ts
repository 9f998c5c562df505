import { randomUUID } from 'node:crypto'
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type OpenLoopResult, openLoop, requestBytes } from '../../src/load/open-loop.ts'
import { cpuMicros, machineMicros } from '../measuring/process-cpu.ts'
import { nextMessage, startChild, stopChild } from '../running/children.ts'
import { createStops, type Stops } from '../running/stops.ts'
import { buyPath, publishSale } from '../stack/admin.ts'
import { type StackFile, startStack } from '../stack/stack.ts'
import { tokensOf } from '../stack/tokens.ts'
import type { ListenJob, ListenResult } from './jobs.ts'

const CAMPAIGN = 'bench'
const USERS = 20_000
const CONNECTIONS = 200
const GIVE_UP_MS = 10_000
const WARM_SECONDS = 3
const ANSWER_WITHIN_MS = 120_000

const usage = `Usage: npm run bench:live -- [--listeners 5000] [--rate 200] [--seconds 30]

Opens Server-Sent Events of one gateway from many addresses of the loopback network, in a process of its own, while orders come by
the clock at --rate a second, which is at least four changes a second for everybody. Measured before with nobody listening and then
with all: process CPU of the gateway, delay of its event loop, orders confirmed and their times. Each process needs an open file for each listener.`

interface Measured {
  readonly seconds: number
  /** of a core */
  readonly gateway: number
  readonly others: number
  readonly lagP99: number
  readonly orders: OpenLoopResult
}

/** The p99 of the event loop's delay since the last question, in ms. */
async function readLag({ adminUrl }: StackFile): Promise<number> {
  const text = await (await fetch(new URL('/metrics', adminUrl))).text()
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1] ?? Number.NaN) * 1000
}

function buys(file: StackFile, rate: number, seconds: number): Promise<OpenLoopResult> {
  const tokens = tokensOf({ secret: file.tokenSecret, users: USERS })
  const run = randomUUID()
  return openLoop({
    url: file.publicUrl,
    most: CONNECTIONS,
    giveUpMs: GIVE_UP_MS,
    arrivals: { perSecond: rate, seconds },
    shot(number) {
      const headers = {
        authorization: `Bearer ${tokens[number % USERS]}`,
        'content-type': 'application/json',
        'idempotency-key': `${run}-${number}`
      }
      const request = { method: 'POST', path: buyPath(CAMPAIGN), headers, body: '{"quantity":1}' }
      return { kind: 'buy', bytes: requestBytes(file.publicUrl, request) }
    }
  })
}

async function measure(file: StackFile, rate: number, seconds: number): Promise<Measured> {
  await buys(file, rate, WARM_SECONDS)
  await readLag(file)
  const cpu = () => cpuMicros({ gateway: file.pids.gateway }).gateway
  const [before, busy, began] = [cpu(), machineMicros(), performance.now()]
  const orders = await buys(file, rate, seconds)
  const elapsed = (performance.now() - began) / 1000
  const spent = cpu() - before
  const others = (machineMicros() - busy - spent) / 1e6 / elapsed
  return { seconds: elapsed, gateway: spent / 1e6 / elapsed, others, lagP99: await readLag(file), orders }
}

function say(what: string, { gateway, others, lagP99, orders }: Measured): void {
  const ended = orders.outcomes.map(({ outcome, count, p99 }) => `${outcome} ${count}, p99 ${p99.toFixed(1)} ms`)
  console.log(
    `${what}: gateway ${(gateway * 100).toFixed(1)} % of a core, event loop delay p99 ${lagP99.toFixed(1)} ms`
  )
  console.log(
    `  orders offered ${orders.offered}: ${ended.join('; ')}; everything else kept ${others.toFixed(2)} cores busy`
  )
  if (orders.void) console.log(`  void: the generator itself was ${orders.lag.p99.toFixed(1)} ms late at p99`)
}

async function run(stops: Stops): Promise<void> {
  const { values } = parseArgs({
    options: {
      listeners: { type: 'string', default: '5000' },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '30' },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) return console.log(usage)
  const [listeners, rate, seconds] = [values.listeners, values.rate, values.seconds].map(Number) as [
    number,
    number,
    number
  ]
  const settings = { LIVE_LISTENERS: String(listeners) }
  const stack = await stops.after(startStack(undefined, settings), (running) => running.stop())
  const file = stack.file()
  await publishSale(file, { campaign: CAMPAIGN, stock: 100_000_000, unitsPerUser: 999_999 })
  console.log(`load ${loadavg()[0]?.toFixed(1)}; ${rate} orders a second for ${seconds} s`)
  const alone = await measure(file, rate, seconds)
  say('nobody listens', alone)
  const child = await stops.after(Promise.resolve(startChild('live/listeners-process.js')), stopChild)
  const job: ListenJob = { url: file.publicUrl, path: `/v1/campaigns/${CAMPAIGN}/live`, listeners }
  child.send(job)
  const opened = await nextMessage<{ opened: number; failed?: string }>(child, ANSWER_WITHIN_MS, 'The listeners')
  if (opened.failed !== undefined) throw new Error(`Only ${opened.opened} could listen: ${opened.failed}`)
  await delay(1000)
  const counted = nextMessage<ListenResult>(child, ANSWER_WITHIN_MS, 'The listeners')
  child.send('count')
  await counted
  const listened = await measure(file, rate, seconds)
  const answer = nextMessage<ListenResult>(child, ANSWER_WITHIN_MS, 'The listeners')
  child.send('count')
  const { least, median, bytes, lost } = await answer
  say(`${listeners} listen`, listened)
  const span = listened.seconds + WARM_SECONDS
  const each = (events: number) => (events / span).toFixed(2)
  const rest = `${(bytes / span / 1e6).toFixed(2)} MB a second to all, ${lost} lost`
  console.log(`  changes a second: ${each(median)} to the one in the middle, ${each(least)} to the last; ${rest}`)
  console.log(`for them: ${((listened.gateway - alone.gateway) * 100).toFixed(1)} % of a core`)
}

const stops = createStops()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stops.all())
try {
  await run(stops)
} finally {
  await stops.all()
}
