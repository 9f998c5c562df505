import type { TransitionCommand } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { OrderRecord } from '../../record/order.ts'
import { replayField } from '../../record/replay.ts'
import { decodeRefund } from '../../record/reports/refund.ts'
import { requestHash } from '../../record/request-hash.ts'
import type { AuditEntry } from '../../store/operators/audit.ts'
import type { AuditedCommand } from '../carrying/audited-gate.ts'
import type { CancellationBody, PaymentBody, ReturnBody, ShipmentBody } from './order-bodies.ts'
import type { FoundOrder } from './order-lookup.ts'

/** The changes of an order that operators and services may ask for, over HTTP and by commands. */
export type AskedChange =
  | { readonly transition: 'pay'; readonly body: PaymentBody }
  | { readonly transition: 'cancel'; readonly body: CancellationBody }
  | { readonly transition: 'ship'; readonly body: ShipmentBody }
  | { readonly transition: 'return'; readonly body: ReturnBody }

/** Who asks, and the replay field that keeps the change from being made twice. */
export interface Asker {
  readonly name: string
  readonly key: string
}

/** The last part of the path of the HTTP route, and the verb of the audit trail. */
export const orderActions = { pay: 'payment', cancel: 'cancellation', ship: 'shipment', return: 'return' } as const

/** The replay field: a payment counts once by its reference, whoever reports it and under whichever key. */
function keyOf({ order }: FoundOrder, asked: AskedChange, { key }: Asker): string {
  return asked.transition === 'pay' ? replayField.payment(order.id, asked.body.reference) : key
}

/** The parts of the body that the gate needs. */
function termsOf(
  { order }: FoundOrder,
  asked: AskedChange
): Pick<TransitionCommand, 'amount' | 'currency' | 'quantity' | 'shipment'> {
  switch (asked.transition) {
    case 'pay':
      return { amount: asked.body.amount, currency: asked.body.currency }
    case 'ship': {
      const { state, carrier, trackingNumber } = asked.body ?? {}
      return { shipment: { state: state ?? null, carrier: carrier ?? null, trackingNumber: trackingNumber ?? null } }
    }
    case 'return': {
      const amount = refundOf(asked.body)
      const quantity = asked.body.quantity ?? Math.max(1, order.quantity - order.returned)
      return { quantity, ...(amount !== undefined && { amount }) }
    }
    case 'cancel':
      return {}
    default:
      return asked satisfies never
  }
}

/** Minor units to give back; undefined means the price of the units, which the gate knows; 0 for an exchange, where the user gets other goods. */
function refundOf({ refund, kind }: ReturnBody): number | undefined {
  if (typeof refund === 'number') return refund
  return (refund ?? kind !== 'exchange') ? undefined : 0
}

const audited = ({ status, quantity, returned, refunded }: OrderRecord) => ({ status, quantity, returned, refunded })

/** The data of an outcome for the audit trail: the order afterwards, and money that is due back. */
function auditedOutcome(outcome: Outcome): Record<string, unknown> {
  if (!('decision' in outcome)) return { outcome: outcome.kind }
  const { type, order, report } = outcome.decision
  const refund = decodeRefund(report)
  return {
    ...(order !== undefined && audited(order)),
    outcome: type === 'order.refund-due' ? 'refused' : outcome.kind,
    ...(refund !== undefined && {
      refundDue: { amount: refund.amount, currency: refund.currency, reference: refund.reference }
    })
  }
}

/** The gate command of a change, and its entry in the audit trail. */
export function orderChange(found: FoundOrder, asked: AskedChange, asker: Asker): AuditedCommand {
  const { order, user } = found
  const action = orderActions[asked.transition]
  const body = asked.body ?? {}
  const { reason, ...said } = body
  return {
    command: {
      op: 'transition',
      transition: asked.transition,
      by: 'operator',
      user,
      key: keyOf(found, asked, asker),
      hash: requestHash('POST', `/admin/v1/orders/${order.id}/${action}`, body),
      campaign: order.campaign,
      activity: order.activity,
      session: order.session,
      order: order.id,
      ...termsOf(found, asked),
      request: JSON.stringify({ ...body, operator: asker.name })
    },
    entryOf: (outcome: Outcome): AuditEntry => ({
      operator: asker.name,
      action: `order.${action}`,
      target: `order:${order.id}`,
      reason,
      before: audited(order),
      after: { ...auditedOutcome(outcome), asked: said }
    })
  }
}
