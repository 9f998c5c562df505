import type { Problem } from './problems.ts'

/** Whose token to send: a text, or who to ask for one. `rejected` is the token that was just refused with 401, which nobody should give again. */
export type TokenSource = string | ((rejected?: string) => string | Promise<string>)

export interface Settings {
  readonly baseUrl: string
  readonly token?: TokenSource
  readonly fetch: typeof fetch
  /** Waits; earlier if the signal ends it. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** ms since 1970; must not jump */
  readonly now: () => number
  /** from 0 to less than 1 */
  readonly random: () => number
  readonly language?: string
  /** how long an act or a read goes on trying */
  readonly deadlineMs: number
  /** how long one request may take */
  readonly attemptMs: number
}

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly key?: string
  readonly ticket?: string | undefined
  readonly body?: object
  readonly signal?: AbortSignal | undefined
}

/** What came back from one request; `broken`: nothing that can be understood, so it may have arrived if it was `sent`. */
export type Reply =
  | { readonly kind: 'broken'; readonly sent: boolean }
  | {
      readonly kind: 'body'
      readonly status: number
      readonly body: object
      readonly replayed: boolean
      readonly askedMs?: number
    }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly askedMs?: number }

/** How long the server asks to wait, in ms: its `retryAfterMs`, else Retry-After in seconds or as a date. */
function askedWait(body: object, header: string | null, now: number): { askedMs?: number } {
  const told = 'retryAfterMs' in body ? Number(body.retryAfterMs) : Number.NaN
  if (told >= 0) return { askedMs: told }
  if (header === null || header === '') return {}
  const ms = Number.isNaN(Number(header)) ? Date.parse(header) - now : Number(header) * 1000
  return ms >= 0 ? { askedMs: ms } : {}
}

function isProblem(body: object, status: number): body is Problem {
  return 'code' in body && typeof body.code === 'string' && 'status' in body && body.status === status
}

/** A signal that ends after `ms` or with the other one, and a function that forgets both. */
export function limited(ms: number, other: AbortSignal | undefined): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController()
  const end = () => controller.abort()
  const timer = setTimeout(end, ms)
  other?.addEventListener('abort', end, { once: true })
  if (other?.aborted) end()
  const done = () => {
    clearTimeout(timer)
    other?.removeEventListener('abort', end)
  }
  return { signal: controller.signal, done }
}

/** A token to send; undefined for somebody who is not signed in. */
export async function tokenFrom(source: TokenSource | undefined, rejected?: string): Promise<string | undefined> {
  return typeof source === 'function' ? await (rejected === undefined ? source() : source(rejected)) : source
}

export function headersOf({ language }: Pick<Settings, 'language'>, token: string | undefined): Record<string, string> {
  return {
    ...(language !== undefined && { 'accept-language': language }),
    ...(token !== undefined && token !== '' && { authorization: `Bearer ${token}` })
  }
}

/** One request and its answer, within `ms`; never throws. */
export async function exchange(
  settings: Settings,
  call: Call,
  { token, ms }: { token: string | undefined; ms: number }
): Promise<Reply> {
  const { signal, done } = limited(ms, call.signal)
  try {
    const response = await settings.fetch(settings.baseUrl + call.path, {
      method: call.method,
      headers: {
        ...headersOf(settings, token),
        ...(call.key !== undefined && { 'idempotency-key': call.key }),
        ...(call.ticket !== undefined && { 'floodgate-ticket': call.ticket }),
        ...(call.body !== undefined && { 'content-type': 'application/json' })
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      // a POST that is sent elsewhere would arrive as a GET
      redirect: call.method === 'POST' ? 'error' : 'follow',
      signal
    })
    const body: unknown = JSON.parse(await response.text())
    if (typeof body !== 'object' || body === null) return { kind: 'broken', sent: true }
    const asked = askedWait(body, response.headers.get('retry-after'), settings.now())
    const { status } = response
    if (status >= 400)
      return isProblem(body, status) ? { kind: 'problem', problem: body, ...asked } : { kind: 'broken', sent: true }
    return { kind: 'body', status, body, replayed: response.headers.get('idempotent-replayed') === 'true', ...asked }
  } catch {
    return { kind: 'broken', sent: true }
  } finally {
    done()
  }
}
