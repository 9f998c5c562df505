import { type DecisionType, entityKindOf, makesEntity } from './decisions.ts'
import type { Entity } from './entities.ts'
import type { OrderRecord } from './order.ts'
import { decodeRefund } from './reports/refund.ts'
import type { OrderStatus } from './statuses.ts'
import type { WinRecord } from './win.ts'

/** What an order is right after a decision, where the report does not say it. */
const statusAfter: Partial<Record<DecisionType, OrderStatus>> = {
  'order.accepted': 'accepted',
  'order.paid': 'paid',
  'order.cancelled': 'cancelled',
  'order.expired': 'expired',
  'order.shipped': 'shipped',
  'order.returned': 'returned'
}

/** A decision that is about money to give back says how the order then stood; the others are known by their type. */
function orderAsDecided(order: OrderRecord, type: string, report: string): OrderRecord {
  const refund = decodeRefund(report)
  if (refund !== undefined) return { ...order, status: refund.status, returned: refund.returned }
  const status = statusAfter[type as DecisionType]
  return status === undefined ? order : { ...order, status, returned: status === 'returned' ? order.returned : 0 }
}

/** A decision that moves a win on is of a type of its own; every other one made it, by a spin or as the prize of a reward. */
function winAsDecided(win: WinRecord, type: string): WinRecord {
  if (type === 'win.claimed' || type === 'win.fulfilled') return { ...win, status: 'claimed' }
  return entityKindOf(type) === 'win' && !makesEntity(type)
    ? win
    : { ...win, status: win.given.length > 0 ? 'given' : 'won' }
}

/** An order or win as a decision left it, out of what it is now: for replays, whose user's hash holds the newest record alone. */
export function asDecided({ order, win }: Entity, { type, report }: { type: string; report: string }): Entity {
  if (order !== undefined) return { order: orderAsDecided(order, type, report) }
  return win === undefined ? {} : { win: winAsDecided(win, type) }
}
