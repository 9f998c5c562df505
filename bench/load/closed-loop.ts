import { createHistogram } from 'node:perf_hooks'
import autocannon from 'autocannon'
import { monotonicMs } from '../running/monotonic.ts'
import { keyOf, type Ledger } from './ledger.ts'
import type { LoadJob, LoadResult } from './messages.ts'

const ANSWER_WITHIN_SECONDS = 10
/** autocannon looks at its clock this often: a load ends at most this much too late */
const STOP_CHECK_MS = 50

/** Headers of the n-th request: the next of the tokens, and a key of its own. */
export function headersOf(
  job: Pick<LoadJob, 'account'>,
  tokens: readonly string[],
  request: number
): Record<string, string> {
  return {
    'content-type': 'application/json',
    authorization: `Bearer ${tokens[request % tokens.length]}`,
    'idempotency-key': keyOf(job.account, request)
  }
}

/**
 * Loads a service for `job.seconds`, closed loop: each connection asks again as soon as it is answered. Statuses and
 * latencies are recorded here and not by autocannon, whose histogram counts in whole milliseconds.
 * @throws Error when autocannon cannot start
 */
export async function blast(job: LoadJob, tokens: readonly string[], ledger: Ledger): Promise<LoadResult> {
  const latencies = createHistogram()
  const statuses: Record<string, number> = {}
  let answered = 0
  let lastStatus = 0
  let sample: string | null = null
  const startedAt = monotonicMs()
  const result = await autocannon({
    url: job.url,
    connections: job.connections,
    duration: job.seconds,
    timeout: ANSWER_WITHIN_SECONDS,
    sampleInt: STOP_CHECK_MS,
    requests: [
      {
        method: 'POST',
        path: job.path,
        body: job.body,
        setupRequest(request) {
          request.headers = headersOf(job, tokens, ledger.next())
          return request
        }
      }
    ],
    setupClient(client) {
      client.on('response', (status, _bytes, milliseconds) => {
        lastStatus = status
        answered += 1
        statuses[status] = (statuses[status] ?? 0) + 1
        latencies.record(Math.max(1, Math.round(milliseconds * 1000)))
      })
    },
    // called right after 'response', for the same answer: cheaper than onResponse, which builds a header object each time
    verifyBody(body) {
      if (lastStatus === 201) ledger.confirm(String(body))
      if (lastStatus !== job.expectedStatus) sample ??= `${lastStatus} ${String(body).slice(0, 300)}`
      return true
    }
  })
  const endedAt = monotonicMs()
  const percentile = (p: number): number => latencies.percentile(p) / 1000
  return {
    startedAt,
    endedAt,
    answered,
    statuses,
    unexpected: answered - (statuses[job.expectedStatus] ?? 0),
    sample,
    errors: result.errors,
    p50: percentile(50),
    p97_5: percentile(97.5),
    p99: percentile(99),
    lastOrder: ledger.lastOrder()
  }
}
