import { createHistogram } from 'node:perf_hooks'
import { openLoop as loadByTheClock, requestBytes } from '../../src/load/open-loop.ts'
import type { LoopJob, LoopResult } from './jobs.ts'

const SOCKETS_MAX = 1000
const NO_ANSWER = 'none'
const HIGHEST_MICROS = 60_000_000

function of<Item>(list: readonly Item[], number: number): Item | undefined {
  return list[number % list.length]
}

function bytesOf(job: LoopJob, number: number): string {
  const { url, method, keys } = job
  const body = of(job.bodies, number)
  const token = of(job.tokens, number)
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(method === 'POST' && { 'idempotency-key': `${keys}-${number}`, 'content-type': 'application/json' })
  }
  return requestBytes(url, { method, path: of(job.paths, number) ?? '/', headers, ...(body !== undefined && { body }) })
}

/** Sends requests by the clock for so many seconds, then waits for the last answers. What got none counts as slow as it may be. */
export async function openLoop(job: LoopJob, seconds: number): Promise<LoopResult> {
  const statuses: Record<string, number> = {}
  const latencies = createHistogram({ lowest: 1, highest: HIGHEST_MICROS, figures: 3 })
  let inTime = 0
  const began = performance.now()
  const { offered } = await loadByTheClock({
    url: job.url,
    most: SOCKETS_MAX,
    giveUpMs: job.giveUpMs,
    arrivals: { perSecond: job.perSecond, seconds },
    shot: (number) => ({ kind: job.name, bytes: bytesOf(job, number) }),
    ended: (number, { answer, at }) => {
      const status = answer === undefined ? NO_ANSWER : String(answer.status)
      const ms = answer === undefined ? job.giveUpMs : at - began - (number * 1000) / job.perSecond
      statuses[status] = (statuses[status] ?? 0) + 1
      latencies.record(Math.min(HIGHEST_MICROS, Math.max(1, Math.round(ms * 1000))))
      if (status === String(job.expected) && ms <= job.inTimeMs) inTime += 1
    }
  })
  const percentile = (percent: number): number => (latencies.count === 0 ? 0 : latencies.percentile(percent) / 1000)
  return { name: job.name, sent: offered, inTime, statuses, p50: percentile(50), p99: percentile(99) }
}
