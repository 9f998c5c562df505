import { createHistogram } from 'node:perf_hooks'
import { type ConnectionOptions, Connections, type Ending } from './connections.ts'
import { type Failure, type Outcome, type Second, Tally } from './tally.ts'

/** Arrivals: so many a second, or from one rate evenly to another. */
interface Arrivals {
  readonly perSecond: number
  /** the rate at the end; absent: the same throughout */
  readonly toPerSecond?: number
  readonly seconds: number
}

/** The n-th request. */
export interface Shot {
  readonly kind: string
  readonly bytes: string
}

interface OpenLoop extends ConnectionOptions {
  readonly arrivals: Arrivals
  /** called once for each request, right before it is sent or waits for a connection */
  readonly shot: (number: number) => Shot
  readonly ended?: (number: number, ending: Ending, outcome: string) => void
  /** a generator that looks at its clock later than this, at p99, says nothing about a server (10 ms) */
  readonly lagBoundMs?: number
}

/** What an open loop found. Times in ms. */
export interface OpenLoopResult {
  readonly offered: number
  /** until the last answer, or until it was given up */
  readonly seconds: number
  readonly outcomes: readonly Outcome[]
  readonly perSecond: readonly Second[]
  readonly failures: readonly Failure[]
  /** the most that waited for a connection at once */
  readonly waitedMost: number
  /** how much later than due the generator began with a request: its own delay, no wait for a connection in it */
  readonly lag: { readonly p50: number; readonly p99: number; readonly max: number; readonly bound: number }
  /** the generator was too slow: the latencies are those of the generator */
  readonly void: boolean
}

const TICK_MS = 1
const LAG_BOUND_MS = 10

/** When the n-th request is due, ms after the first moment. */
export function dueMs({ perSecond: from, toPerSecond: to = from, seconds }: Arrivals, number: number): number {
  if (from === to) return (number * 1000) / from
  // the number of arrivals until t is from*t + slope*t*t/2
  const slope = (to - from) / seconds
  return ((-from + Math.sqrt(Math.max(0, from * from + 2 * slope * number))) / slope) * 1000
}

export function countOf({ perSecond, toPerSecond = perSecond, seconds }: Arrivals): number {
  return Math.floor(((perSecond + toPerSecond) / 2) * seconds)
}

/**
 * Sends requests at times that are fixed before the first one, whether or not those before were answered, as a crowd does. Latencies count from
 * when a request was due, so a server that stalls is charged for all that it kept from being sent (coordinated omission).
 * Resolves when each has an answer or was given up.
 */
export async function openLoop(options: OpenLoop): Promise<OpenLoopResult> {
  const { arrivals, shot, ended, lagBoundMs = LAG_BOUND_MS } = options
  const connections = new Connections(options)
  const tally = new Tally()
  const lag = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 })
  const offered = countOf(arrivals)
  const began = performance.now()
  let sent = 0
  let open = 0
  let waitedMost = 0
  await new Promise<void>((resolve) => {
    const begin = (number: number, now: number): void => {
      const dueAt = began + dueMs(arrivals, number)
      lag.record(Math.max(1, Math.round((now - dueAt) * 1000)))
      const { kind, bytes } = shot(number)
      const end = (ending: Ending): void => {
        const outcome = tally.add(ending, { kind, dueAt, began })
        open -= 1
        ended?.(number, ending, outcome)
        if (sent === offered && open === 0) resolve()
      }
      open += 1
      connections.send({ bytes, dueAt, end })
    }
    const timer = setInterval(() => {
      for (
        let now = performance.now();
        sent < offered && began + dueMs(arrivals, sent) <= now;
        now = performance.now()
      ) {
        sent += 1
        begin(sent - 1, now)
      }
      waitedMost = Math.max(waitedMost, connections.waiting)
      if (sent < offered) return
      clearInterval(timer)
      if (open === 0) resolve()
    }, TICK_MS)
  })
  connections.close()
  const late = (percent: number): number => (lag.count === 0 ? 0 : lag.percentile(percent) / 1000)
  return {
    offered,
    seconds: (performance.now() - began) / 1000,
    outcomes: tally.outcomes(),
    perSecond: tally.seconds(),
    failures: tally.failures(),
    waitedMost,
    lag: { p50: late(50), p99: late(99), max: lag.max / 1000, bound: lagBoundMs },
    void: late(99) > lagBoundMs
  }
}

/** A request as it goes over the wire. @param headers without host and length, which are added */
export function requestBytes(
  url: string,
  request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  }
): string {
  const { method, path, headers, body } = request
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\n`
  for (const name in headers) text += `${name}: ${headers[name]}\r\n`
  if (body !== undefined) text += `content-length: ${Buffer.byteLength(body)}\r\n`
  return `${text}\r\n${body ?? ''}`
}
