/** Shapes of the public contract as an outside client reads them, written from the contract's text alone. */

/** An order in an answer; money in minor units, times in ISO 8601 UTC. */
export interface OrderAnswer {
  readonly id: string
  readonly campaign: string
  readonly sale: string
  readonly session: string
  readonly quantity: number
  readonly unitPrice: number
  readonly currency: string
  readonly status: string
  readonly acceptedAt: string
  readonly payBy: string | null
  readonly shipBy: string | null
  readonly position: number
}

/** The body of a 201, of its replays, and of a decided GET /v1/requests/{key}. */
export interface ConfirmedAnswer {
  readonly outcome: 'confirmed'
  readonly requestId: string
  readonly sequence: number
  readonly eventId: string
  readonly order: OrderAnswer
}

/** application/problem+json. */
export interface ProblemAnswer {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly requestId: string
  readonly retryAfterMs?: number
}

export interface PendingAnswer {
  readonly outcome: 'pending'
  readonly requestId: string
  readonly statusUrl: string
  readonly retryAfterMs: number
}

const orderNumbers = ['quantity', 'unitPrice', 'position'] as const
const orderTexts = ['id', 'campaign', 'sale', 'session', 'currency', 'status', 'acceptedAt'] as const

/** @returns the text as JSON, undefined when it is none */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isConfirmed(body: unknown): body is ConfirmedAnswer {
  if (!isRecord(body) || !isRecord(body.order)) return false
  const { order } = body
  return (
    body.outcome === 'confirmed' &&
    typeof body.requestId === 'string' &&
    typeof body.eventId === 'string' &&
    Number.isSafeInteger(body.sequence) &&
    orderNumbers.every((name) => Number.isSafeInteger(order[name])) &&
    orderTexts.every((name) => typeof order[name] === 'string') &&
    (order.payBy === null || typeof order.payBy === 'string') &&
    (order.shipBy === null || typeof order.shipBy === 'string')
  )
}

/** The body of a 201 that is no order: a spin or a completion. */
export interface TakenPart {
  readonly outcome: 'confirmed'
  readonly requestId: string
  readonly sequence: number
  readonly eventId: string
  readonly spin?: { readonly id: string; readonly win: { readonly id: string } | null }
  readonly completion?: { readonly id: string }
}

export function isTakenPart(body: unknown, wanted: 'spin' | 'completion'): body is TakenPart {
  if (!isRecord(body)) return false
  const part = body[wanted]
  return (
    isRecord(part) &&
    typeof part.id === 'string' &&
    body.outcome === 'confirmed' &&
    typeof body.requestId === 'string' &&
    body.eventId === part.id &&
    part.id.endsWith(`-${body.sequence}`)
  )
}

export function isPending(body: unknown): body is PendingAnswer {
  return (
    isRecord(body) &&
    body.outcome === 'pending' &&
    typeof body.statusUrl === 'string' &&
    typeof body.requestId === 'string' &&
    typeof body.retryAfterMs === 'number'
  )
}

export function isProblem(body: unknown): body is ProblemAnswer {
  return (
    isRecord(body) &&
    typeof body.code === 'string' &&
    typeof body.status === 'number' &&
    body.type === `urn:floodgate:problem:${body.code.toLowerCase().replaceAll('_', '-')}`
  )
}

/** A JSON object, as opposed to an array or a plain value. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
