import type { FrameDecision } from '../../journal/frame.ts'
import { decodeReport } from '../../record/decisions.ts'
import { type Data, type Decided, orNull } from './decided.ts'
import { orderData } from './order.ts'

const causes: Readonly<Record<string, string>> = { 'order.cancelled': 'cancellation', 'order.returned': 'return' }

/** Money that a decision says is due back, and why; undefined where none is. */
export function refundData({ type, report = '' }: FrameDecision): Data | undefined {
  const refund = decodeReport(type, report)
  if (refund?.kind !== 'refund' || refund.amount === 0) return undefined
  const { amount, currency, reference } = refund
  return { amount, currency, reference: orNull(reference), cause: causes[type] ?? 'payment' }
}

/** A payment that was decided to be money to give back. */
export function refundDueData(decided: Decided): Data {
  return { ...orderData(decided), ...refundData(decided.decision) }
}
