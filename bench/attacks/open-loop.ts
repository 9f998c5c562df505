import { Agent, request } from 'node:http'
import { monotonicMs } from '../running/monotonic.ts'
import type { LoopJob, LoopResult } from './jobs.ts'

const TICK_MS = 5
const SOCKETS_MAX = 1000
const NO_ANSWER = 'none'

interface Answer {
  readonly status: string
  readonly ms: number
}

function of<Item>(list: readonly Item[], number: number): Item | undefined {
  return list[number % list.length]
}

/** Sends the n-th request, due at a moment of the monotonic clock. Never throws. */
function send(job: LoopJob, agent: Agent, { number, dueAt }: { number: number; dueAt: number }): Promise<Answer> {
  const body = of(job.bodies, number)
  const token = of(job.tokens, number)
  return new Promise((resolve) => {
    const outgoing = request(new URL(of(job.paths, number) ?? '/', job.url), {
      agent,
      method: job.method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(job.method === 'POST' && {
          'idempotency-key': `${job.keys}-${number}`,
          'content-type': 'application/json'
        }),
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) })
      }
    })
    const timer = setTimeout(() => outgoing.destroy(), Math.max(1, dueAt + job.giveUpMs - monotonicMs()))
    const end = (status: string): void => {
      clearTimeout(timer)
      resolve({ status, ms: status === NO_ANSWER ? job.giveUpMs : monotonicMs() - dueAt })
    }
    outgoing.on('error', () => end(NO_ANSWER))
    outgoing.on('response', (response) => {
      response.resume()
      response.on('end', () => end(String(response.statusCode)))
      response.on('error', () => end(NO_ANSWER))
    })
    outgoing.end(body)
  })
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function summary(job: LoopJob, answers: readonly Answer[]): LoopResult {
  const statuses: Record<string, number> = {}
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b)
  const inTime = answers.filter(({ status, ms }) => status === String(job.expected) && ms <= job.inTimeMs).length
  const { name } = job
  return { name, sent: answers.length, inTime, statuses, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) }
}

/** Sends requests by the clock for so many seconds, then waits for the last answers. */
export async function openLoop(job: LoopJob, seconds: number): Promise<LoopResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX })
  const answers: Array<Promise<Answer>> = []
  const startedAt = monotonicMs()
  const most = Math.floor(job.perSecond * seconds)
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(most, Math.floor(((monotonicMs() - startedAt) / 1000) * job.perSecond))
      while (answers.length < due) {
        const number = answers.length
        answers.push(send(job, agent, { number, dueAt: startedAt + ((number + 1) * 1000) / job.perSecond }))
      }
      if (answers.length < most) return
      clearInterval(timer)
      resolve()
    }, TICK_MS)
  })
  const all = await Promise.all(answers)
  agent.destroy()
  return summary(job, all)
}
