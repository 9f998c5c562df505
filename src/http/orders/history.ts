import { isoTime } from '../../base/iso-time.ts'
import { decodeOrder } from '../../record/order.ts'
import { decodeRefund } from '../../record/reports/refund.ts'
import type { OrderDecision } from '../../store/reading/orders.ts'

type Said = Readonly<Record<string, unknown>>

function saidIn({ request }: OrderDecision): Said {
  return typeof request === 'object' && request !== null ? (request as Said) : {}
}

/** Who asked for a decision and why, as far as the journal has it. */
function who({ id, at }: OrderDecision, { operator, by, reason }: Said) {
  return { eventId: id, at: isoTime(at.getTime()), operator: operator ?? by ?? null, reason: reason ?? null }
}

/** The money that is due back by a decision; undefined for none. */
function dueIn({ report }: OrderDecision) {
  const refund = decodeRefund(report)
  if (refund === undefined || refund.amount === 0) return undefined
  const { amount, currency, reference } = refund
  return { amount, currency, reference: reference === '' ? null : reference }
}

/** Reported payments, shipments, returns and money that is due back, from the decisions about an order. */
export function orderParts(history: readonly OrderDecision[]) {
  const of = (type: string) => history.filter((decision) => decision.type === type)
  const payments = history
    .filter(({ type }) => type === 'order.paid' || type === 'order.refund-due')
    .map((decision) => {
      const said = saidIn(decision)
      const { amount = null, currency = null, reference = null } = said
      return { ...who(decision, said), amount, currency, reference, accepted: decision.type === 'order.paid' }
    })
  const shipments = of('order.shipped').map((decision) => {
    const said = saidIn(decision)
    const { state = null, carrier = null, trackingNumber = null } = said
    return { ...who(decision, said), state, carrier, trackingNumber }
  })
  const returns = of('order.returned').map((decision) => {
    const said = saidIn(decision)
    const { returned } = decodeOrder(decision.entity, decision.record)
    const { quantity = returned, kind = 'return' } = said
    return { ...who(decision, said), quantity, kind, returned, refund: dueIn(decision) ?? null }
  })
  const refundDue = history.flatMap((decision) => {
    const due = dueIn(decision)
    return due === undefined ? [] : [{ ...who(decision, saidIn(decision)), ...due, type: decision.type }]
  })
  return { payments, shipments, returns, refundDue }
}
