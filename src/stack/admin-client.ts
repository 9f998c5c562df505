import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandError, fetchFault } from '../base/errors.ts'

export interface AdminReply {
  readonly status: number
  /** parsed JSON, undefined for an empty or other body */
  readonly body: unknown
}

export type AdminMethod = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

/** A caller of the admin API. @throws CommandError when the gateway does not answer */
export type AdminClient = (method: AdminMethod, path: string, body?: unknown) => Promise<AdminReply>

interface AdminClientOptions {
  /** the Idempotency-Key for the one change of this client; if absent, each change gets a new one */
  readonly key?: string
  readonly answerMs?: number
}

const ANSWER_MS = 15_000
/** how long to retry while a gateway says "try again": a busy machine is slow */
const patienceMs = 60_000
const shortestWaitMs = 100

/**
 * A caller of the admin API at `url` by an operator's `token`; paths are below /admin/v1; a body that is a text is sent
 * unchanged. A request answered with a 503 that says when to try again is repeated, under the same key, for a minute.
 */
export function createAdminClient(url: string, token: string, options: AdminClientOptions = {}): AdminClient {
  const { answerMs = ANSWER_MS } = options
  return async (method, path, body) => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` }
    if (method !== 'GET') headers['idempotency-key'] = options.key ?? randomUUID()
    const text = typeof body === 'string'
    if (body !== undefined) headers['content-type'] = text ? 'text/plain' : 'application/json'
    const giveUpAt = performance.now() + patienceMs
    for (;;) {
      const reply = await ask()
      const again = reply.status === 503 ? retryAfterMs(reply.body) : undefined
      if (again === undefined || performance.now() + again > giveUpAt) return reply
      await delay(Math.max(again, shortestWaitMs))
    }

    async function ask(): Promise<AdminReply> {
      try {
        const response = await fetch(`${url}/admin/v1${path}`, {
          method,
          headers,
          signal: AbortSignal.timeout(answerMs),
          ...(body === undefined ? {} : { body: text ? body : JSON.stringify(body) })
        })
        return { status: response.status, body: parse(await response.text()) }
      } catch (error) {
        throw new CommandError(
          `The gateway's admin API at ${url} does not answer: ${fetchFault(error)}.`,
          'Nothing is known about what became of the request.',
          'Check that the gateway runs (npm start), then look at the campaign before you repeat it.'
        )
      }
    }
  }
}

/** After how many ms a problem reply asks for a retry; undefined if it does not say. */
function retryAfterMs(body: unknown): number | undefined {
  if (typeof body !== 'object' || body === null || !('retryAfterMs' in body)) return undefined
  return typeof body.retryAfterMs === 'number' ? body.retryAfterMs : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A refusal of the admin API in one text: code, detail, and each wrong field with its pointer. */
export function refusalText({ status, body }: AdminReply): string {
  if (typeof body !== 'object' || body === null) return `HTTP ${status}`
  const code = 'code' in body ? String(body.code) : `HTTP ${status}`
  const detail = 'detail' in body ? `: ${String(body.detail)}` : ''
  const errors = 'errors' in body && Array.isArray(body.errors) ? (body.errors as unknown[]) : []
  const lines = errors.map((error) => {
    if (typeof error !== 'object' || error === null) return ''
    return `\n  ${'pointer' in error ? String(error.pointer) || '/' : '/'} ${'detail' in error ? String(error.detail) : ''}`
  })
  return `${code}${detail}${lines.join('')}`
}
