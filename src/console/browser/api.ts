import { signal } from '@preact/signals'

const TOKEN = 'floodgate-operator-token'

/** The operator's token. It lives as long as the tab: neither other tabs nor other sites get it, and no cookie carries it. */
export const token = signal(sessionStorage.getItem(TOKEN) ?? '')

/** @param value '' signs out */
export function keepToken(value: string): void {
  if (value === '') sessionStorage.removeItem(TOKEN)
  else sessionStorage.setItem(TOKEN, value)
  token.value = value
}

/** Grows with each change that this tab made: whoever shows what may have changed asks again. */
export const changes = signal(0)

/** What the admin API refused, in its own words. */
export class Refused extends Error {
  readonly status: number
  readonly code: string
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(String(body.detail ?? body.title ?? `The gateway answered ${status}.`))
    this.status = status
    this.code = String(body.code ?? '')
    this.body = body
  }
}

/** A key of an intention; `crypto.randomUUID` is missing on pages that come over plain http from another computer. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

interface Ask {
  readonly method?: Method
  readonly body?: unknown
  /** sent as it is, in place of a body */
  readonly file?: Blob
  /** one for each intention: asked again with it, nothing is done twice */
  readonly key?: string
  readonly signal?: AbortSignal
}

/**
 * Asks the admin API. @param path below /admin/v1
 * @throws Refused for what it refuses; TypeError where it cannot be reached
 */
export async function ask<Answer>(
  path: string,
  { method = 'GET', body, file, key, signal: aborted }: Ask = {}
): Promise<Answer> {
  const answer = await fetch(`/admin/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token.value}`,
      ...(method !== 'GET' && { 'idempotency-key': key ?? newKey() }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(file && { 'content-type': 'text/plain' })
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(file && { body: file }),
    ...(aborted && { signal: aborted })
  })
  const text = await answer.text()
  const said = text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>)
  if (!answer.ok) {
    if (answer.status === 401) keepToken('')
    throw new Refused(answer.status, said)
  }
  if (method !== 'GET') changes.value += 1
  return said as Answer
}
