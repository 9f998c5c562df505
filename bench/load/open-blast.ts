import { openLoop, requestBytes } from '../../src/load/open-loop.ts'
import { headersOf } from './closed-loop.ts'
import type { Ledger } from './ledger.ts'
import type { OpenJob, OpenLoad, WeightedRequest } from './messages.ts'

const GIVE_UP_MS = 10_000

/** Each request as often as its weight says, spread evenly: a cycle that is walked again and again. */
export function cycleOf(requests: readonly WeightedRequest[]): WeightedRequest[] {
  const slots = requests.flatMap((request) =>
    Array.from({ length: request.weight }, (_, index) => ({ request, at: (index + 0.5) / request.weight }))
  )
  return slots.sort((a, b) => a.at - b.at).map(({ request }) => request)
}

/**
 * Loads a service by the clock. What is bought goes through the ledger, as in a closed loop; a definite refusal closes its key.
 * Reads take the next of the tokens, too, and no key.
 */
export async function openBlast(job: OpenJob, tokens: readonly string[], ledger: Ledger): Promise<OpenLoad> {
  const cycle = cycleOf(job.requests)
  const numbers = new Map<number, number>()
  const retryAfter: Record<string, number> = {}
  const result = await openLoop({
    url: job.url,
    most: job.connections,
    giveUpMs: GIVE_UP_MS,
    arrivals: job.arrivals,
    shot: (shot) => {
      const { kind, method, path, body } = cycle[shot % cycle.length] as WeightedRequest
      if (method === 'GET') {
        const headers = { authorization: `Bearer ${tokens[shot % tokens.length]}` }
        return { kind, bytes: requestBytes(job.url, { method, path, headers }) }
      }
      const number = ledger.next()
      numbers.set(shot, number)
      return {
        kind,
        bytes: requestBytes(job.url, { method, path, headers: headersOf(job, tokens, number), body: body ?? '' })
      }
    },
    ended: (shot, { answer }, outcome) => {
      const number = numbers.get(shot)
      numbers.delete(shot)
      if (answer === undefined || number === undefined) return
      if (outcome === 'confirmed') ledger.confirm(answer.body.toString())
      else if (outcome === 'UNAVAILABLE' || (answer.status >= 400 && answer.status < 500)) ledger.refuse(number)
      if (answer.status !== 503 && answer.status !== 429) return
      const seconds = /\r\nretry-after: *(\d+)/.exec(answer.head)?.[1] ?? 'none'
      retryAfter[seconds] = (retryAfter[seconds] ?? 0) + 1
    }
  })
  return { ...result, retryAfter, lastOrder: ledger.lastOrder() }
}
