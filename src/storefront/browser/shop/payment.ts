import type { Order, Outcome } from 'floodgate/client'
import { authorization } from './session.ts'

/**
 * Pays an order, as the shop's own payment page would: Floodgate takes no money, it hears from the shop's systems that an order is paid. That is why the
 * client has no such act, and why this stands below /demo.
 */
export async function pay(order: string, key: string): Promise<Outcome<{ order: Order }>> {
  try {
    const answer = await fetch(`/demo/orders/${encodeURIComponent(order)}/payment`, {
      method: 'POST',
      headers: { authorization: await authorization(), 'idempotency-key': key }
    })
    const body = await answer.json()
    if (answer.status === 201 || answer.status === 200) return { ...body, replayed: answer.status === 200 }
    if (answer.status === 202) return { outcome: 'unknown', key, reason: 'pending' }
    if (body.code === undefined || body.code === 'UNKNOWN_OUTCOME')
      return { outcome: 'unknown', key, reason: 'unreachable' }
    return { outcome: 'refused', code: body.code, key, problem: body }
  } catch {
    return { outcome: 'unknown', key, reason: 'unreachable' }
  }
}
