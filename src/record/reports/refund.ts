import { type OrderStatus, orderStatusOf } from '../statuses.ts'
import { numberOrNull } from './moves.ts'

/** Money that is due back, as a cancellation, a return or a payment that came too late tells it. */
interface RefundReport {
  readonly kind: 'refund'
  /** the order right after the decision: its status, and units returned so far */
  readonly status: OrderStatus
  readonly returned: number
  /** minor units; 0 where a return asked for none */
  readonly amount: number
  readonly currency: string
  /** of the payment; '' where an older version took it */
  readonly reference: string
  /** units that came back by this return; null for other decisions, and where an older version took it */
  readonly units: number | null
}

/** Reads `<status>,<returned>,<amount>,<currency>,<reference>[,<units>]`; undefined where no money was paid, so that nothing is said. */
export function decodeRefund(text: string): RefundReport | undefined {
  const [letter = '', returned, amount, currency = '', reference = '', units] = text.split(',')
  const status = orderStatusOf(letter)
  if (status === undefined || amount === undefined) return undefined
  return {
    kind: 'refund',
    status,
    returned: Number(returned),
    amount: Number(amount),
    currency,
    reference: decodeURIComponent(reference),
    units: numberOrNull(units)
  }
}
