import { fulfilmentOf, type OrderStatus, winStatusOf } from '../../record/statuses.ts'
import type { RefusalCode } from './outcomes.ts'

interface Refused {
  readonly kind: 'refused'
  readonly code: RefusalCode
  readonly members: Record<string, unknown>
}

const iso = (ms: string) => new Date(Number(ms)).toISOString()

/** Reads a refusal of the gate, `R;<code>;...`; docs/problems.md lists the members. */
export function decodeRefusal(reply: string): Refused {
  const [, code, first = '', second = '', third = ''] = reply.split(';')
  const refused = (members: Record<string, unknown>): Refused => ({
    kind: 'refused',
    code: code as RefusalCode,
    members
  })
  switch (code as RefusalCode) {
    case 'NOT_STARTED':
      return refused({ opensAt: iso(first) })
    case 'SESSION_CLOSED':
      return refused({ nextOpensAt: first === '' ? null : iso(first) })
    case 'SOLD_OUT':
      return refused({ remaining: Number(first), mayReopen: second === '1' })
    case 'LIMIT_REACHED':
      return refused({ scope: first, limit: Number(second), ...(third !== '' && { resetsAt: iso(third) }) })
    case 'INSUFFICIENT_BALANCE':
      return refused({ unit: first, balance: Number(second), required: Number(third) })
    case 'PREREQUISITE':
      return refused({ after: first.split(',') })
    case 'RATE_LIMITED':
      return refused({ scope: first, retryAfterMs: Number(second) })
    case 'NOT_ELIGIBLE':
      return refused({ requires: { [first]: required(first, second) } })
    case 'CONFLICT':
      return refused(conflictMembers(first, second, third))
    case 'NOT_PAYABLE':
    case 'NOT_CANCELLABLE':
      return refused({ orderStatus: statusName(first) })
    default:
      return refused({})
  }
}

/** What is missing: a level, something that is so or not, or the name of a right. */
function required(what: string, value: string): number | boolean | string {
  if (what === 'level') return Number(value)
  return value === 'true' ? true : value
}

function statusName(letter: string): string {
  const names: Record<string, OrderStatus> = {
    a: 'accepted',
    p: 'paid',
    c: 'cancelled',
    e: 'expired',
    s: 'shipped',
    r: 'returned'
  }
  return names[letter] ?? letter
}

function conflictMembers(what: string, first: string, second: string): Record<string, unknown> {
  if (what === 'amount') return { reason: 'amount', expected: { amount: Number(first), currency: second } }
  if (what === 'refund') return { reason: 'refund', most: { amount: Number(first), currency: second } }
  if (what === 'quantity') return { reason: 'quantity', most: Number(first) }
  if (what === 'review') return { reason: 'review' }
  if (what === 'win') return { reason: 'win', winStatus: winStatusOf(first) ?? first }
  if (what === 'fulfilment') return { reason: 'fulfilment', fulfilment: fulfilmentOf(first) ?? null }
  if (what === 'early') return { reason: 'early' }
  return { reason: 'status', orderStatus: statusName(what) }
}
