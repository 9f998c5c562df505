import { setTimeout as wait } from 'node:timers/promises'
import { headersOf } from './closed-loop.ts'
import type { Ledger } from './ledger.ts'
import type { LoadJob } from './messages.ts'

const ATTEMPTS = 20
const PAUSE_MS = 100
const AT_ONCE = 16
/** A service that is away for good is not asked for each of ten thousand keys. */
const LONGEST_MS = 60_000
const CONFLICT = 409
const REFUSED = 'refused'

/** The body of a 201, 'refused' for a refusal that stays, undefined for what is not definite. */
async function post(job: LoadJob, headers: Record<string, string>): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(2_000)
    const response = await fetch(new URL(job.path, job.url), { method: 'POST', headers, body: job.body, signal })
    const body = await response.text()
    if (response.status === 201) return body
    return response.status === CONFLICT ? REFUSED : undefined
  } catch {
    return undefined
  }
}

/**
 * A load that ends leaves requests behind whose answer was on its way: unknown, never failed. As any client should, it
 * asks again with the same key until there is a 201 or 409, so that afterwards the client's count is exact.
 * @returns how many keys had no answer; those that never got one stay open in the ledger
 */
export async function askAgain(job: LoadJob, tokens: readonly string[], ledger: Ledger): Promise<number> {
  const open = ledger.open()
  const end = performance.now() + LONGEST_MS
  const queue = [...open]
  const worker = async (): Promise<void> => {
    for (let request = queue.pop(); request !== undefined; request = queue.pop()) {
      for (let attempt = 1; attempt <= ATTEMPTS && performance.now() < end; attempt += 1) {
        const body = await post(job, headersOf(job, tokens, request))
        if (body !== undefined) {
          if (body === REFUSED) ledger.refuse(request)
          else ledger.confirm(body)
          break
        }
        await wait(PAUSE_MS)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return open.length
}
